// Plots as SVG, which follow the colours of the page, each with its table.
import { useTexts } from "../texts/language";
import { Table } from "./Show";

interface Props {
  title: string;
  /** The first column of the table. */
  labelHead: string;
  /** The oldest first. A value that is undefined has no bar and no point. */
  points: { label: string; value: number | undefined }[];
  kind?: "bars" | "line";
  format?: (value: number) => string;
  /** The end of the axis; by default a round number above all values. */
  most?: number;
}

const width = 600;
const height = 150;

/** The smallest of 1, 2, 5, 10, 20, … that no value is above. */
export function roundAbove(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((s) => s * power >= value) ?? 10;
  return step * power;
}

export function Plot({ title, labelHead, points, kind = "bars", format = String, most }: Props) {
  const t = useTexts();
  const values = points.map((p) => p.value ?? 0);
  const top = most ?? roundAbove(Math.max(0, ...values));
  const step = width / Math.max(1, points.length);
  const y = (value: number) => height - (value / top) * (height - 4);
  const latest = points.findLast((p) => p.value !== undefined)?.value;
  const line = points
    .map((p, i) => (p.value === undefined ? null : `${((i + 0.5) * step).toFixed(1)},${y(p.value).toFixed(1)}`))
    .filter((p) => p !== null)
    .join(" ");
  const summary = [
    latest !== undefined && t.latest(format(latest)),
    points.length > 0 && t.highest(format(Math.max(...values))),
  ].filter(Boolean);
  return (
    <figure className="plot">
      <figcaption>
        <strong>{title}</strong> <span className="soft">{summary.join(" · ")}</span>
      </figcaption>
      <div className="canvas">
        <span className="axis" aria-hidden="true">
          {format(top)}
        </span>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}: ${summary.join(", ")}`}
        >
          <path className="grid" d={`M0 4H${width}M0 ${height / 2 + 2}H${width}M0 ${height}H${width}`} />
          {kind === "bars" ? (
            points.map((p, i) => (
              <rect
                key={p.label}
                className="column"
                x={i * step + step * 0.12}
                width={step * 0.76}
                y={y(p.value ?? 0)}
                height={height - y(p.value ?? 0)}
              >
                <title>{`${p.label}: ${format(p.value ?? 0)}`}</title>
              </rect>
            ))
          ) : (
            <polyline className="line" points={line} />
          )}
        </svg>
        <div className="ends soft" aria-hidden="true">
          <span>{points[0]?.label}</span>
          <span>{points.at(-1)?.label}</span>
        </div>
      </div>
      <details>
        <summary>{t.table}</summary>
        <Table label={title} head={[labelHead, title]}>
          {points.toReversed().map((p) => (
            <tr key={p.label}>
              <th scope="row">{p.label}</th>
              <td className="number">{p.value === undefined ? "" : format(p.value)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </figure>
  );
}
