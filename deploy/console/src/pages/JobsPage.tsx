import { listJobs, type Job } from "@38qa/client";
import { Link, useParams } from "wouter";
import { useLoad } from "../api/load";
import { JobState, Progress, StartStop, isActive } from "../components/Job";
import { Heading, Loaded, Time } from "../components/Show";
import { useTexts } from "../texts/language";
import { JobPage } from "./JobPage";

/** Jobs that are for the move of a site, and not for every day. */
const moves = ["blobs-to-storage", "recount", "badges"];

export default function JobsPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <Jobs /> : <JobPage name={id} />;
}

function Jobs() {
  const t = useTexts();
  const query = useLoad(["jobs"], (signal) => listJobs({ signal }), { every: 2_000 });
  const jobs = query.data?.items ?? [];
  // What runs comes first; beside that the order stays, so that nothing moves under a hand.
  const active = jobs.filter((job) => isActive(job.last));
  const others = jobs.filter((job) => !isActive(job.last) && !moves.includes(job.name));
  return (
    <>
      <Heading>{t.jobs}</Heading>
      <Loaded query={query}>
        {() => (
          <>
            <List jobs={active} />
            <List jobs={others} />
            <h2>{t.moves}</h2>
            <p className="soft">{t.movesHint}</p>
            <List jobs={jobs.filter((job) => !isActive(job.last) && moves.includes(job.name))} />
          </>
        )}
      </Loaded>
    </>
  );
}

function List({ jobs }: { jobs: Job[] }) {
  const t = useTexts();
  if (jobs.length === 0) return null;
  return (
    <ul className="cards">
      {jobs.map((job) => (
        <li key={job.name} data-job={job.name}>
          <div className="heading">
            <h2>
              <Link href={`/jobs/${job.name}`}>{job.name}</Link>
            </h2>
            <StartStop job={job} />
          </div>
          <p lang="en">{job.summary}</p>
          {job.last ? (
            <div className="about">
              <JobState status={job.last.status} />
              <Time at={job.last.finishedAt ?? job.last.startedAt ?? job.last.requestedAt} />
              <Progress run={job.last} />
            </div>
          ) : (
            <p className="soft">{t.neverRan}</p>
          )}
        </li>
      ))}
    </ul>
  );
}
