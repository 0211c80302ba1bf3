import { useLanguage, type Language } from "../texts/language";

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

interface Formats {
  ago: Intl.RelativeTimeFormat;
  whole: Intl.DateTimeFormat;
}

// Making one takes longer than using it a hundred times.
const made = new Map<Language, Formats>();

function formats(language: Language): Formats {
  const known = made.get(language) ?? {
    ago: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
    whole: new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }),
  };
  made.set(language, known);
  return known;
}

/** How long ago something was. The whole time is in the title. */
export function Time({ at }: { at: string }) {
  const { language } = useLanguage();
  const date = new Date(at);
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, length] = steps.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  const { ago, whole } = formats(language);
  return (
    <time dateTime={at} title={whole.format(date)}>
      {unit === "second" ? ago.format(0, "second") : ago.format(Math.trunc(seconds / length), unit)}
    </time>
  );
}
