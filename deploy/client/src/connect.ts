import { client } from "./generated/client.gen";
import { refreshTokens } from "./generated";
import type { TokenSet } from "./generated";

/** Where the refresh token is kept between visits. */
export interface TokenStore {
  load(): string | null | Promise<string | null>;
  save(refreshToken: string | null): void | Promise<void>;
}

/** Forgets the refresh token when the page is left. */
export const inMemory = (): TokenStore => {
  let kept: string | null = null;
  return { load: () => kept, save: (token) => { kept = token; } };
};

/** Keeps the refresh token in localStorage: every script of the page's origin can read it there. */
export const inLocalStorage = (key = "q2a-refresh-token"): TokenStore => ({
  load: () => localStorage.getItem(key),
  save: (token) => (token === null ? localStorage.removeItem(key) : localStorage.setItem(key, token)),
});

export interface ConnectOptions {
  /** The API's own address, e.g. https://api.38qa.net. */
  baseUrl: string;
  store?: TokenStore;
  /** Sends the requests; the browser's fetch if it is not given. */
  fetch?: typeof fetch;
  /** How often a request is sent again after a failure that may pass. */
  retries?: number;
  /** The languages of texts, as in Accept-Language; the browser's if it is not given. */
  language?: string;
  /** Is called when the session has ended, so that people have to sign in again. */
  onSessionEnd?: () => void;
}

export interface Connection {
  /** Remembers the tokens that signIn, signUp or resetPassword returned. */
  use(tokens: TokenSet): Promise<void>;
  /** Forgets all tokens. Sign out with signOut first, so that the server forgets them too. */
  forget(): Promise<void>;
  /** Whether there are tokens. They may have ended on the server. */
  signedIn(): Promise<boolean>;
}

/** Failures that may pass: the server is being replaced, is too busy, or asks to wait. */
const passing = new Set([408, 429, 502, 503, 504]);

/** The longest wait before a request is sent again, in milliseconds. A longer Retry-After is left to the caller. */
const longestWait = 30_000;

/**
 * Makes all operations of this package send their requests to the API: with the caller's token, which is renewed
 * when it has ended; with an Idempotency-Key for every POST, so that it can be sent again without being done twice;
 * and again after failures that may pass.
 */
export function connect(options: ConnectOptions): Connection {
  const { baseUrl, store = inMemory(), retries = 3 } = options;
  const send = options.fetch ?? fetch;
  let access: string | null = null;
  let renewing: Promise<boolean> | null = null;

  /** Gets new tokens; false if nobody is signed in any more. Requests that need it at the same time share it. */
  function renew(): Promise<boolean> {
    renewing ??= (async () => {
      const refreshToken = await store.load();
      if (refreshToken === null) return false;
      const { data, response } = await refreshTokens({ body: { refreshToken }, fetch: again });
      if (data) {
        access = data.accessToken;
        await store.save(data.refreshToken ?? refreshToken);
        return true;
      }
      if (response?.status === 401) {
        access = null;
        await store.save(null);
        options.onSessionEnd?.();
      }
      return false;
    })().finally(() => { renewing = null; });
    return renewing;
  }

  /** Sends a request, and sends it again after failures that may pass. */
  async function again(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const repeatable = request.method !== "POST" || request.headers.has("Idempotency-Key");
    for (let attempt = 0; ; attempt++) {
      let wait = Math.min(longestWait, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
      try {
        const response = await send(request.clone());
        if (!repeatable || !passing.has(response.status) || attempt >= retries) return response;
        const asked = 1000 * Number(response.headers.get("Retry-After") ?? 0);
        if (asked > longestWait) return response;
        wait = Math.max(wait, asked);
        await response.body?.cancel();
      } catch (failure) {
        if (!repeatable || request.signal.aborted || attempt >= retries) throw failure;
      }
      await pause(wait, request.signal);
    }
  }

  async function authorized(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    if (options.language !== undefined) request.headers.set("Accept-Language", options.language);
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    if (access === null && (await store.load()) !== null) await renew();
    const withToken = () => {
      const copy = request.clone();
      if (access !== null) copy.headers.set("Authorization", `Bearer ${access}`);
      return copy;
    };
    const response = await again(withToken());
    // A bad token is 401 for every operation. Wrong passwords are 401 too, but come without one.
    if (response.status !== 401 || access === null || !(await renew())) return response;
    await response.body?.cancel();
    return again(withToken());
  }

  client.setConfig({ baseUrl, fetch: authorized as typeof fetch });
  return {
    async use(tokens) {
      access = tokens.accessToken;
      await store.save(tokens.refreshToken ?? null);
    },
    async forget() {
      access = null;
      await store.save(null);
    },
    signedIn: async () => access !== null || (await store.load()) !== null,
  };
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
