// People who use the API from elsewhere while the page is open.
import { randomBytes, randomInt } from "node:crypto";

export const api = process.env.VITE_API_URL ?? "http://127.0.0.1:8080";

/**
 * Of the demonstration: a question with a picture, one with answers and comments, one in English, and a
 * word to search for.
 */
export const known = { withPicture: 14, thread: 1, english: 6, word: "採蜜" };

export interface Person {
  handle: string;
  email: string;
  password: string;
  refreshToken: string;
  /** Sends a request as this person; throws unless it succeeds. */
  do(method: string, path: string, body?: object): Promise<{ id: number; title: string }>;
  /** The same, and returns the status. */
  try(method: string, path: string, body?: object): Promise<number>;
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Response> {
  return fetch(`${api}${path}`, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
}

/** Somebody at an address of their own; with the name of a test, so that two of them never share a name. */
export async function newPerson(name: string): Promise<Person> {
  const from = { "X-Forwarded-For": `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}` };
  const handle = `${name}-${randomBytes(3).toString("hex")}`;
  const email = `${handle}@example.jp`;
  const password = "mitsubachi-2026";
  const response = await send("POST", "/v1/auth/sign-up", from, { handle, email, password });
  const tokens = (await response.json()) as { accessToken: string; refreshToken: string };
  if (!response.ok) throw new Error(`sign-up: ${JSON.stringify(tokens)}`);
  const headers = { ...from, Authorization: `Bearer ${tokens.accessToken}` };
  return {
    handle,
    email,
    password,
    refreshToken: tokens.refreshToken,
    async do(method, path, body) {
      const r = await send(method, path, headers, body);
      const text = await r.text();
      if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`);
      return text === "" ? { id: 0, title: "" } : (JSON.parse(text) as { id: number; title: string });
    },
    async try(method, path, body) {
      const r = await send(method, path, headers, body);
      await r.body?.cancel();
      return r.status;
    },
  };
}

let asked = 0;

/** Asks a question whose title nobody else has. */
export function ask(person: Person, words = "養蜂を始める前に何を用意しますか") {
  asked++;
  return person.do("POST", "/v1/questions", {
    title: `${words} ${randomBytes(3).toString("hex")}`,
    content: `${asked}番目の質問です。\n\n道具と場所について教えてください。`,
    categoryId: 10,
    tags: ["道具"],
  });
}
