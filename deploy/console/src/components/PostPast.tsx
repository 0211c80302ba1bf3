// What happened to a post, and who voted for it or flagged it. Both are loaded when they are opened.
import { listPostHistory, listVoters } from "@38qa/client";
import { usePages } from "../api/load";
import { useTexts } from "../texts/language";
import { Unfold } from "./Unfold";
import { Badge, Handle, Loaded, More, Time } from "./Show";

export function PostPast({ id }: { id: number }) {
  const t = useTexts();
  return (
    <>
      <Unfold label={t.history}>{() => <History id={id} />}</Unfold>
      <Unfold label={t.voters}>{() => <Voters id={id} />}</Unfold>
    </>
  );
}

function History({ id }: { id: number }) {
  const t = useTexts();
  const query = usePages(["moderation", "history", id], (cursor, signal) =>
    listPostHistory({ path: { id }, query: { cursor }, signal }),
  );
  return (
    <>
      <Loaded query={query}>
        {() => (
          <ul className="plain-list">
            {query.items.map((entry, i) => (
              <li key={i} className="about">
                <Time at={entry.at} />
                <span>{t.postEvents[entry.what]}</span>
                {entry.by ? <Handle handle={entry.by.handle} /> : <span className="soft">{t.byNobodyKnown}</span>}
                {entry.silent && <Badge>{t.silently}</Badge>}
              </li>
            ))}
            {query.items.length === 0 && <li>{t.nothing}</li>}
          </ul>
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}

function Voters({ id }: { id: number }) {
  const t = useTexts();
  const query = usePages(["moderation", "voters", id], (cursor, signal) =>
    listVoters({ path: { id }, query: { cursor }, signal }),
  );
  return (
    <>
      <Loaded query={query}>
        {() => (
          <ul className="plain-list">
            {query.items.map(({ user, vote, flagged }) => (
              <li key={user.id} className="about">
                <Handle handle={user.handle} />
                {vote !== 0 && <span>{vote > 0 ? t.votedUp : t.votedDown}</span>}
                {flagged && <Badge kind="bad">{t.flaggedIt}</Badge>}
              </li>
            ))}
            {query.items.length === 0 && <li>{t.nothing}</li>}
          </ul>
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}
