// The tree of categories with what administrators do with each.
import { listCategoryDefinitions, updateCategory, type CategoryDefinition, type JobRun } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { dataOf } from "../api/failure";
import { useLoad } from "../api/load";
import { Run } from "../components/Run";
import { Badge, Heading, Loaded } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useTexts } from "../texts/language";
import { flat } from "./categoryChoices";
import { CategoryForm } from "./CategoryForm";
import { CategoryRemoval } from "./CategoryRemoval";

/** What is being done: with the category of that id, or below it. */
type Doing = { what: "make" | "edit" | "delete" | "merge"; id: number };

export function CategoryTree() {
  const t = useTexts();
  const queries = useQueryClient();
  const { say, warn } = useToasts();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [run, setRun] = useState<JobRun | null>(null);
  const focus = useRef<string>(undefined);
  const query = useLoad(["category-definitions"], (signal) => listCategoryDefinitions({ signal }));
  const categories = query.data?.items ?? [];
  const all = flat(categories);
  const chosen = all.find(({ id }) => id === doing?.id);
  const reload = () =>
    Promise.all([["category-definitions"], ["categories"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const title = (id: number) => all.find((c) => c.id === id)?.title ?? t.noCategory;

  // A button that has moved with its category keeps the focus.
  useEffect(() => {
    if (focus.current === undefined) return;
    document.getElementById(focus.current)?.focus();
    focus.current = undefined;
  }, [query.data]);

  const changed = async (started: JobRun | undefined, text: string) => {
    setDoing(null);
    if (started) setRun(started);
    say(text);
    await reload();
  };
  const move = async (category: CategoryDefinition, by: -1 | 1) => {
    try {
      const { run: started } = await dataOf(
        updateCategory({
          path: { id: category.id },
          body: { position: category.position + by },
          headers: { "If-Match": category.etag },
        }),
      );
      focus.current = `${by < 0 ? "up" : "down"}-${category.id}`;
      await changed(started, t.moved(category.title));
    } catch (failure) {
      warn(failure);
      await reload();
    }
  };

  const branch = (siblings: CategoryDefinition[]) => (
    <ul className="tree">
      {siblings.map((category, place) => {
        const { id } = category;
        const button = (label: string, what: Doing["what"]) => (
          <button
            type="button"
            className="plain"
            aria-label={`${label}: ${category.title}`}
            onClick={() => setDoing({ what, id })}
          >
            {label}
          </button>
        );
        const arrow = (by: -1 | 1, sign: string, label: string, possible: boolean) => (
          <button
            type="button"
            id={`${by < 0 ? "up" : "down"}-${id}`}
            className="plain"
            aria-label={`${label}: ${category.title}`}
            aria-disabled={!possible}
            onClick={() => possible && void move(category, by)}
          >
            {sign}
          </button>
        );
        return (
          <li key={id} data-category={id}>
            <div>
              <strong>{category.title}</strong> <code className="soft">{category.path}</code>{" "}
              <span className="soft">{t.questionsIn(category.questionCount)}</span>{" "}
              {category.movingTo !== undefined && <Badge kind="busy">{t.movingTo(title(category.movingTo))}</Badge>}
              {category.leaving && <Badge kind="bad">{t.leaving}</Badge>}
              {category.description !== "" && <p className="soft">{category.description}</p>}
              <div className="row" role="group" aria-label={`${t.actions}: ${category.title}`}>
                {arrow(-1, "↑", t.moveUp, place > 0)}
                {arrow(1, "↓", t.moveDown, place < siblings.length - 1)}
                {button(t.edit, "edit")}
                {button(t.makeBelow, "make")}
                {button(t.merge, "merge")}
                {button(t.remove, "delete")}
              </div>
            </div>
            {category.children !== undefined && category.children.length > 0 && branch(category.children)}
          </li>
        );
      })}
    </ul>
  );

  return (
    <>
      <Heading
        aside={
          <button type="button" className="button strong" onClick={() => setDoing({ what: "make", id: 0 })}>
            {t.newCategory}
          </button>
        }
      >
        {t.categories}
      </Heading>
      {run && (
        <div className="notice" role="status">
          <p>{t.postsFollow}</p>
          <Run key={run.id} started={run} onEnd={() => void reload()} />
        </div>
      )}
      <Loaded query={query}>
        {() => (
          <>
            {categories.length === 0 ? <p className="nothing">{t.nothing}</p> : branch(categories)}
            <p className="soft">{t.withoutCategory(query.data?.uncategorizedCount ?? 0)}</p>
          </>
        )}
      </Loaded>
      {doing && (doing.what === "make" || (doing.what === "edit" && chosen)) && (
        <CategoryForm
          category={doing.what === "edit" ? chosen : undefined}
          below={doing.what === "make" ? doing.id : (chosen?.parentId ?? 0)}
          categories={categories}
          reload={reload}
          onClose={() => setDoing(null)}
          onDone={changed}
        />
      )}
      {doing && chosen && (doing.what === "delete" || doing.what === "merge") && (
        <CategoryRemoval
          category={chosen}
          merge={doing.what === "merge"}
          categories={categories}
          reload={reload}
          onClose={() => setDoing(null)}
          onDone={changed}
        />
      )}
    </>
  );
}
