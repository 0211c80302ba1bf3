import type { Problem } from "./generated/index.js";

/** The longest wait before a request is sent again, in milliseconds. A longer Retry-After is left to the caller. */
const longestWait = 30_000;

/** Responses of a server that has not done what was asked, and may do it later. */
const notDone = new Set([429, 503]);

/** Responses after which nobody knows whether it was done, like a connection that is lost. */
const unknown = new Set([408, 502, 504]);

/**
 * Returns a fetch that sends a request again after failures that may pass. Where nobody knows whether the request was
 * done, it is sent again only if that does no harm: reads, a PUT, an edit without If-Match, and a POST, which gets an
 * Idempotency-Key so that the server does it once.
 */
export function sender(send: typeof fetch, retries: number): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname;
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", newKey());
    }
    const harmless = harmlessTwice(request, path);
    for (let attempt = 0; ; attempt++) {
      let wait = 500 * 2 ** attempt * (0.5 + Math.random() / 2);
      try {
        const response = await send(request.clone());
        const again = notDone.has(response.status) || (harmless && unknown.has(response.status));
        const asked = retryAfter(response);
        if (!again || attempt >= retries || asked > longestWait) return response;
        wait = Math.max(wait, asked);
        await response.body?.cancel();
      } catch (failure) {
        if (!harmless || request.signal.aborted || attempt >= retries) throw failure;
      }
      await pause(Math.min(wait, longestWait), request.signal);
    }
  };
}

/** Whether what was thrown is a problem that the server responded with; else the connection failed. */
export function isProblem(thrown: unknown): thrown is Problem {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "status" in thrown;
}

/** Whether a request can be sent again when nobody knows whether it was done. */
function harmlessTwice(request: Request, path: string): boolean {
  switch (request.method) {
    case "GET": case "HEAD": return true;
    case "PUT": case "PATCH": return !request.headers.has("If-Match");
    // Of the operations of /v1/auth only sign-up heeds the key; a refresh token is good for a moment longer.
    case "POST": return !path.startsWith("/v1/auth/") || /\/(sign-up|refresh)$/.test(path);
    default: return false; // what is deleted twice is not found
  }
}

/** The milliseconds that a response asks to wait; 0 if it does not. */
function retryAfter(response: Response): number {
  const text = response.headers.get("Retry-After");
  if (text === null) return 0;
  const seconds = Number(text);
  const wait = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : 1000 * seconds;
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

/**
 * A random text, for an Idempotency-Key. Operations make one for each call by themselves; a form that can be sent again by
 * hand keeps one for as long as its content is the same. Pages that are not served by HTTPS have no crypto.randomUUID.
 */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Waits, unless the signal ends it. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(signal?.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); resolve(); }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
