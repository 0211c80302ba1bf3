// How pages load what they show. Keys have the language, since the server's texts come in it.
import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useLanguage } from "../texts/language";
import { dataOf } from "./failure";

interface Result<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

interface Options<T> {
  /** Milliseconds after which it is loaded again, also by what was loaded; false for never. */
  every?: number | false | ((data: T | undefined) => number | false);
  enabled?: boolean;
  /** Shows what was loaded for another key until this is there. */
  keep?: boolean;
}

export function useLoad<T>(
  key: readonly unknown[],
  load: (signal: AbortSignal) => Promise<Result<T>>,
  options: Options<T> = {},
): UseQueryResult<T> {
  const { language } = useLanguage();
  const { every = false } = options;
  return useQuery<T>({
    queryKey: [...key, language],
    queryFn: ({ signal }) => dataOf(load(signal)),
    refetchInterval: typeof every === "function" ? (q) => every(q.state.data) : every,
    enabled: options.enabled ?? true,
    ...(options.keep && { placeholderData: keepPreviousData }),
  });
}

interface Page<Item> {
  items: Item[];
  nextCursor?: string;
  total?: number;
}

/** A list that comes page by page. */
export function usePages<P extends Page<unknown>>(
  key: readonly unknown[],
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Result<P>>,
  enabled = true,
) {
  const { language } = useLanguage();
  const query = useInfiniteQuery({
    queryKey: [...key, language],
    queryFn: ({ pageParam, signal }) => dataOf(load(pageParam, signal)),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    enabled,
  });
  const items: P["items"][number][] = query.data?.pages.flatMap((page) => page.items) ?? [];
  return { ...query, items: items as P["items"] };
}
