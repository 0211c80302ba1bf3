import { getSiteStats, type Indicators, type PeriodCounts } from "@38qa/client";
import { useState } from "react";
import { useLoad } from "../api/load";
import { Select } from "../components/Field";
import { Plot } from "../components/Plot";
import { Heading, Loaded } from "../components/Show";
import { useTexts } from "../texts/language";
import type { Texts } from "../texts/en";
import { Cohorts } from "./Cohorts";

type Unit = "day" | "week" | "month";
const spans: Record<Unit, number> = { day: 60, week: 52, month: 24 };

const percent = (share: number) => `${Math.round(share * 100)} %`;

export default function StatisticsPage() {
  const t = useTexts();
  const [by, setBy] = useState<Unit>("week");
  const query = useLoad(["stats", by], (signal) => getSiteStats({ query: { by, limit: spans[by] }, signal }), {
    keep: true,
  });
  const weeks = useLoad(["stats", "week", 2], (signal) => getSiteStats({ query: { by: "week", limit: 2 }, signal }));
  return (
    <>
      <Heading>{t.statistics}</Heading>
      <Loaded query={weeks}>
        {() => (
          <>
            <LastWeek weeks={weeks.data?.items ?? []} />
            {weeks.data && <Last30 indicators={weeks.data.last30Days} />}
          </>
        )}
      </Loaded>
      <div className="filters">
        <Select
          label={t.by}
          value={by}
          onChange={(value) => setBy(value as Unit)}
          choices={[
            ["day", t.days],
            ["week", t.weeks],
            ["month", t.months],
          ]}
        />
      </div>
      <Loaded query={query}>
        {() => <Plots periods={(query.data?.items ?? []).toReversed()} unit={by} />}
      </Loaded>
      <Cohorts />
    </>
  );
}

function measures(t: Texts): [keyof PeriodCounts, string][] {
  return [
    ["questions", t.questions],
    ["answers", t.answers],
    ["comments", t.comments],
    ["posters", t.posters],
    ["newUsers", t.newUsers],
    ["answerUpvotes", t.upvotes],
  ];
}

function LastWeek({ weeks }: { weeks: PeriodCounts[] }) {
  const t = useTexts();
  const [last, before] = weeks;
  if (!last) return <p className="soft">{t.nothing}</p>;
  return (
    <section aria-labelledby="last-week">
      <h2 id="last-week">
        {t.lastWeek} <span className="soft">{last.start}</span>
      </h2>
      <dl className="figures">
        {measures(t).map(([name, label]) => (
          <div key={name}>
            <dt>{label}</dt>
            <dd>
              <strong>{last[name]}</strong>
              {before && <span className="soft">{t.beforeThat(Number(before[name]))}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Last30({ indicators }: { indicators: Indicators }) {
  const t = useTexts();
  const rates: [string, number | undefined][] = [
    [t.answeredWithin(1), indicators.answeredWithin1hRate],
    [t.answeredWithin(3), indicators.answeredWithin3hRate],
    [t.answeredWithin(12), indicators.answeredWithin12hRate],
    [t.answeredWithin(24), indicators.answeredWithin24hRate],
    [t.bestAnswers, indicators.bestAnswerRate],
    [t.posted7, indicators.newUsersPostedWithin7dRate],
  ];
  return (
    <section aria-labelledby="last-30">
      <h2 id="last-30">{t.last30}</h2>
      <dl className="figures">
        {rates.map(([label, rate]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <strong>{rate === undefined ? "–" : percent(rate)}</strong>
              {rate !== undefined && <meter aria-label={label} min={0} max={1} value={rate} />}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Plots({ periods, unit }: { periods: PeriodCounts[]; unit: Unit }) {
  const t = useTexts();
  return (
    <div className="plots">
      {measures(t).map(([name, label]) => (
        <Plot
          key={name}
          title={label}
          labelHead={t[unit]}
          points={periods.map((p) => ({ label: p.start, value: Number(p[name]) }))}
        />
      ))}
      <Plot
        title={t.answeredWithin(24)}
        labelHead={t[unit]}
        kind="line"
        most={1}
        format={percent}
        points={periods.map((p) => ({
          label: p.start,
          value: p.questions > 0 ? p.answeredWithin24h / p.questions : undefined,
        }))}
      />
      <Plot
        title={t.posted7}
        labelHead={t[unit]}
        kind="line"
        most={1}
        format={percent}
        points={periods.map((p) => ({
          label: p.start,
          value: p.newUsers > 0 ? p.newUsersPostedWithin7d / p.newUsers : undefined,
        }))}
      />
    </div>
  );
}
