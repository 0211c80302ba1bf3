// A labelled input with its hint and what is wrong with it.
import { useId, type InputHTMLAttributes, type ReactNode } from "react";

interface Described {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  wrong?: string;
  children: (described: Described) => ReactNode;
}

export function Field({ label, hint, wrong, children }: Props) {
  const id = useId();
  const describing = [hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`].filter(Boolean);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        "aria-describedby": describing.length > 0 ? describing.join(" ") : undefined,
        "aria-invalid": wrong !== undefined || undefined,
      })}
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong !== undefined && (
        <p className="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

type InputProps = Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> & {
  label: ReactNode;
  hint?: ReactNode;
  wrong?: string;
  onChange: (value: string) => void;
};

export function Input({ label, hint, wrong, onChange, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(described) => <input {...described} {...rest} onChange={(e) => onChange(e.target.value)} />}
    </Field>
  );
}

interface SelectProps {
  label: ReactNode;
  hint?: ReactNode;
  wrong?: string;
  value: string;
  choices: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}

export function Select({ label, hint, wrong, value, choices, onChange }: SelectProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(described) => (
        <select {...described} value={value} onChange={(e) => onChange(e.target.value)}>
          {choices.map(([v, text]) => (
            <option key={v} value={v}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
