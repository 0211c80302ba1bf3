// Makes a category, or changes one: its names and where it is.
import { createCategory, updateCategory, type CategoryDefinition, type JobRun } from "@38qa/client";
import { useState, type FormEvent } from "react";
import { asProblem, byField, dataOf, sentence } from "../api/failure";
import { Dialog } from "../components/Dialog";
import { Field, Input, Select } from "../components/Field";
import { useTexts } from "../texts/language";
import { choicesOf } from "./categoryChoices";

interface Props {
  /** Absent for a new one. */
  category: CategoryDefinition | undefined;
  /** The id of the category above it, 0 for the top. */
  below: number;
  categories: CategoryDefinition[];
  reload: () => Promise<unknown>;
  onClose: () => void;
  onDone: (run: JobRun | undefined, text: string) => Promise<void>;
}

export function CategoryForm({ category, below, categories, reload, onClose, onDone }: Props) {
  const t = useTexts();
  // What was there when the form was opened: only what differs from it is sent.
  const [before] = useState({
    title: category?.title ?? "",
    slug: category?.slug ?? "",
    description: category?.description ?? "",
    parentId: below,
  });
  const [now, setNow] = useState(before);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const wrong = byField(failure);

  async function save(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      const { run } = await dataOf(category ? update(category) : create());
      await onDone(run, t.saved);
    } catch (thrown) {
      setFailure(thrown);
      setBusy(false);
      if (asProblem(thrown)?.status === 412) await reload();
    }
  }
  const create = () =>
    createCategory({
      body: {
        title: now.title,
        description: now.description,
        ...(now.slug !== "" && { slug: now.slug }),
        ...(now.parentId !== 0 && { parentId: now.parentId }),
      },
    });
  const update = ({ id, etag }: CategoryDefinition) =>
    updateCategory({
      path: { id },
      headers: { "If-Match": etag },
      body: {
        ...(now.title !== before.title && { title: now.title }),
        ...(now.slug !== before.slug && { slug: now.slug }),
        ...(now.description !== before.description && { description: now.description }),
        ...(now.parentId !== before.parentId && { parentId: now.parentId }),
      },
    });

  return (
    <Dialog title={category ? `${t.edit}: ${before.title}` : t.newCategory} onClose={onClose}>
      <form onSubmit={(e) => void save(e)} noValidate>
        {failure !== null && (
          <p className="wrong" role="alert">
            {asProblem(failure)?.status === 412 ? t.categoryChanged : wrong.size > 0 ? t.seeFields : sentence(failure, t)}
          </p>
        )}
        <Input
          label={t.name}
          wrong={wrong.get("title")}
          value={now.title}
          onChange={(title) => setNow({ ...now, title })}
          autoComplete="off"
        />
        <Input
          label={t.slug}
          hint={category ? t.slugChangeHint : t.slugHint}
          wrong={wrong.get("slug")}
          value={now.slug}
          onChange={(slug) => setNow({ ...now, slug })}
          autoComplete="off"
        />
        <Select
          label={t.parent}
          wrong={wrong.get("parentId")}
          value={String(now.parentId)}
          onChange={(value) => setNow({ ...now, parentId: Number(value) })}
          choices={[["0", t.atTheTop], ...choicesOf(categories, category?.id)]}
        />
        <Field label={t.description} wrong={wrong.get("description")}>
          {(described) => (
            <textarea
              {...described}
              rows={3}
              value={now.description}
              onChange={(e) => setNow({ ...now, description: e.target.value })}
            />
          )}
        </Field>
        <div className="row">
          <button type="submit" className="button strong" aria-disabled={busy}>
            {category ? t.save : t.make}
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
