// Keys that do something wherever the page has its focus, but where somebody writes.
import { useEffect, useRef } from "react";

export type Keys = Record<string, () => void>;

/** Calls the function of a key that is pressed without Ctrl, Alt or Meta, unless a dialog is open. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target?.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
      // Enter on a button or a link is theirs.
      if (event.key === "Enter" && target?.closest("button, a, summary")) return;
      if (document.querySelector("dialog[open]")) return;
      const call = current.current[event.key];
      if (!call) return;
      event.preventDefault();
      call();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
