import { createQuestion, newKey, type CategoryInfo } from "@38qa/client";
import { listQuestionsInfiniteQueryKey } from "@38qa/client/react-query";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { byField } from "../api/failure";
import { categories, site } from "../api/queries";
import { useMember } from "../api/session";
import { useAnnounce } from "../components/Announcer";
import { Failure } from "../components/Failure";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { Loading } from "../components/Loading";
import { PageHeading } from "../components/PageHeading";
import { PictureField } from "../components/PictureField";
import { useDraft } from "../components/useDraft";
import { useTexts } from "../texts/language";

const fields = ["title", "content", "categoryId", "tags"];

export default function AskPage() {
  const t = useTexts();
  const member = useMember();
  return (
    <>
      <PageHeading title={t.askTitle} />
      {member === undefined && <Loading />}
      {member === null && (
        <p className="notice">
          {t.signInToAsk} <Link href="/sign-in?to=/ask">{t.signIn}</Link>
        </p>
      )}
      {member && <AskForm />}
    </>
  );
}

function AskForm() {
  const t = useTexts();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const rules = useQuery(site());
  const known = useQuery(categories());
  const [title, setTitle] = useDraft("title");
  const [content, setContent] = useDraft("content");
  const [tags, setTags] = useDraft("tags");
  const [category, setCategory] = useState("");
  const [uploading, setUploading] = useState(false);
  // If the response is lost, pressing again does not ask again.
  const key = useMemo(newKey, [title, content, tags, category]);
  const ask = useMutation({
    mutationFn: async () => {
      const { data } = await createQuestion({
        body: {
          title,
          content,
          format: "markdown",
          tags: tags
            .split(/[,、，]/)
            .map((tag) => tag.trim())
            .filter((tag) => tag !== ""),
          categoryId: category === "" ? undefined : Number(category),
        },
        headers: { "Idempotency-Key": key },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: (question) => {
      for (const clear of [setTitle, setContent, setTags]) clear("");
      void queries.invalidateQueries({ queryKey: listQuestionsInfiniteQueryKey() });
      announce(t.asked);
      navigate(`/questions/${question.id}`);
    },
  });
  if (rules.isError || known.isError) {
    return (
      <Failure
        failure={rules.error ?? known.error}
        again={() => {
          void rules.refetch();
          void known.refetch();
        }}
      />
    );
  }
  if (!rules.data || !known.data) return <Loading />;
  const { limits, features } = rules.data;
  const wrong = byField(ask.error, fields).fields;
  return (
    <Form
      failure={ask.error}
      fields={fields}
      pending={ask.isPending || uploading}
      submit={t.postQuestion}
      onSubmit={() => ask.mutate()}>
      <Field label={t.fieldTitle} hint={t.fieldTitleHint(limits.title.min)} problem={wrong.get("title")}>
        {(aria) => (
          <input
            {...aria}
            type="text"
            value={title}
            maxLength={limits.title.max}
            required
            onChange={(event) => setTitle(event.target.value)}
          />
        )}
      </Field>
      <Field label={t.fieldText} hint={t.fieldTextHint} problem={wrong.get("content")}>
        {(aria) => (
          <textarea {...aria} rows={8} value={content} onChange={(event) => setContent(event.target.value)} />
        )}
      </Field>
      {features.uploadPictures && (
        <PictureField
          limit={limits.uploadBytes}
          onBusy={setUploading}
          onPicture={(url, name) =>
            setContent(`${content}${content === "" ? "" : "\n\n"}![${name}](${url})\n`)
          }
        />
      )}
      {features.categories !== "none" && (
        <Field label={t.fieldCategory} problem={wrong.get("categoryId")}>
          {(aria) => (
            <select
              {...aria}
              value={category}
              required={features.categories === "required"}
              onChange={(event) => setCategory(event.target.value)}>
              <option value="">{t.chooseCategory}</option>
              {flat(known.data.items).map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {features.tags && (
        <Field label={t.fieldTags} hint={t.fieldTagsHint(limits.tags.max)} problem={wrong.get("tags")}>
          {(aria) => (
            <input {...aria} type="text" value={tags} onChange={(event) => setTags(event.target.value)} />
          )}
        </Field>
      )}
    </Form>
  );
}

/** The tree of categories as lines, those below another one indented. */
function flat(tree: CategoryInfo[], depth = 0): { id: number; label: string }[] {
  return tree.flatMap(({ id, title, children }) => [
    { id, label: "\u3000".repeat(depth) + title },
    ...flat(children ?? [], depth + 1),
  ]);
}
