import { getJob, type JobDetail } from "@38qa/client";
import { useState, type FormEvent } from "react";
import { useLoad } from "../api/load";
import { Input } from "../components/Field";
import { isActive, JobState, Progress, useJobActions } from "../components/Job";
import { Facts, Heading, Loaded, Table, Time } from "../components/Show";
import { useTexts } from "../texts/language";

export function JobPage({ name }: { name: string }) {
  const t = useTexts();
  const query = useLoad(["jobs", name], (signal) => getJob({ path: { name }, signal }), { every: 2_000 });
  return (
    <>
      <Heading>{name}</Heading>
      <Loaded query={query}>
        {() => {
          const job = query.data;
          if (!job) return null;
          return (
            <>
              <p lang="en">{job.summary}</p>
              <Facts
                facts={[
                  [t.schedule, job.schedule ? <code>{job.schedule}</code> : "–"],
                  [t.next, job.next ? <Time at={job.next} /> : "–"],
                ]}
              />
              {job.last && isActive(job.last) && (
                <p className="about">
                  <JobState status={job.last.status} />
                  <Progress run={job.last} />
                  {job.last.holder !== undefined && <span className="soft">{`${t.holder}: ${job.last.holder}`}</span>}
                </p>
              )}
              <StartForm job={job} />
              <h2>{t.runs}</h2>
              <Runs job={job} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function StartForm({ job }: { job: JobDetail }) {
  const t = useTexts();
  const { start, stop } = useJobActions(job.name);
  const [dry, setDry] = useState(false);
  const [told, setTold] = useState<Record<string, string>>({});
  function submit(event: FormEvent) {
    event.preventDefault();
    void start(dry, Object.fromEntries(Object.entries(told).filter(([, value]) => value !== "")));
  }
  return (
    <form onSubmit={submit}>
      <label className="check">
        <input type="checkbox" checked={dry} onChange={(e) => setDry(e.target.checked)} /> {t.dryRun}
      </label>
      {job.parameters?.map((p) =>
        p.flag ? (
          <label key={p.name} className="check">
            <input
              type="checkbox"
              checked={told[p.name] === "true"}
              onChange={(e) => setTold({ ...told, [p.name]: e.target.checked ? "true" : "" })}
            />{" "}
            <span>
              {p.name}: <span lang="en">{p.doc}</span>
            </span>
          </label>
        ) : (
          <Input
            key={p.name}
            label={p.name}
            hint={<span lang="en">{p.doc}</span>}
            value={told[p.name] ?? ""}
            onChange={(value) => setTold({ ...told, [p.name]: value })}
          />
        ),
      )}
      <div className="row">
        <button type="submit" className="button strong">
          {t.start}
        </button>
        {isActive(job.last) && (
          <button type="button" className="button" onClick={() => void stop()}>
            {t.stop}
          </button>
        )}
      </div>
    </form>
  );
}

function Runs({ job }: { job: JobDetail }) {
  const t = useTexts();
  if (job.runs.length === 0) return <p className="soft">{t.neverRan}</p>;
  return (
    <Table label={t.runs} head={[t.requested, t.state, t.progress, t.took, t.differences, t.message]}>
      {job.runs.map((run) => (
        <tr key={run.id}>
          <td>
            <Time at={run.requestedAt} />
          </td>
          <td>
            <JobState status={run.status} />
          </td>
          <td className="number">{run.total > 0 ? `${run.done} / ${run.total}` : run.done}</td>
          <td className="number">{run.seconds === undefined ? "" : t.seconds(run.seconds)}</td>
          <td className="number">{run.differences}</td>
          <td>
            <span className="log">{run.message}</span>
          </td>
        </tr>
      ))}
    </Table>
  );
}
