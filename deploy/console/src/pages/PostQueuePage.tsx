import {
  getSite,
  listFlaggedPosts,
  listHiddenPosts,
  listQueuedPosts,
  type ActivityItem,
} from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLoad } from "../api/load";
import * as moderate from "../api/moderate";
import { useConfirm } from "../components/Dialog";
import { Select } from "../components/Field";
import { PostHtml } from "../components/PostHtml";
import { Queue, type Action } from "../components/Queue";
import { Badge, Handle, Heading, Loaded, Time } from "../components/Show";
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
      { key: "a", label: t.approve, done: t.approved, strong: true, send: moderate.approve },
      { key: "r", label: t.reject, done: t.rejected, send: moderate.reject },
    ],
    flagged: [
      { key: "h", label: t.hide, done: t.hiddenNow, strong: true, send: moderate.hide },
      { key: "f", label: t.clearFlags, done: t.flagsCleared, send: moderate.takeFlags },
    ],
    hidden: [
      { key: "s", label: t.reshow, done: t.shownAgain, strong: true, send: moderate.reshow },
      {
        key: "d",
        label: t.deleteForGood,
        done: t.deleted,
        danger: true,
        confirm: () => confirm(t.deletePostSure, t.deleteForGood),
        send: moderate.deleteForGood,
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

/** The address of a post on the site that people read; null where the site has none. */
function addressOf(path: string | undefined, site: string | undefined): string | null {
  if (path === undefined || site === undefined || !URL.canParse(path, site)) return null;
  const { href, protocol } = new URL(path, site);
  return /^https?:$/.test(protocol) ? href : null;
}

export function Post({ item, open }: { item: ActivityItem; open: boolean }) {
  const t = useTexts();
  const site = useLoad(["site"], (signal) => getSite({ signal }));
  const { post, question } = item;
  const address = addressOf(post.path, site.data?.url);
  const title = post.type === "question" ? question.title : t.answersTo(question.title);
  return (
    <article className={open ? "post open" : "post"}>
      <p className="about">
        <Badge>{t[post.type]}</Badge>
        {item.flagCount !== undefined && item.flagCount > 0 && <Badge kind="bad">{t.flags(item.flagCount)}</Badge>}
        {item.by ? <Handle handle={item.by.handle} /> : <span>{t.anonymous}</span>}
        <Time at={item.at} />
      </p>
      <h2>{title}</h2>
      {item.text && <PostHtml html={item.text.html} />}
      {open && (
        <p className="about">
          {question.category && <span>{question.category.title}</span>}
          {question.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
          {address !== null && (
            <a href={address} target="_blank" rel="noopener noreferrer">
              {t.onSite}
            </a>
          )}
        </p>
      )}
    </article>
  );
}
