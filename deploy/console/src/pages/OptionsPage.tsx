import { listOptions, updateOptions, type SiteOption } from "@38qa/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState, type FormEvent } from "react";
import { asProblem, byField, sentence, taggedDataOf } from "../api/failure";
import { Input, Select } from "../components/Field";
import { OptionEditor, same, shownValue, type OptionValue } from "../components/OptionEditor";
import { Heading, Loaded } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useLanguage } from "../texts/language";

/** What has been changed and not yet saved: the new value of an option, or null for its default. */
export type Draft = ReadonlyMap<string, OptionValue | null>;

export default function OptionsPage() {
  const { t, language } = useLanguage();
  const queries = useQueryClient();
  const { say } = useToasts();
  const [words, setWords] = useState("");
  const [group, setGroup] = useState("");
  const [draft, setDraft] = useState<Draft>(new Map());
  const [failure, setFailure] = useState<unknown>(null);
  const query = useQuery({
    queryKey: ["options", language],
    queryFn: ({ signal }) => taggedDataOf(listOptions({ signal })),
  });
  const options = useMemo(() => query.data?.data.items ?? [], [query.data]);
  const groups = useMemo(() => [...new Set(options.map((o) => o.group))], [options]);
  const shown = useMemo(() => {
    const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
    return options.filter(
      (o) =>
        (group === "" || o.group === group) &&
        sought.every((word) => `${o.name} ${o.description} ${shownValue(o, o.value)}`.toLowerCase().includes(word)),
    );
  }, [options, group, words]);

  const change = (option: SiteOption, value: OptionValue | null | undefined) => {
    const after = new Map(draft);
    if (value === undefined || (value !== null && same(value, option.value))) after.delete(option.name);
    else after.set(option.name, value);
    setDraft(after);
  };

  async function save(event: FormEvent) {
    event.preventDefault();
    const changed: Record<string, OptionValue> = {};
    const reset: string[] = [];
    for (const [name, value] of draft) {
      if (value === null) reset.push(name);
      else changed[name] = value;
    }
    try {
      await taggedDataOf(
        updateOptions({ body: { options: changed, reset }, headers: { "If-Match": query.data?.tag ?? "" } }),
      );
      setDraft(new Map());
      setFailure(null);
      say(t.saved);
    } catch (thrown) {
      setFailure(thrown);
    }
    await queries.invalidateQueries({ queryKey: ["options"] });
  }

  const wrong = byField(failure, "options.");
  const stale = asProblem(failure)?.status === 412;
  return (
    <>
      <Heading>{t.options}</Heading>
      <form className="filters" role="search" onSubmit={(e) => e.preventDefault()}>
        <Input label={t.search} type="search" value={words} onChange={setWords} />
        <Select
          label={t.filter}
          value={group}
          onChange={setGroup}
          choices={[["", t.all], ...groups.map((g) => [g, t.groups[g] ?? g] as const)]}
        />
      </form>
      <Loaded query={query}>
        {() => (
          <form onSubmit={(e) => void save(e)}>
            <p className="soft" role="status">
              {t.optionsFound(shown.length)}
            </p>
            {groups.map((g) => {
              const own = shown.filter((o) => o.group === g);
              if (own.length === 0) return null;
              return (
                <section key={g} aria-labelledby={`group-${g}`}>
                  <h2 id={`group-${g}`}>{t.groups[g] ?? g}</h2>
                  {own.map((o) => (
                    <OptionEditor
                      key={o.name}
                      option={o}
                      draft={draft.get(o.name)}
                      wrong={wrong.get(o.name)}
                      onChange={(value) => change(o, value)}
                    />
                  ))}
                </section>
              );
            })}
            {(draft.size > 0 || failure !== null) && (
              <div className="bar" role="region" aria-label={t.save}>
                {failure !== null && (
                  <p className="wrong" role="alert">
                    {stale ? t.someoneElse : sentence(failure, t)}
                  </p>
                )}
                <p>{t.unsaved(draft.size)}</p>
                <div className="row">
                  <button type="submit" className="button strong">
                    {t.save}
                  </button>
                  <button
                    type="button"
                    className="button"
                    onClick={() => {
                      setDraft(new Map());
                      setFailure(null);
                    }}
                  >
                    {t.discard}
                  </button>
                </div>
              </div>
            )}
          </form>
        )}
      </Loaded>
    </>
  );
}
