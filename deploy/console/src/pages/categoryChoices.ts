// Categories in a row, for choosing one.
import type { CategoryDefinition } from "@38qa/client";

/** All categories in the order of the tree. */
export const flat = (categories: CategoryDefinition[]): CategoryDefinition[] =>
  categories.flatMap((category) => [category, ...flat(category.children ?? [])]);

/** The categories to choose from, without one and what is below it; how deep they are is seen. */
export function choicesOf(
  categories: CategoryDefinition[],
  without: number | undefined,
  depth = 0,
): (readonly [string, string])[] {
  return categories
    .filter(({ id }) => id !== without)
    .flatMap((category) => [
      [String(category.id), `${"– ".repeat(depth)}${category.title}`] as const,
      ...choicesOf(category.children ?? [], without, depth + 1),
    ]);
}
