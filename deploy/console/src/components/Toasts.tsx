// What was done, told for some seconds. An action that can be taken back is sent only when they are over; until
// then the page shows it as done.
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { sentence } from "../api/failure";
import { useTexts } from "../texts/language";
import { useKeys } from "./keys";

export interface Held {
  text: string;
  /** Sends the action. keepalive lets the request outlive the page. */
  send: (keepalive: boolean) => Promise<unknown>;
  /** Shows again what the action took away, when it was taken back or failed. */
  restore: () => void;
}

interface Toasts {
  say: (text: string) => void;
  /** Tells of a failure, or says a sentence as one. */
  warn: (failure: unknown) => void;
  hold: (held: Held) => void;
  /** Sends what is still held back, and waits until that is done. */
  sendAll: () => Promise<void>;
}

interface Toast {
  id: number;
  text: string;
  bad?: boolean;
  held?: Held;
}

/** How long a toast is there, in milliseconds. */
const shown = 8_000;

const Context = createContext<Toasts | null>(null);

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useTexts();
  const [toasts, setToasts] = useState<Toast[]>([]);
  const live = useRef(new Map<number, { toast: Toast; timer: number }>());
  const last = useRef(0);

  const functions = useMemo(() => {
    const take = (id: number): Toast | undefined => {
      const entry = live.current.get(id);
      if (!entry) return undefined;
      clearTimeout(entry.timer);
      live.current.delete(id);
      setToasts((all) => all.filter((toast) => toast.id !== id));
      return entry.toast;
    };
    const add = (toast: Omit<Toast, "id">) => {
      const id = ++last.current;
      const whole = { ...toast, id };
      live.current.set(id, { toast: whole, timer: window.setTimeout(() => void end(id), shown) });
      setToasts((all) => [...all, whole].slice(-6));
    };
    const end = async (id: number, keepalive = false) => {
      const held = take(id)?.held;
      try {
        await held?.send(keepalive);
      } catch (failure) {
        held?.restore();
        warn(failure);
      }
    };
    const undo = (id: number) => {
      const held = take(id)?.held;
      if (!held) return;
      held.restore();
      say(t.undone);
    };
    const undoLast = () => {
      const held = [...live.current.values()].filter(({ toast }) => toast.held).at(-1);
      if (held) undo(held.toast.id);
    };
    const say = (text: string) => add({ text });
    const warn = (failure: unknown) => add({ text: sentence(failure, t), bad: true });
    const hold = (held: Held) => add({ text: held.text, held });
    const sendAll = async (keepalive = false) => {
      await Promise.all([...live.current.keys()].map((id) => end(id, keepalive)));
    };
    return { say, warn, hold, end, undo, undoLast, sendAll };
  }, [t]);

  useEffect(() => {
    const left = () => void functions.sendAll(true);
    addEventListener("pagehide", left);
    return () => removeEventListener("pagehide", left);
  }, [functions]);
  useKeys({ z: functions.undoLast });

  return (
    <Context value={functions}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={toast.bad ? "toast bad" : "toast"}>
            <span>{toast.text}</span>
            {toast.held && (
              <button type="button" className="plain" onClick={() => functions.undo(toast.id)}>
                {t.undo} <kbd>z</kbd>
              </button>
            )}
            <button type="button" className="plain" aria-label={t.close} onClick={() => void functions.end(toast.id)}>
              ×
            </button>
          </div>
        ))}
      </div>
    </Context>
  );
}

export function useToasts(): Toasts {
  const toasts = useContext(Context);
  if (!toasts) throw new Error("no ToastProvider");
  return toasts;
}
