import { listChanges, type Change } from "@38qa/client";
import { useState } from "react";
import { useSearch } from "wouter";
import { usePages } from "../api/load";
import { Input } from "../components/Field";
import { Handle, Heading, Loaded, More, Time } from "../components/Show";
import { useTexts } from "../texts/language";

export default function ChangesPage() {
  const t = useTexts();
  const given = new URLSearchParams(useSearch());
  const [action, setAction] = useState("");
  const [kind, setKind] = useState("");
  const [subject, setSubject] = useState("");
  const [by, setBy] = useState(given.get("by") ?? "");
  const number = /^\d{1,10}$/.test(by) ? Number(by) : undefined;
  const filter = {
    ...(number !== undefined && { by: number }),
    ...(action !== "" && { action }),
    ...(kind !== "" && { kind, ...(subject !== "" && { subject }) }),
  };
  const query = usePages(["changes", filter], (cursor, signal) =>
    listChanges({ query: { ...filter, limit: 30, cursor }, signal }),
  );
  return (
    <>
      <Heading>{t.changes}</Heading>
      <form className="filters" role="search" onSubmit={(e) => e.preventDefault()}>
        <Input label={t.userId} inputMode="numeric" value={by} onChange={setBy} />
        <Input label={t.action} placeholder="block-user" value={action} onChange={setAction} />
        <Input label={t.kind} placeholder="option" value={kind} onChange={setKind} />
        <Input label={t.subject} value={subject} onChange={setSubject} />
      </form>
      <Loaded query={query}>
        {() => (
          <>
            {query.items.length === 0 && <p className="nothing">{t.nothing}</p>}
            <ul className="cards">
              {query.items.map((change) => (
                <li key={change.id}>
                  <Entry change={change} />
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      <More query={query} />
    </>
  );
}

function Entry({ change }: { change: Change }) {
  const t = useTexts();
  const { by } = change;
  return (
    <>
      <p className="about">
        <Time at={change.at} />
        {by?.handle !== undefined ? (
          <Handle handle={by.handle} />
        ) : (
          <span>{by ? t.deletedUser(by.id) : t.command}</span>
        )}
        <code>{change.action}</code>
        <span>
          {change.kind} <code>{change.subject}</code>
        </span>
      </p>
      <dl className="difference">
        {change.before !== undefined && (
          <div>
            <dt>{t.before}</dt>
            <dd>
              <del className="log">{asText(change.before)}</del>
            </dd>
          </div>
        )}
        {change.after !== undefined && (
          <div>
            <dt>{t.after}</dt>
            <dd>
              <ins className="log">{asText(change.after)}</ins>
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
