// The one connection to the API: all operations of the client send their requests through it.
import { connect, inLocalStorage } from "@38qa/client";
import { currentLanguage } from "../texts/language";

const ends = new Set<() => void>();

/** Calls the function when nobody is signed in any more. Returns what stops that. */
export function onSessionEnd(call: () => void): () => void {
  ends.add(call);
  return () => {
    ends.delete(call);
  };
}

export const connection = connect({
  baseUrl: import.meta.env.VITE_API_URL,
  store: inLocalStorage(),
  language: currentLanguage,
  onSessionEnd: () => {
    for (const call of ends) call();
  },
});
