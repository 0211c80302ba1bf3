import { client as sharedClient } from "./generated/client.gen.js";
import type { Client } from "./generated/client/index.js";
import { streamEvents } from "./generated/index.js";
import type { LiveEvent } from "./generated/index.js";
import { pause } from "./send.js";

export interface LiveFilter {
  question?: number[];
  tag?: string[];
  category?: number[];
}

export interface FollowOptions {
  client?: Client;
  /** Is called with true when the stream is there, and with false when it is lost, until it is there again. */
  onConnection?: (open: boolean) => void;
}

/**
 * Yields what happens, as it happens, until the signal or the loop around it ends it. It connects again by itself,
 * and what happened meanwhile comes then. An event `reset` says that too much was missed: load again what is shown.
 * It throws if the server refuses the stream, for instance because one has to sign in.
 */
export async function* follow(
  filter: LiveFilter = {}, signal?: AbortSignal, options: FollowOptions = {},
): AsyncGenerator<LiveEvent, void> {
  const { client = sharedClient, onConnection } = options;
  const leaving = new AbortController();
  const ended = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  const given = Object.fromEntries(Object.entries(filter).filter(([, values]) => values.length > 0)) as LiveFilter;
  const send = client.getConfig().fetch ?? fetch;
  let last: string | undefined;
  let status = 0;
  try {
    for (let failures = 0; !ended.aborted; ) {
      status = 0;
      const { stream } = await streamEvents({
        client, signal: ended, query: { ...given, named: "false" },
        headers: last === undefined ? {} : { "Last-Event-ID": last },
        fetch: async (...request) => {
          const response = await send(...request);
          status = response.status;
          if (response.ok) onConnection?.(true);
          return response;
        },
        sseMaxRetryAttempts: 1,
        onSseEvent: (event) => { last = event.id ?? last; failures = 0; },
        onSseError: () => { failures++; },
      });
      for await (const event of stream as AsyncGenerator<LiveEvent>) yield event;
      if (status === 200 && !ended.aborted) onConnection?.(false);
      // 501: the server runs where no response can stay open.
      if (status === 501 || (status >= 400 && status < 500 && status !== 408 && status !== 429)) {
        throw new Error(`the stream was refused with ${status}`);
      }
      await pause(Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2), ended);
    }
  } catch (failure) {
    if (!ended.aborted) throw failure;
  } finally {
    leaving.abort();
  }
}
