// What the pages of jobs share: the state of a run, its progress, and the buttons.
import { cancelJob, runJob, type Job, type JobRun } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { dataOf } from "../api/failure";
import { useTexts } from "../texts/language";
import { Badge } from "./Show";
import { useToasts } from "./Toasts";

export const isActive = (run: JobRun | undefined) => run?.status === "running" || run?.status === "queued";

export function JobState({ status }: { status: JobRun["status"] }) {
  const t = useTexts();
  switch (status) {
    case "running":
      return <Badge kind="busy">{t.running}</Badge>;
    case "queued":
      return <Badge kind="busy">{t.queued}</Badge>;
    case "done":
      return <Badge kind="good">{t.jobDone}</Badge>;
    case "failed":
      return <Badge kind="bad">{t.jobFailed}</Badge>;
    case "cancelled":
      return <Badge>{t.cancelled}</Badge>;
    case "skipped":
      return <Badge>{t.skipped}</Badge>;
    default:
      return <Badge>{status}</Badge>;
  }
}

export function Progress({ run }: { run: JobRun }) {
  const t = useTexts();
  if (!isActive(run) && run.total === 0) return null;
  const text = run.total > 0 ? `${run.done} / ${run.total}` : String(run.done);
  return (
    <span className="progress">
      {isActive(run) && (
        <progress
          aria-label={`${run.job}: ${t.progress}`}
          {...(run.total > 0 && { value: Math.min(run.done, run.total), max: run.total })}
        />
      )}
      <span className="soft">{text}</span>
    </span>
  );
}

/** Starts a job with what it is told, or stops what runs or waits of it. */
export function useJobActions(name: string) {
  const t = useTexts();
  const queries = useQueryClient();
  const { say, warn } = useToasts();
  const after = async (work: Promise<unknown>, text: string) => {
    try {
      await work;
      say(`${text}: ${name}`);
    } catch (failure) {
      warn(failure);
    }
    await queries.invalidateQueries({ queryKey: ["jobs"] });
  };
  return {
    start: (dryRun = false, parameters: Record<string, string> = {}) =>
      after(dataOf(runJob({ path: { name }, body: { dryRun, parameters } })), t.started),
    stop: () => after(dataOf(cancelJob({ path: { name } })), t.stopped),
  };
}

export function StartStop({ job }: { job: Job }) {
  const t = useTexts();
  const { start, stop } = useJobActions(job.name);
  const active = isActive(job.last);
  return (
    <button
      type="button"
      className="button"
      aria-label={`${active ? t.stop : t.start}: ${job.name}`}
      onClick={() => void (active ? stop() : start())}
    >
      {active ? t.stop : t.start}
    </button>
  );
}
