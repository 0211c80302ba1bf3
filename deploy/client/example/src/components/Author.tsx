import type { UserSummary } from "@38qa/client";
import { languageOf, useTexts } from "../texts/language";
import { Avatar } from "./Avatar";
import { Time } from "./Time";

/** Who wrote a post, and when. */
export function Author({
  user,
  name,
  at,
  size,
}: {
  user?: UserSummary;
  name?: string;
  at: string;
  size?: number;
}) {
  const t = useTexts();
  const handle = user?.handle ?? name ?? t.anonymous;
  return (
    <span className="author">
      <Avatar user={user} size={size} />
      <span className="handle" lang={languageOf(handle)}>
        {handle}
      </span>
      <Time at={at} />
    </span>
  );
}
