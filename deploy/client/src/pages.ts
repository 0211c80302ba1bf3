/** A page of a list. */
interface Page<Item> {
  items: Item[];
  nextCursor?: string;
}

/**
 * Yields all entries of a list, page by page: `for await (const q of all((cursor) => listQuestions({query: {cursor}})))`.
 * It throws the problem of the first page that fails.
 */
export async function* all<Item>(
  page: (cursor: string | undefined) => Promise<{ data?: Page<Item>; error?: unknown }>,
): AsyncGenerator<Item, void> {
  let cursor: string | undefined;
  do {
    const { data, error } = await page(cursor);
    if (!data) throw error;
    yield* data.items;
    cursor = data.nextCursor;
  } while (cursor !== undefined);
}
