// What a failed request means for the person who waits for it.
import type { Problem, ProblemField } from "@38qa/client";
import type { Texts } from "../texts/en";

/** Operations throw the server's problem document, or what fetch threw when no response came. */
export function asProblem(failure: unknown): Problem | null {
  return typeof failure === "object" && failure !== null && "code" in failure && "status" in failure
    ? (failure as Problem)
    : null;
}

export function isNotFound(failure: unknown): boolean {
  const problem = asProblem(failure);
  // An address like /questions/abc is as wrong as that of a question that is gone.
  return problem?.code === "not_found" || problem?.errors?.some((e) => e.field === "id") === true;
}

/** One sentence about the failure. The server's own sentences come in the language of the page. */
export function sentence(failure: unknown, t: Texts): string {
  const problem = asProblem(failure);
  if (!problem) return failure instanceof TypeError ? t.connectionLost : t.failed;
  switch (problem.code) {
    case "rate_limit":
    case "too_many_streams":
      return problem.detail ?? t.tooMany;
    case "unauthenticated":
    case "session_ended":
      return t.sessionEnded;
    case "internal":
      return t.failed;
    default:
      return problem.detail ?? problem.title;
  }
}

/** What is wrong with each field; and what is wrong with none of those that the form has. */
export function byField(
  failure: unknown,
  fields: readonly string[],
): {
  fields: Map<string, ProblemField>;
  others: ProblemField[];
} {
  const errors = asProblem(failure)?.errors ?? [];
  // tags[2] and tags.2 are about the field tags.
  const fieldOf = (e: ProblemField) => e.field.split(/[.[]/)[0] ?? e.field;
  return {
    fields: new Map(errors.map((e) => [fieldOf(e), e] as const).reverse()),
    others: errors.filter((e) => !fields.includes(fieldOf(e))),
  };
}
