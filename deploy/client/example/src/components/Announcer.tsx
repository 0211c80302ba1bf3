// Says to screen readers what changed without a change of place: loading, live updates, votes.
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";

const Context = createContext<(text: string) => void>(() => {});

export function AnnouncerProvider({ children }: { children: ReactNode }) {
  const [text, setText] = useState("");
  const announce = useCallback((next: string) => {
    // The same sentence twice is said twice only if it changes.
    setText((before) => (before === next ? `${next}\u00a0` : next));
  }, []);
  return (
    <Context value={announce}>
      {children}
      <div className="unseen" role="status" aria-live="polite" data-testid="announcer">{text}</div>
    </Context>
  );
}

export const useAnnounce = () => useContext(Context);
