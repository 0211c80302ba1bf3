// Changes of a thread that is shown. They return a new thread and leave the old one alone, as React wants it.
import type { Answer, Comment, Question, Votes } from "@38qa/client";

/** What a vote changes about a post of any type. */
export interface VoteState {
  myVote?: 1 | 0 | -1;
  votes: Votes;
}

/** Any post of a thread. */
export type Post = Question | Answer | Comment;

export function findPost(thread: Question, id: number): Post | undefined {
  if (thread.id === id) return thread;
  for (const answer of thread.answers ?? []) {
    if (answer.id === id) return answer;
    const comment = answer.comments?.find((c) => c.id === id);
    if (comment) return comment;
  }
  return thread.comments?.find((c) => c.id === id);
}

export function withVotes(thread: Question, id: number, state: VoteState): Question {
  if (thread.id === id) return { ...thread, ...state };
  return { ...thread, answers: thread.answers?.map((a) => (a.id === id ? { ...a, ...state } : a)) };
}

/** Puts an answer into the thread: where it is already, or at the end. */
export function withAnswer(thread: Question, answer: Answer): Question {
  const answers = thread.answers ?? [];
  const known = answers.some((a) => a.id === answer.id);
  return {
    ...thread,
    answers: known
      ? answers.map((a) => (a.id === answer.id ? { ...answer, comments: answer.comments ?? a.comments } : a))
      : [...answers, answer],
    answerCount: known ? thread.answerCount : thread.answerCount + 1,
  };
}

/** Puts a comment below the post that it is about. */
export function withComment(thread: Question, comment: Comment): Question {
  const put = (comments: Comment[] = []) =>
    comments.some((c) => c.id === comment.id)
      ? comments.map((c) => (c.id === comment.id ? comment : c))
      : [...comments, comment];
  if (comment.parentId === thread.id) return { ...thread, comments: put(thread.comments) };
  return {
    ...thread,
    answers: thread.answers?.map((a) =>
      a.id === comment.parentId ? { ...a, comments: put(a.comments) } : a,
    ),
  };
}
