// A post as moderators see it in lists; open it tells also of its author and its past.
import { getSite, type ActivityItem } from "@38qa/client";
import { useLoad } from "../api/load";
import { useTexts } from "../texts/language";
import { Addresses } from "./Addresses";
import { PostPast } from "./PostPast";
import { PostHtml } from "./PostHtml";
import { Badge, Handle, Time } from "./Show";

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
        <>
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
          {item.by && <Addresses handle={item.by.handle} />}
          <PostPast id={post.id} />
        </>
      )}
    </article>
  );
}
