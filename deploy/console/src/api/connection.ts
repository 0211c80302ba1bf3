// The one connection to the API: all operations of the client send their requests through it. The refresh token
// is in a cookie that no script can read; the page only remembers that there is one.
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
  baseUrl: location.origin,
  refreshCookie: true,
  store: inLocalStorage("console-session"),
  language: currentLanguage,
  onSessionEnd: () => {
    for (const call of ends) call();
  },
});
