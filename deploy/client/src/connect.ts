import { client as sharedClient } from "./generated/client.gen.js";
import type { Client } from "./generated/client/index.js";
import { refreshTokens } from "./generated/index.js";
import type { Problem, TokenSet } from "./generated/index.js";
import { sender } from "./send.js";

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
  /**
   * Leaves the refresh token to the API's own cookie, which no script can read; ask for it with refreshCookie: true where
   * people sign in. The page and the API have to be of the same site (38qa.net and api.38qa.net). The store then
   * only remembers that somebody is signed in.
   */
  refreshCookie?: boolean;
  /** Where the token is kept by which visitors are known again who write without an account. */
  visitor?: TokenStore;
  /** Sends the requests; the browser's fetch if it is not given. */
  fetch?: typeof fetch;
  /** How often a request is sent again after a failure that may pass. */
  retries?: number;
  /**
   * The languages of texts, as in Accept-Language; the browser's if it is not given. A function is asked at each request,
   * for pages whose readers can change the language.
   */
  language?: string | (() => string);
  /**
   * The client that is connected: the one that all operations use by default. A server that acts for several people
   * at the same time makes one for each (createClient), and gives it to each operation.
   */
  client?: Client;
  /** Is called when nobody is signed in any more, so that people have to sign in again. */
  onSessionEnd?: () => void;
}

export interface Connection {
  client: Client;
  baseUrl: string;
  /** Remembers the tokens that signIn, signUp or resetPassword returned. */
  use(tokens: TokenSet): Promise<void>;
  /** Forgets all tokens. Sign out with signOut first, so that the server forgets them too. */
  forget(): Promise<void>;
  /** Whether there are tokens. They may have ended on the server. */
  signedIn(): Promise<boolean>;
  /** An access token that is good for at least half a minute, or null if nobody is signed in. */
  token(): Promise<string | null>;
  /** The languages of texts now; undefined if they are the browser's. */
  language(): string | undefined;
  /** Where the token of a visitor without an account is kept. */
  visitor: TokenStore;
}

/** What is stored while the refresh token itself is in a cookie. */
const inCookie = "cookie";

/** The operations that give or take refresh tokens. */
const withRefreshTokens = /^\/v1\/(auth\/|me\/password$)/;

/** The operations that people use to sign in. They never bear a token: their 401 is about a password. */
const signingIn = /^\/v1\/auth\/(sign-in|sign-up|refresh|forgot|reset)$/;

/**
 * Makes the operations of this package send their requests to the API, with the caller's token, which is renewed when
 * it has ended, and again after failures that may pass.
 */
export function connect(options: ConnectOptions): Connection {
  const { store = inMemory(), visitor = inMemory(), client = sharedClient, onSessionEnd } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const send = sender(options.fetch ?? fetch, options.retries ?? 3);
  let access: string | null = null;
  let accessEnds = 0;
  let user: number | null = null;
  // Counts the calls of use and forget, so that a renewal that began before one does not undo it.
  let generation = 0;
  let renewing: Promise<boolean> | null = null;

  const language = () => (typeof options.language === "function" ? options.language() : options.language);

  function accept(tokens: TokenSet) {
    access = tokens.accessToken;
    accessEnds = Date.now() + 1000 * tokens.expiresIn;
    user = tokens.user.id;
  }

  function end() {
    access = user = null;
    onSessionEnd?.();
  }

  /** Gets new tokens; false if nobody is signed in any more. Throws if that cannot be found out now. */
  async function renewOnce(): Promise<boolean> {
    const before = generation;
    const refreshToken = await store.load();
    if (refreshToken === null) { // another tab has signed out
      if (access !== null) end();
      return false;
    }
    const { data, error, response } = await refreshTokens({
      client, fetch: send,
      ...(refreshToken === inCookie ? { body: {}, credentials: "include" } : { body: { refreshToken } }),
    });
    if (generation !== before) return access !== null;
    if (data && user !== null && data.user.id !== user) { // another tab has signed in as somebody else
      end();
      return false;
    }
    if (data) {
      accept(data);
      await store.save(data.refreshToken ?? refreshToken);
      return true;
    }
    if (response?.status !== 401) throw error ?? new TypeError("the tokens could not be renewed");
    if ((await store.load()) === refreshToken) await store.save(null);
    end();
    return false;
  }

  /** Requests that need new tokens at the same time share them. */
  const renew = () => (renewing ??= renewOnce().finally(() => { renewing = null; }));

  async function authorized(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    let request = new Request(input, init);
    const languages = language();
    if (languages !== undefined) request.headers.set("Accept-Language", languages);
    const path = new URL(request.url).pathname;
    if (options.refreshCookie && withRefreshTokens.test(path)) {
      request = new Request(request, { credentials: "include" });
    }
    if (signingIn.test(path)) return send(request);
    const visitorToken = await visitor.load();
    if (visitorToken !== null) request.headers.set("Visitor-Token", visitorToken);
    const response = await asCaller(request);
    const given = response.headers.get("Visitor-Token");
    if (given !== null && given !== visitorToken) await visitor.save(given);
    return response;
  }

  /** Sends the request with the access token, and again with a new one if that has ended. */
  async function asCaller(request: Request): Promise<Response> {
    if (access === null && (await store.load()) !== null) await renew();
    const used = access;
    const withToken = (token: string | null) => {
      const copy = request.clone();
      if (token !== null) copy.headers.set("Authorization", `Bearer ${token}`);
      return copy;
    };
    const response = await send(withToken(used));
    if (response.status !== 401 || used === null) return response;
    const problem = (await response.clone().json().catch(() => null)) as Problem | null;
    if (problem?.code !== "unauthenticated") return response;
    const renewed = access !== used && access !== null ? true : await renew();
    // What is public can still be read. What is written is not written as a visitor instead.
    if (!renewed && request.method !== "GET") return response;
    await response.body?.cancel();
    return send(withToken(access));
  }

  client.setConfig({ baseUrl, fetch: authorized as typeof fetch });
  return {
    client, baseUrl, language, visitor,
    async use(tokens) {
      generation++;
      accept(tokens);
      await store.save(tokens.refreshToken ?? (options.refreshCookie ? inCookie : null));
    },
    async forget() {
      generation++;
      access = user = null;
      await store.save(null);
    },
    signedIn: async () => access !== null || (await store.load()) !== null,
    async token() {
      if (access !== null && accessEnds - Date.now() > 30_000) return access;
      return (await renew()) ? access : null;
    },
  };
}
