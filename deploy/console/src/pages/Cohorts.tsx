// How many of those who began at the same time come back: the mean as a plot, and each cohort in a table.
import { getSiteCohorts, type Cohort } from "@38qa/client";
import { useState } from "react";
import { useLoad } from "../api/load";
import { Select } from "../components/Field";
import { Plot } from "../components/Plot";
import { Loaded, Table } from "../components/Show";
import { useTexts } from "../texts/language";

type Of = "new-users" | "questions" | "answers" | "diary";

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** The share of users who did it again after each number of periods, of all cohorts that are as old. */
export function retention(cohorts: Cohort[]): (number | undefined)[] {
  const longest = Math.max(0, ...cohorts.map((c) => c.back.length));
  return Array.from({ length: longest }, (_, i) => {
    const old = cohorts.filter((c) => c.back.length > i);
    const size = old.reduce((sum, c) => sum + c.size, 0);
    return size === 0 ? undefined : old.reduce((sum, c) => sum + (c.back[i] ?? 0), 0) / size;
  });
}

export function Cohorts() {
  const t = useTexts();
  const [of, setOf] = useState<Of>("new-users");
  const [by, setBy] = useState<"month" | "week">("month");
  const query = useLoad(["cohorts", of, by], (signal) => getSiteCohorts({ query: { of, by }, signal }), {
    keep: true,
  });
  const cohorts = query.data?.items ?? [];
  const peopled = cohorts.filter((c) => c.size > 0);
  const longest = Math.max(0, ...peopled.map((c) => c.back.length));
  return (
    <section aria-labelledby="cohorts">
      <h2 id="cohorts">{t.cohorts}</h2>
      <div className="filters">
        <Select
          label={t.cohortOf}
          value={of}
          onChange={(value) => setOf(value as Of)}
          choices={[
            ["new-users", t.ofNewUsers],
            ["questions", t.ofQuestions],
            ["answers", t.ofAnswers],
            ["diary", t.ofDiary],
          ]}
        />
        <Select
          label={t.by}
          value={by}
          onChange={(value) => setBy(value as "month" | "week")}
          choices={[
            ["month", t.months],
            ["week", t.weeks],
          ]}
        />
      </div>
      <Loaded query={query}>
        {() =>
          peopled.length === 0 ? (
            <p className="soft">{t.nothing}</p>
          ) : (
            <>
              <p className="soft">{t.retentionHint}</p>
              <div className="plots">
                <Plot
                  title={t.retention}
                  labelHead={t[by]}
                  kind="line"
                  most={1}
                  format={percent}
                  points={retention(peopled)
                    .slice(0, longest)
                    .map((value, i) => ({ label: String(i), value }))}
                />
              </div>
              <Table
                label={`${t.cohorts}: ${t.table}`}
                head={[t.cohortStart, t.cohortSize, ...Array.from({ length: longest }, (_, i) => i)]}
              >
                {peopled.map((c) => (
                  <tr key={c.start}>
                    <th scope="row">{c.start}</th>
                    <td className="number">{c.size}</td>
                    {c.back.map((n, i) => (
                      <td key={i} className={`number heat heat-${Math.round((10 * n) / c.size)}`} title={String(n)}>
                        {percent(n / c.size)}
                      </td>
                    ))}
                  </tr>
                ))}
              </Table>
            </>
          )
        }
      </Loaded>
    </section>
  );
}
