// Dialogs: the browser keeps the focus in them and gives it back.
import { createContext, useCallback, useContext, useEffect, useId, useRef, useState, type ReactNode } from "react";
import { useTexts } from "../texts/language";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={onClose} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

interface Question {
  text: string;
  label: string;
  answer: (sure: boolean) => void;
}

const Context = createContext<((text: string, label: string) => Promise<boolean>) | null>(null);

/** Gives the pages useConfirm. */
export function ConfirmProvider({ children }: { children: ReactNode }) {
  const t = useTexts();
  const [question, setQuestion] = useState<Question | null>(null);
  const ask = useCallback(
    (text: string, label: string) =>
      new Promise<boolean>((resolve) => {
        setQuestion({ text, label, answer: resolve });
      }),
    [],
  );
  const answer = (sure: boolean) => {
    question?.answer(sure);
    setQuestion(null);
  };
  return (
    <Context value={ask}>
      {children}
      {question && (
        <Dialog title={t.sure} onClose={() => answer(false)}>
          <p>{question.text}</p>
          <div className="row">
            <button type="button" className="button danger" onClick={() => answer(true)}>
              {question.label}
            </button>
            <button type="button" className="button" onClick={() => answer(false)}>
              {t.cancel}
            </button>
          </div>
        </Dialog>
      )}
    </Context>
  );
}

/** Returns a function that asks whether somebody is sure. */
export function useConfirm() {
  const ask = useContext(Context);
  if (!ask) throw new Error("no ConfirmProvider");
  return ask;
}
