// Which entries of a list are selected for one action; a range goes from the entry that was touched last.
import { useState } from "react";

export interface Selection {
  chosen: ReadonlySet<number>;
  /** Selects an entry, or no longer; with range all from the last one to it. */
  toggle: (id: number, range: boolean) => void;
  choose: (ids: readonly number[]) => void;
}

/** The selection among the ids, which are in the order of the list. */
export function useSelection(ids: readonly number[]): Selection {
  const [kept, setKept] = useState<ReadonlySet<number>>(new Set());
  const [last, setLast] = useState<number | null>(null);
  // What has left the list meanwhile is not acted on.
  const chosen = new Set(ids.filter((id) => kept.has(id)));
  return {
    chosen,
    toggle(id, range) {
      const after = new Set(chosen);
      const from = last === null ? -1 : ids.indexOf(last);
      const to = ids.indexOf(id);
      if (range && from >= 0 && to >= 0) {
        for (const between of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) after.add(between);
      } else if (!after.delete(id)) {
        after.add(id);
      }
      setLast(id);
      setKept(after);
    },
    choose(all) {
      setKept(new Set(all));
      setLast(null);
    },
  };
}
