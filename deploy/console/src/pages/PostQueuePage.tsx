import { listFlaggedPosts, listHiddenPosts, listQueuedPosts, type ActivityItem } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLoad } from "../api/load";
import * as moderate from "../api/moderate";
import { useConfirm } from "../components/Dialog";
import { Select } from "../components/Field";
import { Post } from "../components/Post";
import { Queue, type Action } from "../components/Queue";
import { Heading, Loaded } from "../components/Show";
import { useTexts } from "../texts/language";

const lists = { queue: listQueuedPosts, flagged: listFlaggedPosts, hidden: listHiddenPosts };

type PostType = "question" | "answer" | "comment";

export function PostQueuePage({ name }: { name: keyof typeof lists }) {
  const t = useTexts();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const [type, setType] = useState<PostType | "">("");
  const query = useLoad(["moderation", name, type], (signal) =>
    lists[name]({ query: { limit: 50, ...(type !== "" && { type }) }, signal }),
  );
  const actions: Record<keyof typeof lists, Action<ActivityItem>[]> = {
    queue: [
      {
        key: "a", label: t.approve, done: t.approved, strong: true,
        send: moderate.approve,
        sendMany: moderate.withPosts("approve"),
      },
      {
        key: "r", label: t.reject, done: t.rejected,
        send: moderate.reject,
        sendMany: moderate.withPosts("reject"),
      },
    ],
    flagged: [
      {
        key: "h", label: t.hide, done: t.hiddenNow, strong: true,
        send: moderate.hide,
        sendMany: moderate.withPosts("hide"),
      },
      {
        key: "f", label: t.clearFlags, done: t.flagsCleared,
        send: moderate.takeFlags,
        sendMany: moderate.withPosts("clear-flags"),
      },
    ],
    hidden: [
      {
        key: "s", label: t.reshow, done: t.shownAgain, strong: true,
        send: moderate.reshow,
        sendMany: moderate.withPosts("reshow"),
      },
      {
        key: "d",
        label: t.deleteForGood,
        done: t.deleted,
        danger: true,
        confirm: (count) => confirm(t.deletePostsSure(count), t.deleteForGood),
        send: moderate.deleteForGood,
        sendMany: moderate.withPosts("delete"),
      },
    ],
  };
  return (
    <>
      <Heading>{t[name]}</Heading>
      <div className="filters">
        <Select
          label={t.kind}
          value={type}
          onChange={(value) => setType(value as PostType | "")}
          choices={[
            ["", t.all],
            ["question", t.question],
            ["answer", t.answer],
            ["comment", t.comment],
          ]}
        />
      </div>
      <Loaded query={query}>
        {() => (
          <Queue
            key={type}
            items={query.data?.items ?? []}
            idOf={(item) => item.post.id}
            nameOf={(item) => item.post.title ?? item.question.title}
            actions={actions[name]}
            onDone={() => void queries.invalidateQueries({ queryKey: ["moderation"] })}
            show={(item, open) => <Post item={item} open={open} />}
          />
        )}
      </Loaded>
    </>
  );
}
