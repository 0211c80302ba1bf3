import { getUser, listUserActivity, type UserProfile } from "@38qa/client";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useAccount } from "../api/session";
import { useLoad, usePages } from "../api/load";
import { Addresses } from "../components/Addresses";
import { Badge, Facts, Heading, Loaded, More, Time } from "../components/Show";
import { UserActions } from "../components/UserActions";
import { UserHistory } from "../components/UserHistory";
import { UserWork } from "../components/UserWork";
import { useTexts } from "../texts/language";

export function UserPage({ handle }: { handle: string }) {
  const t = useTexts();
  const { rights } = useAccount();
  const query = useLoad(["user", handle], (signal) => getUser({ path: { handle }, signal }));
  return (
    <>
      <Heading>
        <bdi>{handle}</bdi>
      </Heading>
      <Loaded query={query}>
        {() =>
          query.data && (
            <>
              <Profile user={query.data} />
              <Addresses handle={query.data.handle} email={query.data.email} />
              <UserActions user={query.data} />
              {rights.administers && <UserWork user={query.data} />}
              <UserHistory id={query.data.id} />
              <Activity handle={query.data.handle} />
            </>
          )
        }
      </Loaded>
      {query.error ? <Link href="/users">{t.users}</Link> : null}
    </>
  );
}

function Profile({ user }: { user: UserProfile }) {
  const t = useTexts();
  const { rights } = useAccount();
  const facts: [string, ReactNode][] = [
    [
      t.level,
      <>
        {t.levels[user.level] ?? user.level} {user.blocked && <Badge kind="bad">{t.blocked}</Badge>}
      </>,
    ],
    [t.points, user.points ?? "–"],
    [t.since, <Time key="since" at={user.createdAt} />],
    [t.questions, user.stats.questions],
    [t.answers, user.stats.answers],
    [t.comments, user.stats.comments],
  ];
  if (user.lastSignInAt !== undefined) facts.push([t.lastSignIn, <Time key="last" at={user.lastSignInAt} />]);
  if (user.email !== undefined) facts.push([t.email, user.email]);
  if (user.categoryLevels !== undefined && user.categoryLevels.length > 0) {
    facts.push([
      t.categoryLevels,
      user.categoryLevels.map((c) => `${c.category.title}: ${t.levels[c.level] ?? c.level}`).join(", "),
    ]);
  }
  for (const field of user.fields) {
    if (field.value !== "") facts.push([field.label ?? field.name, <span className="log">{field.value}</span>]);
  }
  return (
    <>
      <Facts facts={facts} />
      {rights.administers && (
        <p>
          <Link href={`/changes?by=${user.id}`}>{t.changesOfUser}</Link>
        </p>
      )}
    </>
  );
}

function Activity({ handle }: { handle: string }) {
  const t = useTexts();
  const query = usePages(["activity", handle], (cursor, signal) =>
    listUserActivity({ path: { handle }, query: { limit: 20, cursor }, signal }),
  );
  return (
    <section aria-labelledby="activity">
      <h2 id="activity">{t.activity}</h2>
      <Loaded query={query}>
        {() =>
          query.items.length === 0 ? (
            <p className="soft">{t.nothing}</p>
          ) : (
            <ul className="plain-list">
              {query.items.map((item) => (
                <li key={item.post.id}>
                  <Badge>{t[item.post.type]}</Badge> {item.question.title} <Time at={item.at} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <More query={query} />
    </section>
  );
}
