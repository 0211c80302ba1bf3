import type { QuestionItem, SearchItem } from "@38qa/client";
import { Link } from "wouter";
import { languageOf, useTexts } from "../texts/language";
import { Author } from "./Author";
import { ExcerptText } from "./ExcerptText";
import { Tags } from "./Tags";
import { Thumbnail } from "./Thumbnail";

/** One question of a list or of what a search found. */
export function QuestionCard({ question }: { question: QuestionItem | SearchItem }) {
  const t = useTexts();
  const answered = question.selectedAnswerId !== undefined;
  const place = "match" in question ? question.match.type : "question";
  return (
    <article className="card" data-question={question.id}>
      <div className="card-text">
        <h2>
          <Link href={`/questions/${question.id}`} lang={languageOf(question.title)}>
            {question.title}
          </Link>
        </h2>
        {question.excerpt && <ExcerptText excerpt={question.excerpt} />}
        <Tags question={question} />
      </div>
      {question.thumbnail && <Thumbnail picture={question.thumbnail} />}
      <footer>
        <Author user={question.author} name={question.name} at={question.createdAt} />
        <ul className="facts">
          <li className={answered ? "fact answered" : "fact"}>
            {answered && (
              <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
                <path d="m3 8.500 3.500 3.500L13 4.500" />
              </svg>
            )}
            {t.answers(question.answerCount)}
            {answered && <span className="unseen"> ({t.answered})</span>}
          </li>
          <li className="fact">{t.votes(question.votes.net)}</li>
          {question.closed && <li className="fact">{t.closed}</li>}
          {place === "answer" && <li className="fact">{t.inAnswer}</li>}
          {place === "comment" && <li className="fact">{t.inComment}</li>}
        </ul>
      </footer>
    </article>
  );
}
