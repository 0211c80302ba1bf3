// Says to screen readers what changed without a change of place: loading, live updates, votes.
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";

const Context = createContext<(text: string) => void>(() => {});

/** So many sentences stay, so that one that follows at once does not take away the one before it. */
const kept = 4;

export function AnnouncerProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState<{ texts: string[]; first: number }>({ texts: [], first: 0 });
  const announce = useCallback(
    (text: string) =>
      setSaid(({ texts, first }) => {
        const all = [...texts, text];
        const gone = Math.max(0, all.length - kept);
        return { texts: all.slice(gone), first: first + gone };
      }),
    [],
  );
  return (
    <Context value={announce}>
      {children}
      <div className="unseen" role="log" aria-live="polite" data-testid="announcer">
        {said.texts.map((text, i) => (
          <p key={said.first + i}>{text}</p>
        ))}
      </div>
    </Context>
  );
}

export const useAnnounce = () => useContext(Context);
