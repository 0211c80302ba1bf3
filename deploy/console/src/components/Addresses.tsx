// IP addresses, and those from which somebody came, which the server tells to administrators only.
import { findUsers } from "@38qa/client";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useLoad } from "../api/load";
import { useAccount } from "../api/session";
import { useTexts } from "../texts/language";
import { Facts } from "./Show";

/** An IP address, as a link to its page here. */
export function Address({ ip }: { ip: string }) {
  return (
    <Link href={`/addresses/${encodeURIComponent(ip)}`}>
      <code>{ip}</code>
    </Link>
  );
}

/** From where the user registered, signed in and wrote last; nothing for those who are not told. */
export function Addresses({ handle, email }: { handle: string; email?: string }) {
  const t = useTexts();
  const { rights } = useAccount();
  // Others whose handles begin the same may be many and come first; the e-mail address leaves them out.
  const filter = { prefix: handle, ...(email !== undefined && email !== "" && { email }) };
  const query = useLoad(
    ["users", "addresses", filter],
    (signal) => findUsers({ query: { ...filter, limit: 100 }, signal }),
    { enabled: rights.administers },
  );
  const user = query.data?.items.find((found) => found.handle === handle);
  const known: [string, string | undefined][] = [
    [t.registeredFrom, user?.createdFrom],
    [t.signedInFrom, user?.signedInFrom],
    [t.wroteFrom, user?.wroteFrom],
  ];
  const facts = known.flatMap(([name, ip]): [string, ReactNode][] =>
    ip === undefined ? [] : [[name, <Address key={name} ip={ip} />]],
  );
  return facts.length === 0 ? null : <Facts facts={facts} />;
}
