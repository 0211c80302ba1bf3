// Writes an answer or a comment.
import { newKey, type Answer, type Comment } from "@38qa/client";
import { useMutation } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { byField } from "../api/failure";
import { useTexts } from "../texts/language";
import { useAnnounce } from "./Announcer";
import { Field } from "./Field";
import { Form } from "./Form";
import { useDraft } from "./useDraft";

export function ReplyForm<Reply extends Answer | Comment>({
  name,
  label,
  submit,
  send,
  onPosted,
  focus,
  more,
}: {
  /** Names the draft. */
  name: string;
  label: string;
  submit: string;
  send: (content: string, key: string) => Promise<Reply>;
  onPosted: (reply: Reply) => void;
  focus?: boolean;
  more?: ReactNode;
}) {
  const t = useTexts();
  const announce = useAnnounce();
  const [content, setContent] = useDraft(name);
  // If the response is lost, pressing again does not post again.
  const key = useMemo(newKey, [content]);
  const post = useMutation({
    mutationFn: (text: string) => send(text, key),
    onSuccess: (reply) => {
      setContent("");
      announce(t.posted);
      onPosted(reply);
    },
  });
  return (
    <Form
      failure={post.error}
      fields={["content"]}
      pending={post.isPending}
      submit={submit}
      more={more}
      onSubmit={() => post.mutate(content)}>
      <Field
        label={label}
        hint={t.answerHint}
        problem={byField(post.error, ["content"]).fields.get("content")}>
        {(aria) => (
          <textarea
            {...aria}
            rows={focus ? 3 : 6}
            value={content}
            autoFocus={focus}
            onChange={(event) => setContent(event.target.value)}
          />
        )}
      </Field>
    </Form>
  );
}
