// Searches as one types. The address follows, so that what was found can be shared and gone back to.
import { useEffect, useRef, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useTexts } from "../texts/language";

/** How long somebody must have stopped typing before a search begins, in milliseconds. */
const pauseOfTyping = 250;

export function SearchBox() {
  const t = useTexts();
  const [path, navigate] = useLocation();
  const [parameters] = useSearchParams();
  const searched = path === "/search" ? (parameters.get("q") ?? "") : "";
  const [text, setText] = useState(searched);
  const composing = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // Back, forward and links change what is searched for.
  useEffect(() => {
    setText(searched);
  }, [searched]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const search = (q: string, wait: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (q === searched || (q === "" && path !== "/search")) return;
      // One search is one step back, however many letters it took.
      navigate(q === "" ? "/search" : `/search?q=${encodeURIComponent(q)}`, { replace: path === "/search" });
    }, wait);
  };
  return (
    <form
      role="search"
      className="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text.trim(), 0);
      }}>
      <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="7" cy="7" r="4.500" />
        <path d="m10.500 10.500 3.500 3.500" />
      </svg>
      <input
        type="search"
        aria-label={t.searchFor}
        placeholder={t.searchPlaceholder}
        value={text}
        enterKeyHint="search"
        // A word of Japanese is searched for when it is chosen, and not letter by letter.
        onCompositionStart={() => {
          composing.current = true;
        }}
        onCompositionEnd={(event) => {
          composing.current = false;
          search(event.currentTarget.value.trim(), pauseOfTyping);
        }}
        onChange={(event) => {
          setText(event.target.value);
          if (!composing.current) search(event.target.value.trim(), pauseOfTyping);
        }}
      />
    </form>
  );
}
