// What a failed request means for the person who waits for it.
import { isProblem, type Problem } from "@38qa/client";
import type { Texts } from "../texts/en";

interface Result<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** Returns the data of a response, and throws the problem or what kept the request from a response. */
export async function dataOf<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response?.ok) throw error ?? new TypeError("no response");
  return data as T;
}

/** The same with the response's ETag, for If-Match. */
export async function taggedDataOf<T>(call: Promise<Result<T>>): Promise<{ data: T; tag: string }> {
  const result = await call;
  const data = await dataOf(Promise.resolve(result));
  return { data, tag: result.response?.headers.get("ETag") ?? "" };
}

export function asProblem(failure: unknown): Problem | null {
  return isProblem(failure) ? failure : null;
}

/** One sentence about the failure. The server's own sentences come in the language of the page. */
export function sentence(failure: unknown, t: Texts): string {
  if (typeof failure === "string") return failure;
  const problem = asProblem(failure);
  if (!problem) return failure instanceof TypeError ? t.connectionLost : t.failed;
  if (problem.code === "internal") return t.failed;
  const fields = problem.errors?.map((e) => `${e.field}: ${e.message}`).join(" ");
  return problem.detail ?? (fields === undefined ? problem.title : `${problem.title} ${fields}`);
}

/** What is wrong with each field, by the field's path without what is before it. */
export function byField(failure: unknown, before = ""): Map<string, string> {
  const errors = asProblem(failure)?.errors ?? [];
  return new Map(
    errors
      .map((e) => [e.field.replace(/^body\./, "").replace(before, "").replace(/[[.]\d+\]?$/, ""), e.message] as const)
      .reverse(),
  );
}
