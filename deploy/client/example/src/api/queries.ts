// What the pages ask for. Keys, types and cancellation come from the generated options.
import {
  getQuestionOptions,
  getQuestionQueryKey,
  getSiteOptions,
  listCategoriesOptions,
  listQuestionsInfiniteOptions,
  searchQuestionsInfiniteOptions,
} from "@38qa/client/react-query";
import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

export const orders = ["recent", "hot", "unanswered"] as const;
export type Order = (typeof orders)[number];

export const pageSize = 20;

export const listOf = (order: Order) =>
  infiniteQueryOptions({
    ...listQuestionsInfiniteOptions({
      query: {
        limit: pageSize,
        include: ["excerpt"],
        ...(order === "unanswered" && { unanswered: "answer" as const }),
        ...(order === "hot" && { sort: order }),
      },
    }),
    initialPageParam: {},
    getNextPageParam: (last) => last.nextCursor,
  });

export const searchFor = (q: string) =>
  infiniteQueryOptions({
    ...searchQuestionsInfiniteOptions({ query: { q, limit: 10, include: ["excerpt"] } }),
    initialPageParam: { query: { q } },
    getNextPageParam: (last) => last.nextCursor,
    // What was found before stays until the next is there, so that nothing flickers under somebody who types.
    placeholderData: keepPreviousData,
  });

const thread = (id: number) => ({
  path: { id },
  query: { include: ["answers" as const, "comments" as const, "permissions" as const] },
});
export const threadOf = (id: number) => getQuestionOptions(thread(id));
export const threadKey = (id: number) => getQuestionQueryKey(thread(id));

/** What the forms must know: lengths, which fields are required, how large a picture may be. */
export const site = () => ({ ...getSiteOptions(), staleTime: 60_000 });
export const categories = () => ({ ...listCategoriesOptions(), staleTime: 60_000 });
