import { createComment, type Answer, type Comment, type Question } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { threadKey } from "../api/queries";
import { useMember } from "../api/session";
import { withComment } from "../api/thread";
import { useTexts } from "../texts/language";
import { Author } from "./Author";
import { PostText } from "./PostText";
import { ReplyForm } from "./ReplyForm";

/** The comments on a question or an answer, and the form for another. */
export function Comments({ post, questionId }: { post: Question | Answer; questionId: number }) {
  const t = useTexts();
  const member = useMember();
  const queries = useQueryClient();
  const [writing, setWriting] = useState(false);
  const comments = post.comments ?? [];
  const mayComment = member && post.can?.comment === true;
  const put = (comment: Comment) => {
    queries.setQueryData<Question>(threadKey(questionId), (thread) => thread && withComment(thread, comment));
    setWriting(false);
  };
  if (comments.length === 0 && !mayComment) return null;
  return (
    <section className="comments" aria-label={t.comments}>
      {comments.length > 0 && (
        <ul>
          {comments.map((comment) => (
            <li key={comment.id} data-comment={comment.id}>
              <PostText html={comment.html} content={comment.content} />
              <Author user={comment.author} name={comment.name} at={comment.createdAt} size={20} />
            </li>
          ))}
        </ul>
      )}
      {mayComment && !writing && (
        <button type="button" className="link" onClick={() => setWriting(true)}>
          {t.comment}
        </button>
      )}
      {writing && (
        <ReplyForm
          name={`comment-${post.id}`}
          label={t.yourComment}
          submit={t.addComment}
          focus
          onPosted={put}
          send={async (content, key) => {
            const { data } = await createComment({
              path: { id: post.id },
              body: { content, format: "markdown" },
              headers: { "Idempotency-Key": key },
              throwOnError: true,
            });
            return data;
          }}
          more={
            <button type="button" className="button" onClick={() => setWriting(false)}>
              {t.cancel}
            </button>
          }
        />
      )}
    </section>
  );
}
