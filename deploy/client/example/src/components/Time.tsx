import { useLanguage } from "../texts/language";

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86400], ["month", 30 * 86400], ["day", 86400], ["hour", 3600], ["minute", 60],
];

/** How long ago something was. The whole time is in the title. */
export function Time({ at }: { at: string }) {
  const { language } = useLanguage();
  const date = new Date(at);
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, length] = steps.find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const whole = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
  return (
    <time dateTime={at} title={whole.format(date)}>
      {unit === "second" ? words.format(0, "second") : words.format(Math.trunc(seconds / length), unit)}
    </time>
  );
}
