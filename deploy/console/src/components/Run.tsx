// A run of a job that an action has started, followed until it ends.
import { getJob, type JobDetail, type JobRun } from "@38qa/client";
import { useEffect, useEffectEvent } from "react";
import { Link } from "wouter";
import { useLoad } from "../api/load";
import { useTexts } from "../texts/language";
import { isActive, JobState, Progress } from "./Job";

/** Shows how far the run is; for administrators, who alone are told. onEnd is called once it has ended. */
export function Run({ started, onEnd }: { started: JobRun; onEnd: () => void }) {
  const t = useTexts();
  const name = started.job;
  const latest = (job: JobDetail | undefined) => job?.runs.find(({ id }) => id === started.id) ?? started;
  const query = useLoad(["jobs", name, "run", started.id], (signal) => getJob({ path: { name }, signal }), {
    every: (job) => (isActive(latest(job)) ? 1_000 : false),
  });
  const run = latest(query.data);
  const ended = !isActive(run);
  const end = useEffectEvent(onEnd);
  useEffect(() => {
    if (ended) end();
  }, [ended]);
  return (
    <div className="about" data-run={name}>
      <JobState status={run.status} />
      <Progress run={run} />
      {run.message !== undefined && <span className="log">{run.message}</span>}
      <Link href={`/jobs/${encodeURIComponent(name)}`}>{t.details}</Link>
    </div>
  );
}
