// Dark or light: what the reader chose, else what the system prefers.
import { useSyncExternalStore } from "react";

export type Scheme = "dark" | "light";

const key = "colours";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function chosen(): Scheme | null {
  const value = localStorage.getItem(key);
  return value === "dark" || value === "light" ? value : null;
}

const now = (): Scheme => chosen() ?? (system.matches ? "dark" : "light");

function show() {
  const choice = chosen();
  document.documentElement.style.colorScheme = choice ?? "";
  for (const listener of listeners) listener();
}

show();
system.addEventListener("change", show);

export function useScheme(): [Scheme, (scheme: Scheme) => void] {
  const scheme = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, now);
  return [
    scheme,
    (choice) => {
      localStorage.setItem(key, choice);
      show();
    },
  ];
}
