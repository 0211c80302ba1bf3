// People who use the API from elsewhere while the page is open.
import { randomBytes, randomInt } from "node:crypto";

export const api = process.env.SERVER_URL ?? "http://127.0.0.1:8080";

/** The password of every member of the demonstration. */
export const password = "mitsubachi";

/** Members of the demonstration, by what they may do. */
export const roles = { member: "newcomer", moderator: "はな", administrator: "queen" } as const;
export type Role = keyof typeof roles;

/** An address that nobody else in the tests has. */
export const anyAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

export interface Person {
  handle: string;
  /** The IP address from which all of it comes. */
  address: string;
  /** Sends a request as this person; throws unless it succeeds. */
  do<T = { id: number }>(method: string, path: string, body?: object): Promise<T>;
}

async function send(method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? null : (JSON.parse(text) as unknown);
}

async function personBy(path: string, handle: string, body: object): Promise<Person> {
  const address = anyAddress();
  const from = { "X-Forwarded-For": address };
  const { accessToken } = (await send("POST", path, from, body)) as { accessToken: string };
  return {
    handle,
    address,
    async do<T>(method: string, to: string, content?: object) {
      return (await send(method, to, { ...from, Authorization: `Bearer ${accessToken}` }, content)) as T;
    },
  };
}

export const signedIn = (role: Role) =>
  personBy("/v1/auth/sign-in", roles[role], { login: roles[role], password });

/** Somebody new; with the name of a test, so that two of them never share a name. */
export function newPerson(name: string, handle = `${name}-${randomBytes(3).toString("hex")}`): Promise<Person> {
  const email = `${randomBytes(6).toString("hex")}@example.jp`;
  return personBy("/v1/auth/sign-up", handle, { handle, email, password: "mitsubachi-2026" });
}

/** Asks a question whose title nobody else has. What new people ask waits for approval. */
export const ask = (person: Person, words: string) =>
  askAs(person, `${words} ${randomBytes(3).toString("hex")}`, "養蜂の道具について教えてください。");

/** Asks a question with this title. */
export async function askAs(person: Person, title: string, content: string) {
  const { id } = await person.do("POST", "/v1/questions", { title, content, format: "html", categoryId: 10 });
  return { id, title };
}

/** Asks a question that everybody sees. */
export async function askOpenly(person: Person, words: string) {
  const question = await ask(person, words);
  const queen = await signedIn("administrator");
  await queen.do("PUT", `/v1/posts/${question.id}/approval`, { approved: true });
  return question;
}
