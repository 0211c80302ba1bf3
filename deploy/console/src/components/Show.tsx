// Small pieces that many pages show.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { sentence } from "../api/failure";
import { useLanguage, useTexts } from "../texts/language";

/** The heading of a page, which gets the focus when the page is opened. */
export function Heading({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="heading">
      <h1 tabIndex={-1}>{children}</h1>
      {aside}
    </div>
  );
}

export function Failure({ failure, retry }: { failure: unknown; retry?: () => void }) {
  const t = useTexts();
  return (
    <div className="notice bad" role="alert">
      <p>{sentence(failure, t)}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {t.again}
        </button>
      )}
    </div>
  );
}

interface Query {
  isPending: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** Shows that something is loading or failed, or else what is there. */
export function Loaded({ query, children }: { query: Query; children: () => ReactNode }) {
  const t = useTexts();
  if (query.isPending) return <p className="loading">{t.loading}</p>;
  if (query.error) return <Failure failure={query.error} retry={() => void query.refetch()} />;
  return children();
}

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

export function More({ query }: { query: Pages }) {
  const t = useTexts();
  if (!query.hasNextPage) return null;
  return (
    <p>
      <button
        type="button"
        className="button"
        aria-disabled={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}
      >
        {t.more}
      </button>
    </p>
  );
}

export function Time({ at }: { at: string }) {
  const { language } = useLanguage();
  const text = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
  return <time dateTime={at}>{text}</time>;
}

/** The handle of a user, as a link to the user's page here. */
export function Handle({ handle }: { handle: string }) {
  return (
    <Link className="handle" href={`/users/${encodeURIComponent(handle)}`}>
      <bdi>{handle}</bdi>
    </Link>
  );
}

export function Badge({ kind, children }: { kind?: "good" | "bad" | "busy"; children: ReactNode }) {
  return <span className={kind ? `badge ${kind}` : "badge"}>{children}</span>;
}

/** A table that can be scrolled sideways where it does not fit. */
export function Table({ label, head, children }: { label: string; head: ReactNode[]; children: ReactNode }) {
  return (
    <div className="table" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, i) => (
              <th key={i} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Names and values below one another. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
