// Users as administrators find them: also by what others are not told.
import { findUsers, type FoundUser } from "@38qa/client";
import { useDeferredValue, useState } from "react";
import { useSearch } from "wouter";
import { usePages } from "../api/load";
import { Address } from "../components/Addresses";
import { Input, Select } from "../components/Field";
import { Badge, Handle, Heading, Loaded, More, Table, Time } from "../components/Show";
import { useTexts } from "../texts/language";

const levels = ["basic", "approved", "expert", "editor", "moderator", "admin", "super"] as const;

export function FoundUsers() {
  const t = useTexts();
  const given = new URLSearchParams(useSearch());
  const [handle, setHandle] = useState("");
  const [email, setEmail] = useState("");
  const [ip, setIp] = useState(given.get("ip") ?? "");
  const [level, setLevel] = useState<(typeof levels)[number] | "">("");
  const [blocked, setBlocked] = useState<"true" | "false" | "">("");
  const words = useDeferredValue({ handle: handle.trim(), email: email.trim(), ip: ip.trim() });
  const filter = {
    ...(words.handle !== "" && { handle: words.handle }),
    ...(words.email !== "" && { email: words.email }),
    ...(words.ip !== "" && { ip: words.ip }),
    ...(level !== "" && { level }),
    ...(blocked !== "" && { blocked }),
  };
  const query = usePages(["users", "found", filter], (cursor, signal) =>
    findUsers({ query: { ...filter, limit: 30, cursor }, signal }),
  );
  return (
    <>
      <Heading>{t.users}</Heading>
      <form className="filters" role="search" onSubmit={(e) => e.preventDefault()}>
        <Input label={t.handleHas} type="search" value={handle} onChange={setHandle} autoComplete="off" />
        <Input label={t.emailHas} type="search" value={email} onChange={setEmail} autoComplete="off" />
        <Input label={t.ipAddress} type="search" value={ip} onChange={setIp} autoComplete="off" />
        <Select
          label={t.level}
          value={level}
          onChange={(value) => setLevel(levels.find((l) => l === value) ?? "")}
          choices={[["", t.all], ...levels.map((l) => [l, t.levels[l] ?? l] as const)]}
        />
        <Select
          label={t.state}
          value={blocked}
          onChange={(value) => setBlocked(value as typeof blocked)}
          choices={[
            ["", t.all],
            ["true", t.blocked],
            ["false", t.notBlocked],
          ]}
        />
      </form>
      <Loaded query={query}>{() => <List users={query.items} />}</Loaded>
      <More query={query} />
    </>
  );
}

function List({ users }: { users: FoundUser[] }) {
  const t = useTexts();
  if (users.length === 0) return <p className="nothing">{t.nothing}</p>;
  return (
    <Table label={t.users} head={[t.name, t.level, t.email, t.since, t.wroteFrom, t.points, t.state]}>
      {users.map((user) => (
        <tr key={user.id}>
          <th scope="row">
            <Handle handle={user.handle} />
          </th>
          <td>{t.levels[user.level] ?? user.level}</td>
          <td>{user.email}</td>
          <td>
            <Time at={user.createdAt} />
          </td>
          <td>{user.wroteFrom !== undefined && <Address ip={user.wroteFrom} />}</td>
          <td className="number">{user.points}</td>
          <td>{user.blocked && <Badge kind="bad">{t.blocked}</Badge>}</td>
        </tr>
      ))}
    </Table>
  );
}
