// An option of the site with an editor for its type.
import type { SiteOption } from "@38qa/client";
import { useId } from "react";
import { useTexts } from "../texts/language";
import type { Texts } from "../texts/en";
import { Badge } from "./Show";

export type OptionValue = boolean | number | string | string[];

export function same(a: OptionValue | undefined, b: OptionValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A value as text: of a choice its label. */
export function shownValue(option: SiteOption, value: OptionValue | undefined): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.join(", ");
  return option.choices?.find((c) => c.value === value)?.label ?? String(value);
}

interface Props {
  option: SiteOption;
  /** The value that is not saved yet; null for the default, undefined for none. */
  draft: OptionValue | null | undefined;
  wrong: string | undefined;
  onChange: (value: OptionValue | null | undefined) => void;
}

export function OptionEditor({ option, draft, wrong, onChange }: Props) {
  const t = useTexts();
  const id = useId();
  const value = draft === null ? option.default : (draft ?? option.value);
  const isDefault = same(value, option.default);
  const text = (v: OptionValue | undefined) => wordsFor(option, v, t);
  return (
    <div className="option" data-option={option.name}>
      <label htmlFor={id}>
        <span>{option.description}</span> <code className="soft">{option.name}</code>
      </label>
      <Editor
        id={id}
        option={option}
        value={value}
        describedBy={`${id}-facts${wrong === undefined ? "" : ` ${id}-wrong`}`}
        wrong={wrong !== undefined}
        onChange={onChange}
      />
      <p className="about soft" id={`${id}-facts`}>
        {draft !== undefined && <Badge kind="busy">{t.changed}</Badge>}
        {draft !== undefined && (
          <span>
            {t.from}: <del>{text(option.value)}</del> → {t.to}: <ins>{text(value)}</ins>
          </span>
        )}
        {draft === undefined && isDefault && <Badge>{t.isDefault}</Badge>}
        {!isDefault && <span>{`${t.default}: ${option.default === undefined ? t.noDefault : text(option.default)}`}</span>}
        {option.minimum !== undefined && <span>{t.minimumIs(option.minimum)}</span>}
        {option.maximum !== undefined && <span>{t.maximumIs(option.maximum)}</span>}
        {!isDefault && option.default !== undefined && (
          <button type="button" className="plain" onClick={() => onChange(null)}>
            {t.toDefault}
          </button>
        )}
        {draft !== undefined && (
          <button type="button" className="plain" onClick={() => onChange(undefined)}>
            {t.discard}
          </button>
        )}
      </p>
      {wrong !== undefined && (
        <p className="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

function wordsFor(option: SiteOption, value: OptionValue | undefined, t: Texts): string {
  if (typeof value === "boolean") return value ? t.yes : t.no;
  const text = shownValue(option, value);
  if (text === "") return "–";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

interface EditorProps {
  id: string;
  option: SiteOption;
  value: OptionValue | undefined;
  describedBy: string;
  wrong: boolean;
  onChange: (value: OptionValue) => void;
}

function Editor({ id, option, value, describedBy, wrong, onChange }: EditorProps) {
  const t = useTexts();
  const shared = { id, "aria-describedby": describedBy, "aria-invalid": wrong || undefined };
  switch (option.type) {
    case "boolean":
      return (
        <input
          {...shared}
          type="checkbox"
          checked={value === true}
          onChange={(e) => onChange(e.target.checked)}
        />
      );
    case "number":
      return (
        <input
          {...shared}
          type="number"
          value={typeof value === "number" ? value : ""}
          onChange={(e) => {
            if (!Number.isNaN(e.target.valueAsNumber)) onChange(e.target.valueAsNumber);
          }}
        />
      );
    case "choice":
    case "permission":
      return (
        <select {...shared} value={String(value ?? "")} onChange={(e) => onChange(e.target.value)}>
          {!option.choices?.some((c) => c.value === value) && (
            <option value={String(value ?? "")}>{String(value ?? "")}</option>
          )}
          {option.choices?.map((c) => (
            <option key={c.value} value={c.value}>
              {c.label}
            </option>
          ))}
        </select>
      );
    case "words":
    case "addresses":
      return (
        <textarea
          {...shared}
          rows={4}
          placeholder={t.onePerLine}
          value={Array.isArray(value) ? value.join("\n") : ""}
          onChange={(e) => onChange(e.target.value === "" ? [] : e.target.value.split("\n"))}
          onBlur={(e) => onChange(e.target.value.split("\n").map((line) => line.trim()).filter(Boolean))}
        />
      );
    case "lines":
    case "html":
      return <textarea {...shared} rows={4} value={String(value ?? "")} onChange={(e) => onChange(e.target.value)} />;
    default:
      return <input {...shared} type="text" value={String(value ?? "")} onChange={(e) => onChange(e.target.value)} />;
  }
}
