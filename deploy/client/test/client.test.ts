// The package against a real server with the demonstration community: `make client` starts it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:net";

import {
  all, claimPost, connect, createAnswer, createQuestion, follow, getQuestion, getSite, inMemory, listQuestions, searchQuestions,
  signOut, signUp, uploadPicture, voteOnPost,
} from "../src/index.js";
import type { Answer, Comment, LiveEvent, Problem, Question } from "../src/index.js";

let server: ChildProcess;
let folder: string;
let baseUrl: string;

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const address = s.address();
      s.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "q2a-client-"));
  const port = await freePort();
  baseUrl = `http://127.0.0.1:${port}`;
  server = spawn(process.env.SERVER ?? "./server", [], {
    cwd: folder, stdio: "ignore",
    env: { ...process.env, LISTEN: `127.0.0.1:${port}`, PUBLIC_URL: baseUrl },
  });
  for (let i = 0; ; i++) {
    try {
      if ((await fetch(`${baseUrl}/readyz`)).ok) break;
    } catch (failure) {
      if (i > 200) throw failure;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

after(async () => {
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

/** A fetch that loses the first response after each request in lose. */
function losing(lose: Set<string>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const response = await fetch(request);
    if (lose.delete(request.method)) {
      await response.body?.cancel();
      throw new TypeError("the connection was lost");
    }
    return response;
  };
}

test("lists are typed and page by page", async () => {
  connect({ baseUrl });
  const { data: site } = await getSite();
  assert.equal(site?.limits.title.min, 12);
  const ids: number[] = [];
  for await (const q of all((cursor) => listQuestions({ query: { cursor, limit: 2, include: ["excerpt"] } }))) {
    ids.push(q.id);
    assert.ok(q.excerpt);
  }
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length > 5);
  const found = await searchQuestions({ query: { q: "採蜜", include: ["excerpt"] } });
  assert.ok(found.data!.items[0]!.excerpt!.highlights!.length > 0);
  const picked = await listQuestions({ query: { ids: ids.slice(0, 3).reverse() } });
  assert.deepEqual(picked.data?.items.map((q) => q.id), ids.slice(0, 3).reverse());
});

test("posts and problems narrow", async () => {
  connect({ baseUrl, language: "ja" });
  const words = (p: Question | Answer | Comment): string => {
    switch (p.type) {
      case "question": return p.title;
      case "answer": return String(p.selected);
      case "comment": return p.parentType;
    }
  };
  const { data } = await getQuestion({ path: { id: 23 }, query: { include: ["answers", "comments"] } });
  assert.ok(data && data.answers && words(data) === data.title && words(data.answers[0]!) !== "");
  const { error } = await createQuestion({ body: { title: "短い", content: "x" } });
  const problem = error as Problem;
  assert.equal(problem.code, "validation");
  assert.deepEqual(problem.errors?.map((e) => [e.field, e.code, e.params?.min, e.message]), [
    ["title", "too_short", 12, "12 文字以上で指定してください"], ["categoryId", "required", undefined, "必須です"],
  ]);
});

test("a session is renewed, and nothing is done twice", async () => {
  const lose = new Set<string>();
  const connection = connect({ baseUrl, fetch: losing(lose) });
  const { data: tokens, error } = await signUp({
    body: { handle: "mika", email: "mika@example.jp", password: "mitsubachi-2026" },
  });
  assert.ok(tokens, JSON.stringify(error));
  await connection.use(tokens);
  lose.add("POST"); // the response of the question is lost; it is sent again with the same key
  const asked = await createQuestion({
    body: { title: "分蜂した群れはどこへ行きますか", content: "朝、**半分**いなくなりました。", format: "markdown", categoryId: 10 },
  });
  assert.ok(asked.data, JSON.stringify(asked.error));
  const mine = await listQuestions({ query: { author: "mika" } });
  assert.equal(mine.data?.items.length, 1);
  await connection.use({ ...tokens, accessToken: "ended" });
  const votes = await Promise.all([23, 14].map((id) => voteOnPost({ path: { id }, body: { value: 1 } })));
  for (const v of votes) assert.equal(v.response?.status, 200, JSON.stringify(v.error));
  const gif = Uint8Array.from(atob("R0lGODlhAQABAPAAAP///wAAACwAAAAAAQABAAACAkQBADs="), (c) => c.charCodeAt(0));
  const picture = await uploadPicture(new File([gif], "dot.gif", { type: "image/gif" }));
  assert.ok(picture.data?.url.startsWith(baseUrl), JSON.stringify(picture.error));
});

test("a session that has ended says so", async () => {
  let ended = 0;
  const store = inMemory();
  await store.save("not-a-token");
  const connection = connect({ baseUrl, store, onSessionEnd: () => { ended++; } });
  const { data } = await listQuestions();
  assert.ok(data, "what is public can still be read");
  assert.equal(ended, 1);
  assert.equal(await connection.signedIn(), false);
});

test("live events come, and go on after a break", async () => {
  connect({ baseUrl });
  const signal = new AbortController();
  const events: LiveEvent[] = [];
  const states: boolean[] = [];
  const options = { onConnection: (open: boolean) => { states.push(open); } };
  const listening = (async () => {
    for await (const event of follow({ question: [23] }, signal.signal, options)) {
      events.push(event);
      if (event.what === "answer") signal.abort();
    }
  })();
  while (!events.some((e) => e.what === "hello")) await new Promise((resolve) => setTimeout(resolve, 20));
  const { data, error } = await createAnswer({ path: { id: 23 }, body: { content: "三分の二に蓋がかかったときです。" } });
  assert.ok(data, JSON.stringify(error));
  await listening;
  assert.deepEqual(states, [true]);
  assert.equal(events.at(-1)?.postId, data.id);
  assert.equal(events.at(-1)?.questionId, 23);
});

test("whoever cannot be renewed now writes nothing as a visitor", async () => {
  const store = inMemory();
  await store.save("a-token");
  const asked: string[] = [];
  connect({
    baseUrl, store, retries: 0,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      asked.push(new URL(request.url).pathname);
      return new Response("", { status: 503 });
    },
  });
  await assert.rejects(async () => {
    const { error } = await createQuestion({ body: { title: "Who asks this question?", content: "Nobody, for now." } });
    throw error;
  });
  assert.deepEqual([...new Set(asked)], ["/v1/auth/refresh"]);
  assert.equal(await store.load(), "a-token");
});

test("another tab's user does not send this tab's requests", async () => {
  const store = inMemory();
  const ended: string[] = [];
  const here = connect({ baseUrl, store, onSessionEnd: () => ended.push("here") });
  const sign = async (handle: string) => {
    const { data, error } = await signUp({ body: { handle, email: `${handle}@example.jp`, password: "mitsubachi-2026" } });
    assert.ok(data, JSON.stringify(error));
    return data;
  };
  const first = await sign("first");
  const second = await sign("second");
  await here.use({ ...first, accessToken: "ended" });
  await store.save(second.refreshToken ?? null); // the other tab signs in
  const { response } = await voteOnPost({ path: { id: 23 }, body: { value: 1 } });
  assert.equal(response?.status, 401);
  assert.deepEqual(ended, ["here"]);
});

test("a stream that is refused throws, and one that is left is closed", async () => {
  let open = 0;
  connect({
    baseUrl,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      open++;
      request.signal.addEventListener("abort", () => open--);
      return fetch(request);
    },
  });
  await assert.rejects(async () => {
    for await (const event of follow({ question: Array.from({ length: 51 }, (_, i) => i + 1) })) void event;
  }, /422/);
  open = 0;
  for await (const event of follow({ question: [], tag: ["採蜜"] })) {
    assert.equal(event.what, "hello");
    assert.ok(!Number.isNaN(Date.parse(event.at)));
    break;
  }
  assert.equal(open, 0);
});

/** A fetch that keeps cookies as browsers do, for requests that ask for it, and says which page asks. */
function browser(cookies: Map<string, string>): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    headers.set("Origin", baseUrl);
    if (request.credentials === "include") {
      headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const response = await fetch(request.url, { method: request.method, headers, body });
    for (const cookie of request.credentials === "include" ? response.headers.getSetCookie() : []) {
      const [name, value] = cookie.split(";")[0]!.split("=", 2) as [string, string];
      cookies.set(name, value);
    }
    return response;
  };
}

test("the refresh token can stay in a cookie", async () => {
  const cookies = new Map<string, string>();
  const store = inMemory();
  const visit = () => connect({ baseUrl, store, refreshCookie: true, fetch: browser(cookies) });
  const first = visit();
  const { data, error } = await signUp({
    body: { handle: "cookie", email: "cookie@example.jp", password: "mitsubachi-2026", refreshCookie: true },
  });
  assert.ok(data && data.refreshToken === undefined, JSON.stringify(error));
  await first.use(data);
  const kept = cookies.get("__Host-refresh");
  assert.ok(kept);
  const later = visit(); // the page is loaded again
  assert.ok(await later.token());
  assert.notEqual(cookies.get("__Host-refresh"), kept);
  assert.equal((await voteOnPost({ path: { id: 14 }, body: { value: 1 } })).response?.status, 200);
  await signOut({ body: {} });
  assert.equal(cookies.get("__Host-refresh"), "");
  assert.equal(await visit().token(), null);
});

test("a visitor is known again", async () => {
  const visitor = inMemory();
  connect({ baseUrl, visitor });
  const ask = (title: string) => createQuestion({ body: { title, content: "日当たりはどうですか。", categoryId: 10 } });
  assert.ok((await ask("巣箱はどちらに向けますか。南ですか")).data);
  const token = await visitor.load();
  assert.ok(token);
  const second = await ask("巣箱の高さはどのくらいですか。地面ですか");
  assert.ok(second.data, JSON.stringify(second.error));
  assert.equal(await visitor.load(), token);
  const connection = connect({ baseUrl, visitor });
  const { data } = await signUp({ body: { handle: "guest", email: "guest@example.jp", password: "mitsubachi-2026" } });
  await connection.use(data!);
  const claimed = await claimPost({ path: { id: second.data.id } });
  assert.equal(claimed.response?.status, 200, JSON.stringify(claimed.error));
});
