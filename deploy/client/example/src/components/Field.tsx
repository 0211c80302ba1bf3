// A labelled field, with its hint and what the server found wrong with it.
import type { ProblemField } from "@38qa/client";
import { useId, type ReactNode } from "react";

export interface FieldAria {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

export function Field({
  label,
  hint,
  problem,
  children,
}: {
  label: string;
  hint?: string;
  problem?: ProblemField;
  children: (aria: FieldAria) => ReactNode;
}) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, problem && `${id}-problem`]
    .filter(Boolean)
    .join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": problem !== undefined })}
      {problem && (
        <p id={`${id}-problem`} className="wrong">
          {problem.message}
        </p>
      )}
    </div>
  );
}
