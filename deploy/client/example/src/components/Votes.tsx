import type { Answer, ProblemCode, Question } from "@38qa/client";
import { useState } from "react";
import { useLocation } from "wouter";
import { asProblem, sentence } from "../api/failure";
import { useMember } from "../api/session";
import { useVote } from "../api/votes";
import { useTexts } from "../texts/language";
import { useAnnounce } from "./Announcer";

/** Votes of a question or an answer, and the two buttons to change them. */
export function Votes({ post, questionId }: { post: Question | Answer; questionId: number }) {
  const t = useTexts();
  const member = useMember();
  const announce = useAnnounce();
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<1 | 0 | -1>(0);
  const vote = useVote(questionId, post.id, {
    saved: ({ votes, myVote }) => announce((myVote === 0 ? t.voteTaken : t.voteSaved)(votes.net)),
    refused: () => announce(t.voteRefused),
  });
  const mine = post.myVote ?? 0;

  const press = (value: 1 | -1) => {
    if (!member) {
      navigate(`/sign-in?to=/questions/${questionId}`);
      return;
    }
    if (vote.isPending) return;
    const next = mine === value ? 0 : value;
    setAsked(next);
    vote.mutate(next);
  };
  const button = (value: 1 | -1, label: string, obstacle: ProblemCode | undefined) => (
    <button
      type="button"
      className="vote"
      aria-pressed={mine === value}
      aria-label={label}
      title={label}
      aria-disabled={obstacle !== undefined && obstacle !== "login_required"}
      onClick={() => press(value)}>
      <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d={value === 1 ? "M3 10.500 8 5.500l5 5" : "m3 5.500 5 5 5-5"} />
      </svg>
    </button>
  );
  return (
    <div className="votes">
      {button(1, t.voteUp, post.cannot?.voteUp)}
      <span className="net" aria-label={t.votes(post.votes.net)} role="img">
        {post.votes.net}
      </span>
      {button(-1, t.voteDown, post.cannot?.voteDown)}
      {vote.isError && (
        <div className="vote-refused" role="alert">
          <p>{sentence(vote.error, t)}</p>
          {asProblem(vote.error) === null && (
            <button type="button" className="link" onClick={() => vote.mutate(asked)}>
              {t.retry}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
