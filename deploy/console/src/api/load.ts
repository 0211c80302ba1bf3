// How pages load what they show. Keys have the language, since the server's texts come in it.
import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useLanguage } from "../texts/language";
import { dataOf } from "./failure";

interface Result<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

interface Options {
  /** Milliseconds after which it is loaded again; false for never. */
  every?: number | false;
  enabled?: boolean;
  /** Shows what was loaded for another key until this is there. */
  keep?: boolean;
}

export function useLoad<T>(
  key: readonly unknown[],
  load: (signal: AbortSignal) => Promise<Result<T>>,
  options: Options = {},
): UseQueryResult<T> {
  const { language } = useLanguage();
  return useQuery<T>({
    queryKey: [...key, language],
    queryFn: ({ signal }) => dataOf(load(signal)),
    refetchInterval: options.every ?? false,
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
