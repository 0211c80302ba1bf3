// Writes data/*.csv, which the scenarios draw from: threads, users, words, categories as they are on the
// target, and members whose accounts are made here. Run it again as often as you like: accounts that are
// there stay, if the password is theirs.
//
//   TARGET=https://api.example.org LOADTEST_PASSWORD=… node prepare.mjs

import { mkdir, writeFile } from "node:fs/promises";

const settings = {
  TARGET: undefined,
  LOADTEST_PASSWORD: undefined, // of all members; the accounts are real ones, so it must be a good one
  MEMBERS: "40", // accounts that are made: loadtest-1, loadtest-2 …
  THREADS: "1000", // of so many threads the readers read
};

function read(name) {
  const value = process.env[name] ?? settings[name];
  if (!value) {
    console.error(`prepare: ${name} is not set`);
    process.exit(2);
  }
  return value;
}

const target = read("TARGET").replace(/\/$/, "");
const password = read("LOADTEST_PASSWORD");
const numbers = Object.fromEntries(
  ["MEMBERS", "THREADS"].map((name) => {
    const value = Number(read(name));
    if (!Number.isInteger(value) || value < 1 || value > 100_000) {
      console.error(`prepare: ${name}=${read(name)} is not a number from 1 to 100000`);
      process.exit(2);
    }
    return [name, value];
  }),
);

// Each request has an address of its own, as the scenarios' visitors have.
let requests = 0;
async function send(method, path, body) {
  requests += 1;
  const response = await fetch(target + path, {
    method,
    headers: {
      "x-forwarded-for": `198.18.${(requests >> 8) & 255}.${requests & 255}`,
      ...(body && { "content-type": "application/json" }),
    },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function get(path) {
  const { status, body } = await send("GET", path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.detail ?? ""}`);
  return body;
}

// Yields the items of a list, page after page.
async function* items(path) {
  const and = path.includes("?") ? "&" : "?";
  let cursor = "";
  do {
    const page = await get(path + (cursor && `${and}cursor=${encodeURIComponent(cursor)}`));
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor);
}

async function take(number, path, keep = () => true) {
  const taken = [];
  for await (const item of items(path)) {
    if (keep(item)) taken.push(item);
    if (taken.length >= number) break;
  }
  if (taken.length === 0) throw new Error(`${target}${path} has nothing that the scenarios could use`);
  return taken;
}

// Makes an account, or sees that it is there with this password.
async function member(number) {
  const handle = `loadtest-${number}`;
  const account = { handle, email: `${handle}@loadtest.invalid`, password };
  const made = await send("POST", "/v1/auth/sign-up", account);
  if (made.status === 201) return handle;
  const signedIn = await send("POST", "/v1/auth/sign-in", { login: handle, password });
  if (signedIn.status === 200) return handle;
  throw new Error(
    `${handle} cannot be made (${made.status} ${made.body.detail}), nor signed in (${signedIn.status})`,
  );
}

async function members(number) {
  const handles = [];
  for (let next = 1; next <= number; next += 8) {
    const some = Array.from({ length: Math.min(8, number - next + 1) }, (_, i) => member(next + i));
    handles.push(...(await Promise.all(some)));
  }
  return handles;
}

const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;
const folder = new URL("data/", import.meta.url);
await mkdir(folder, { recursive: true });
const write = (name, rows) =>
  writeFile(new URL(`${name}.csv`, folder), rows.map((row) => row.map(quoted).join(",")).join("\n") + "\n");

const threads = await take(numbers.THREADS, "/v1/questions?limit=100&state=open", (q) => q.answerCount > 0);
// Lists must have a second page, and few threads would be in every cache.
if (threads.length < 30)
  throw new Error(`${target} has only ${threads.length} open questions with answers; 30 are needed`);
const tags = await take(100, "/v1/tags?limit=100");
const users = await take(200, "/v1/users?limit=100");
const categories = (await get("/v1/categories")).items;
await write(
  "questions",
  threads.map((q) => [q.id]),
);
await write(
  "newsletter",
  threads.slice(0, 5).map((q) => [q.id]),
);
await write(
  "words",
  tags.map((t) => [t.tag]),
);
await write(
  "users",
  users.map((u) => [encodeURIComponent(u.handle)]),
);
await write(
  "categories",
  categories.map((c) => [c.id]),
);
await write(
  "members",
  (await members(numbers.MEMBERS)).map((handle) => [handle, password]),
);
console.log(
  `data/: ${threads.length} threads, ${users.length} users, ${tags.length} words, ${numbers.MEMBERS} members`,
);
