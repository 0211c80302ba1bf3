import { listUsers, type UserListItem } from "@38qa/client";
import { useDeferredValue, useState } from "react";
import { useParams } from "wouter";
import { usePages } from "../api/load";
import { useAccount } from "../api/session";
import { useLastPart } from "../api/ownPath";
import { Input, Select } from "../components/Field";
import { Badge, Handle, Heading, Loaded, More, Table, Time } from "../components/Show";
import { useTexts } from "../texts/language";
import { FoundUsers } from "./FoundUsers";
import { UserPage } from "./UserPage";

export default function UsersPage() {
  const { id } = useParams<{ id?: string }>();
  const handle = useLastPart();
  const { rights } = useAccount();
  if (id !== undefined) return <UserPage key={handle} handle={handle} />;
  return rights.administers ? <FoundUsers /> : <Users />;
}

type Filter = "points" | "newest" | "blocked" | "staff";

function filterOf(filter: Filter) {
  switch (filter) {
    case "newest":
      return { sort: "newest" as const };
    case "blocked":
      return { blocked: true };
    case "staff":
      return { level: "moderator" as const };
    default:
      return {};
  }
}

function Users() {
  const t = useTexts();
  const [words, setWords] = useState("");
  const [filter, setFilter] = useState<Filter>("newest");
  const prefix = useDeferredValue(words.trim());
  const query = usePages(["users", prefix, filter], (cursor, signal) =>
    listUsers({ query: prefix === "" ? { ...filterOf(filter), limit: 30, cursor } : { prefix, limit: 20 }, signal }),
  );
  return (
    <>
      <Heading>{t.users}</Heading>
      <form className="filters" role="search" onSubmit={(e) => e.preventDefault()}>
        <Input label={t.handleBegins} type="search" value={words} onChange={setWords} autoComplete="off" />
        <Select
          label={t.filter}
          value={filter}
          onChange={(value) => setFilter(value as Filter)}
          choices={[
            ["newest", t.newest],
            ["points", t.byPoints],
            ["blocked", t.blockedOnly],
            ["staff", t.staff],
          ]}
        />
      </form>
      <Loaded query={query}>{() => <List users={query.items} />}</Loaded>
      <More query={query} />
    </>
  );
}

function List({ users }: { users: UserListItem[] }) {
  const t = useTexts();
  if (users.length === 0) return <p className="nothing">{t.nothing}</p>;
  return (
    <Table label={t.users} head={[t.name, t.level, t.points, t.since, t.state]}>
      {users.map((user) => (
        <tr key={user.id}>
          <th scope="row">
            <Handle handle={user.handle} />
          </th>
          <td>{t.levels[user.level] ?? user.level}</td>
          <td className="number">{user.points}</td>
          <td>
            <Time at={user.createdAt} />
          </td>
          <td>{user.blocked && <Badge kind="bad">{t.blocked}</Badge>}</td>
        </tr>
      ))}
    </Table>
  );
}
