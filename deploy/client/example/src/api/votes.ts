// Votes show at once, and are taken back when the server refuses them.
import { removeVote, voteOnPost, type Question, type VoteResult } from "@38qa/client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { threadKey } from "./queries";
import { findPost, withVotes, type VoteState } from "./thread";

/** The state of a post after the caller's vote became value. */
export function afterVote(before: VoteState, value: 1 | 0 | -1): VoteState {
  const old = before.myVote ?? 0;
  const { up, down } = before.votes;
  const votes = {
    up: up + Number(value === 1) - Number(old === 1),
    down: down + Number(value === -1) - Number(old === -1),
    net: before.votes.net + value - old,
  };
  return { myVote: value, votes };
}

export function useVote(
  questionId: number,
  postId: number,
  after: { saved(result: VoteResult): void; refused(): void },
) {
  const queries = useQueryClient();
  const queryKey = threadKey(questionId);
  const show = (state: VoteState) =>
    queries.setQueryData<Question>(queryKey, (thread) => thread && withVotes(thread, postId, state));
  return useMutation({
    mutationFn: async (value: 1 | 0 | -1) => {
      const { data } =
        value === 0
          ? await removeVote({ path: { id: postId }, throwOnError: true })
          : await voteOnPost({ path: { id: postId }, body: { value }, throwOnError: true });
      return data;
    },
    onMutate: (value) => {
      const thread = queries.getQueryData<Question>(queryKey);
      const post = thread && findPost(thread, postId);
      if (!post) return null;
      const before: VoteState = { myVote: post.myVote, votes: post.votes };
      show(afterVote(before, value));
      return before;
    },
    onError: (_failure, _value, before) => {
      if (before) show(before);
      after.refused();
    },
    onSuccess: (result) => {
      show(result);
      after.saved(result);
    },
  });
}
