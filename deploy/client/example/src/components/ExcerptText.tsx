import type { Excerpt } from "@38qa/client";
import type { ReactNode } from "react";
import { languageOf } from "../texts/language";

/** The beginning of a text; in searches, what was found is marked. */
export function ExcerptText({ excerpt }: { excerpt: Excerpt }) {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { start, length } of excerpt.highlights ?? []) {
    parts.push(
      excerpt.text.slice(end, start),
      <mark key={start}>{excerpt.text.slice(start, start + length)}</mark>,
    );
    end = start + length;
  }
  parts.push(excerpt.text.slice(end));
  return (
    <p className="excerpt" lang={languageOf(excerpt.text)}>
      {parts}
    </p>
  );
}
