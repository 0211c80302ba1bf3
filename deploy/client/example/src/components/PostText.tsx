import { languageOf } from "../texts/language";

/** The text of a post. The server made its HTML safe, whatever was stored. */
export function PostText({ html, content }: { html: string; content: string }) {
  return <div className="post-text" lang={languageOf(content)} dangerouslySetInnerHTML={{ __html: html }} />;
}
