import type { QuestionItem } from "@38qa/client";
import { Link } from "wouter";
import { languageOf, useTexts } from "../texts/language";

/** The tags of a question. Each leads to a search for it. */
export function Tags({ question }: { question: Pick<QuestionItem, "tags"> }) {
  const t = useTexts();
  if (question.tags.length === 0) return null;
  return (
    <ul className="tags" aria-label={t.fieldTags}>
      {question.tags.map((tag) => (
        <li key={tag}>
          <Link href={`/search?q=${encodeURIComponent(tag)}`} className="tag" lang={languageOf(tag)}>
            {tag}
          </Link>
        </li>
      ))}
    </ul>
  );
}
