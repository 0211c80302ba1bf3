import type { Answer } from "@38qa/client";
import { useTexts } from "../texts/language";
import { Author } from "./Author";
import { Comments } from "./Comments";
import { PostText } from "./PostText";
import { Votes } from "./Votes";

export function AnswerView({ answer }: { answer: Answer }) {
  const t = useTexts();
  return (
    <article
      className={answer.selected ? "post answer selected" : "post answer"}
      data-answer={answer.id}
      aria-label={answer.selected ? t.bestAnswer : undefined}>
      <Votes post={answer} questionId={answer.questionId} />
      <div className="post-main">
        {answer.selected && (
          <p className="badge">
            <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
              <path d="m3 8.500 3.500 3.500L13 4.500" />
            </svg>
            {t.bestAnswer}
          </p>
        )}
        <PostText html={answer.html} content={answer.content} />
        <Author user={answer.author} name={answer.name} at={answer.createdAt} />
        <Comments post={answer} questionId={answer.questionId} />
      </div>
    </article>
  );
}
