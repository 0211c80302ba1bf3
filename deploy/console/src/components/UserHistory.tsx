// What happened to an account.
import { listUserHistory, type UserHistoryEntry } from "@38qa/client";
import { usePages } from "../api/load";
import { useTexts } from "../texts/language";
import { Handle, Loaded, More, Time } from "./Show";

export function UserHistory({ id }: { id: number }) {
  const t = useTexts();
  const query = usePages(["user-history", id], (cursor, signal) =>
    listUserHistory({ path: { id }, query: { limit: 20, cursor }, signal }),
  );
  return (
    <section aria-labelledby="user-history">
      <h2 id="user-history">{t.history}</h2>
      <Loaded query={query}>
        {() => (
          <ul className="plain-list">
            {query.items.map((entry, i) => (
              <li key={i} className="about">
                <Time at={entry.at} />
                <Happened entry={entry} />
                {entry.by && <Handle handle={entry.by.handle} />}
              </li>
            ))}
            {query.items.length === 0 && <li className="soft">{t.nothing}</li>}
          </ul>
        )}
      </Loaded>
      <More query={query} />
    </section>
  );
}

function Happened({ entry: { what, from, to, action } }: { entry: UserHistoryEntry }) {
  const t = useTexts();
  const level = (l: string | undefined) => (l === undefined ? "–" : (t.levels[l] ?? l));
  return (
    <span>
      {t.userEvents[what]}
      {what === "level" && `: ${level(from)} → ${level(to)}`}
      {what === "changed" && action !== undefined && (
        <>
          : <code>{action}</code>
        </>
      )}
    </span>
  );
}
