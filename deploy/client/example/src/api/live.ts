// What happens elsewhere, while the page is looked at.
import { follow, getAnswer, getComment, listQuestions } from "@38qa/client";
import type { LiveEvent, LiveFilter, PublicActor, Question, QuestionPage } from "@38qa/client";
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { listOf, threadKey, type Order } from "./queries";
import { findPost, withAnswer, withComment, withVotes } from "./thread";

/** Calls the function at each event until the page is left. */
function useLive(filter: LiveFilter, onEvent: (event: LiveEvent) => void) {
  const call = useEffectEvent(onEvent);
  const wanted = JSON.stringify(filter);
  useEffect(() => {
    const leaving = new AbortController();
    void (async () => {
      try {
        for await (const event of follow(JSON.parse(wanted) as LiveFilter, leaving.signal)) call(event);
      } catch {
        // The server refuses streams, for instance because too many are open. The page works without them.
      }
    })();
    return () => leaving.abort();
  }, [wanted]);
}

/** Keeps the list true, and returns how many questions are new since it was loaded. */
export function useLiveList(order: Order): { fresh: number; showFresh: () => void } {
  const queries = useQueryClient();
  const [fresh, setFresh] = useState<ReadonlySet<number>>(new Set());
  const { queryKey } = listOf(order);
  useLive({}, (event) => {
    if (event.what === "hello") return;
    if (event.what === "reset") {
      void queries.invalidateQueries({ queryKey });
      return;
    }
    const id = event.questionId;
    if (id === undefined) return;
    if (event.what === "question" && order === "recent") {
      // A list that moves under the finger is a nuisance: new questions wait for a press.
      setFresh((before) => new Set(before).add(id));
      return;
    }
    const list = queries.getQueryData<InfiniteData<QuestionPage>>(queryKey);
    if (list?.pages.some((page) => page.items.some((q) => q.id === id))) void reread(id);
  });

  /** Reads one question of the list anew. */
  async function reread(id: number) {
    const { data } = await listQuestions({ query: { ids: [id], include: ["excerpt"] } });
    const now = data?.items[0];
    if (!now) {
      void queries.invalidateQueries({ queryKey });
      return;
    } // hidden
    queries.setQueryData<InfiniteData<QuestionPage>>(
      queryKey,
      (list) =>
        list && {
          ...list,
          pages: list.pages.map((page) => ({
            ...page,
            items: page.items.map((q) => (q.id === id ? now : q)),
          })),
        },
    );
  }

  return {
    fresh: fresh.size,
    showFresh: () => {
      setFresh(new Set());
      void queries.resetQueries({ queryKey });
    },
  };
}

/** Keeps a thread true, and tells what came. */
export function useLiveThread(
  id: number,
  tell: (what: "answer" | "comment", by: PublicActor | undefined) => void,
) {
  const queries = useQueryClient();
  const queryKey = threadKey(id);
  const change = (how: (thread: Question) => Question) =>
    queries.setQueryData<Question>(queryKey, (thread) => thread && how(thread));

  useLive({ question: [id] }, (event) => {
    if (event.what !== "hello") void apply(event);
  });

  async function apply(event: LiveEvent) {
    const thread = queries.getQueryData<Question>(queryKey);
    const { postId } = event;
    if (!thread) return;
    const known = postId === undefined ? undefined : findPost(thread, postId);
    switch (event.what) {
      case "vote":
        if (known && event.netVotes !== undefined && event.netVotes !== known.votes.net) {
          change((t) =>
            withVotes(t, known.id, {
              myVote: known.myVote,
              votes: { ...known.votes, net: event.netVotes ?? 0 },
            }),
          );
        }
        return;
      case "answer": {
        if (postId === undefined || known) return;
        const { data } = await getAnswer({
          path: { id: postId },
          query: { include: ["comments", "permissions"] },
        });
        if (!data) return;
        change((t) => withAnswer(t, data));
        tell("answer", event.by);
        return;
      }
      case "comment": {
        if (postId === undefined || known) return;
        const { data } = await getComment({ path: { id: postId }, query: { include: ["permissions"] } });
        if (!data) return;
        change((t) => withComment(t, data));
        tell("comment", event.by);
        return;
      }
      default: // edits, moves, words of newer servers, and reset
        void queries.invalidateQueries({ queryKey });
    }
  }
}
