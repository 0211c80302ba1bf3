// Which language the page speaks: what the reader chose, else what the browser prefers.
import { createContext, useContext, useEffect, useLayoutEffect, useState, type ReactNode } from "react";
import { en, type Texts } from "./en";
import { ja } from "./ja";

export type Language = "ja" | "en";

const key = "console-language";
const all: Record<Language, Texts> = { ja, en };

/** The language of the page now. The client asks for it with every request. */
export function currentLanguage(): Language {
  const chosen = localStorage.getItem(key);
  if (chosen === "ja" || chosen === "en") return chosen;
  const known = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ja" || tag === "en");
  return known === "ja" ? "ja" : "en";
}

interface Speech {
  language: Language;
  t: Texts;
  choose: (language: Language) => void;
}

const Context = createContext<Speech | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(currentLanguage);
  // Before the first paint, since lines of Japanese are higher.
  useLayoutEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    const follow = () => setLanguage(currentLanguage());
    addEventListener("languagechange", follow);
    addEventListener("storage", follow); // chosen in another tab
    return () => {
      removeEventListener("languagechange", follow);
      removeEventListener("storage", follow);
    };
  }, []);
  const choose = (chosen: Language) => {
    localStorage.setItem(key, chosen);
    setLanguage(chosen);
  };
  return <Context value={{ language, t: all[language], choose }}>{children}</Context>;
}

export function useLanguage(): Speech {
  const speech = useContext(Context);
  if (!speech) throw new Error("no LanguageProvider");
  return speech;
}

/** The words of the page. */
export const useTexts = (): Texts => useLanguage().t;
