// A form whose problems come from the server: those of a field beside the field, all others above.
import { useEffect, useRef, type ReactNode, type SubmitEvent } from "react";
import { asProblem, byField, sentence } from "../api/failure";
import { useTexts } from "../texts/language";

export function Form({
  failure,
  fields,
  pending,
  submit,
  onSubmit,
  children,
  more,
}: {
  failure: unknown;
  fields: readonly string[];
  pending: boolean;
  submit: string;
  onSubmit: () => void;
  children: ReactNode;
  more?: ReactNode;
}) {
  const t = useTexts();
  const form = useRef<HTMLFormElement>(null);
  const { fields: wrong, others } = byField(failure, fields);
  // The first wrong field gets the focus; without one, what is said above.
  useEffect(() => {
    if (failure === null || failure === undefined) return;
    const first = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    (first ?? form.current?.querySelector<HTMLElement>("[role=alert]"))?.focus();
  }, [failure]);
  const send = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!pending) onSubmit();
  };
  const known = asProblem(failure)?.code === "validation" && wrong.size > 0;
  return (
    <form ref={form} className="form" onSubmit={send} noValidate>
      {failure !== null && failure !== undefined && (
        <div className="notice bad" role="alert" tabIndex={-1}>
          <p>{known ? t.problems : sentence(failure, t)}</p>
          {others.length > 0 && (
            <ul>
              {others.map((e) => (
                <li key={e.field}>
                  {e.field}: {e.message}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {children}
      <div className="form-end">
        <button type="submit" className="button strong" aria-disabled={pending}>
          {pending && <span className="spinner" aria-hidden="true" />}
          {submit}
        </button>
        {more}
      </div>
    </form>
  );
}
