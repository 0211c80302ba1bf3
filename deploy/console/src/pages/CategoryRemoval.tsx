// Takes a category away: its posts go to another one, or all that it has becomes another one's.
import { deleteCategory, mergeCategory, type CategoryDefinition, type CategoryTreeChange, type JobRun } from "@38qa/client";
import { useState, type FormEvent } from "react";
import { asProblem, byField, dataOf, sentence } from "../api/failure";
import { Dialog } from "../components/Dialog";
import { Select } from "../components/Field";
import { useTexts } from "../texts/language";
import { choicesOf } from "./categoryChoices";

interface Props {
  category: CategoryDefinition;
  merge: boolean;
  categories: CategoryDefinition[];
  reload: () => Promise<unknown>;
  onClose: () => void;
  onDone: (run: JobRun | undefined, text: string) => Promise<void>;
}

export function CategoryRemoval({ category, merge, categories, reload, onClose, onDone }: Props) {
  const t = useTexts();
  const [to, setTo] = useState("");
  const [failure, setFailure] = useState<unknown>(null);
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const fields = byField(failure);
  const posts = category.ownPostCount;
  const parents = !merge && (category.children ?? []).length > 0;
  const asks = merge || posts > 0;
  const label = merge ? t.merge : t.remove;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setMissing(asks && to === "");
    if (asks && to === "") return;
    setBusy(true);
    try {
      const change = await dataOf<CategoryTreeChange | undefined>(merge ? join() : remove());
      await onDone(change?.run, merge ? t.merged : t.deleted);
    } catch (thrown) {
      setFailure(thrown);
      setBusy(false);
      if (asProblem(thrown)?.status === 412) await reload();
    }
  }
  const headers = { "If-Match": category.etag };
  const path = { id: category.id };
  const join = () => mergeCategory({ path, headers, body: { into: Number(to) } });
  const remove = () => deleteCategory({ path, headers, query: asks ? { moveTo: to } : {} });

  return (
    <Dialog title={`${label}: ${category.title}`} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} noValidate>
        {failure !== null && (
          <p className="wrong" role="alert">
            {asProblem(failure)?.status === 412 ? t.categoryChanged : sentence(failure, t)}
          </p>
        )}
        <p>{parents ? t.hasCategoriesBelow : merge ? t.mergeCategoryHint : t.deleteCategoryHint(posts)}</p>
        {!parents && asks && (
          <Select
            label={merge ? t.mergeIntoCategory : t.movePostsTo}
            wrong={missing ? t.chooseOne : (fields.get("into") ?? fields.get("moveTo"))}
            value={to}
            onChange={setTo}
            choices={[
              ["", "–"],
              ...(merge ? [] : [["none", t.noCategory] as const]),
              ...choicesOf(categories, category.id),
            ]}
          />
        )}
        <div className="row">
          {!parents && (
            <button type="submit" className="button danger" aria-disabled={busy}>
              {label}
            </button>
          )}
          <button type="button" className="button" onClick={onClose}>
            {t.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
