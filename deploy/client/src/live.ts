import { streamEvents } from "./generated";
import type { LiveEvent } from "./generated";
import { pause } from "./connect";

export interface LiveFilter {
  question?: number[];
  tag?: string[];
  category?: number[];
}

/**
 * Yields what happens, as it happens, until the signal ends it. It connects again by itself, and what happened
 * meanwhile comes then. An event `reset` says that too much was missed: load again what is shown.
 */
export async function* follow(filter: LiveFilter = {}, signal?: AbortSignal): AsyncGenerator<LiveEvent, void> {
  let last: string | undefined;
  for (let failures = 0; !signal?.aborted; ) {
    const { stream } = await streamEvents({
      query: { ...filter, named: "false" },
      headers: last === undefined ? {} : { "Last-Event-ID": last },
      signal, sseMaxRetryAttempts: 1,
      onSseEvent: (event) => { last = event.id ?? last; failures = 0; },
      onSseError: () => { failures++; },
    });
    for await (const event of stream as AsyncGenerator<LiveEvent>) yield event;
    try {
      await pause(Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2), signal);
    } catch {
      return; // the signal
    }
  }
}
