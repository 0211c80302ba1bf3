// The text of a post: HTML that the API has made safe. Pictures and frames of other sites are not loaded, since
// that would tell their owners who moderates; they are shown as links.
import { useEffect, useRef } from "react";
import { useTexts } from "../texts/language";
import type { Texts } from "../texts/en";

/** Origins from which pictures of the site come, as the server has put them into the page. */
const allowed = [location.origin, ...(document.documentElement.dataset.images ?? "").split(" ")].filter(Boolean);

function prepare(html: string, t: Texts): DocumentFragment {
  // Inline styles are refused by the page's policy, also while they are parsed.
  const parsed = new DOMParser().parseFromString(html.replace(/\sstyle\s*=\s*("[^"]*"|'[^']*')/gi, ""), "text/html");
  const fragment = document.createDocumentFragment();
  for (const element of parsed.body.querySelectorAll("img, iframe, video, audio, embed, object")) {
    const address = element.getAttribute("src") ?? element.getAttribute("data") ?? "";
    const url = URL.canParse(address, location.origin) ? new URL(address, location.origin) : null;
    if (element instanceof HTMLImageElement && url && allowed.includes(url.origin)) {
      element.loading = "lazy";
      if (!element.alt) element.alt = t.image;
      continue;
    }
    const link = parsed.createElement("a");
    if (url && /^https?:$/.test(url.protocol)) link.href = url.href;
    link.textContent = `${element instanceof HTMLImageElement ? t.externalImage : t.externalFrame} ${address}`;
    element.replaceWith(link);
  }
  for (const link of parsed.body.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  fragment.append(...parsed.body.childNodes);
  return fragment;
}

export function PostHtml({ html }: { html: string }) {
  const t = useTexts();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.replaceChildren(prepare(html, t));
  }, [html, t]);
  return <div className="post-text" ref={element} />;
}
