// The heading of a page. After a navigation it gets the focus, so that keyboards and screen readers begin
// there.
import { useEffect, useRef, type ReactNode } from "react";
import { useTexts } from "../texts/language";

let navigations = 0;
let byHistory = false;

addEventListener("popstate", () => {
  byHistory = true;
});

export function PageHeading({
  title,
  lang,
  className,
  children,
}: {
  title: string;
  lang?: string;
  className?: string;
  children?: ReactNode;
}) {
  const t = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === "" ? t.siteName : `${title} – ${t.siteName}`;
  }, [title, t]);
  useEffect(() => {
    // The first page of a visit begins where the browser begins. Back and forward go where one was.
    if (navigations++ > 0) {
      if (!byHistory) scrollTo(0, 0);
      // A field that asked for the focus keeps it.
      if (!(document.activeElement instanceof HTMLInputElement))
        heading.current?.focus({ preventScroll: true });
    }
    byHistory = false;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} lang={lang} className={className}>
      {children ?? title}
    </h1>
  );
}
