// What is around every page: the header with the navigation, the language and the colours.
import { countQueues } from "@38qa/client";
import { useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useLoad } from "../api/load";
import { useSession } from "../api/session";
import type { Section } from "../sections";
import { useLanguage } from "../texts/language";
import { useToasts } from "./Toasts";
import { chooseTheme, currentTheme, type Theme } from "./theme";

export function Layout({ sections, children }: { sections: Section[]; children: ReactNode }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <>
      <a className="skip" href="#main">
        {t.skip}
      </a>
      <header>
        <Link className="brand" href="/">
          {t.console}
        </Link>
        {sections.length > 0 && (
          <button
            type="button"
            className="button menu"
            aria-expanded={open}
            aria-controls="navigation"
            onClick={() => setOpen(!open)}
          >
            {t.menu}
          </button>
        )}
        <Choices />
      </header>
      <div className="columns">
        {sections.length > 0 && (
          <nav id="navigation" aria-label={t.menu} className={open ? "open" : undefined}>
            <Part title={t.moderation} sections={sections.filter((s) => s.part === "moderation")} close={setOpen} />
            <Part
              title={t.administration}
              sections={sections.filter((s) => s.part === "administration")}
              close={setOpen}
            />
            <Account />
          </nav>
        )}
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

function Part(props: { title: string; sections: Section[]; close: (open: boolean) => void }) {
  const { t } = useLanguage();
  const [path] = useLocation();
  const counts = useLoad(["moderation", "counts"], (signal) => countQueues({ signal }), {
    every: 60_000,
    enabled: props.sections.some((s) => s.count !== undefined),
  });
  const countOf = ({ count }: Section) => (count === undefined ? undefined : counts.data?.[count]) ?? 0;
  if (props.sections.length === 0) return null;
  return (
    <>
      <h2>{props.title}</h2>
      <ul>
        {props.sections.map((s) => (
          <li key={s.path}>
            <Link
              href={s.path}
              aria-current={path === s.path || path.startsWith(`${s.path}/`) ? "page" : undefined}
              onClick={() => props.close(false)}
            >
              {s.title(t)} {countOf(s) > 0 && <span className="count">{countOf(s)}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Account() {
  const { t } = useLanguage();
  const { account, leave } = useSession();
  const { sendAll } = useToasts();
  if (!account) return null;
  return (
    <div className="account">
      <p className="soft">{t.signedInAs(account.user.handle)}</p>
      <button type="button" className="button" onClick={() => void sendAll().then(leave)}>
        {t.signOut}
      </button>
    </div>
  );
}

function Choices() {
  const { t, language, choose } = useLanguage();
  const [theme, setTheme] = useState(currentTheme);
  return (
    <div className="choices">
      <select
        aria-label={t.theme}
        value={theme}
        onChange={(e) => {
          chooseTheme(e.target.value as Theme);
          setTheme(currentTheme());
        }}
      >
        <option value="auto">{t.themeAuto}</option>
        <option value="light">{t.themeLight}</option>
        <option value="dark">{t.themeDark}</option>
      </select>
      <select
        aria-label={t.language}
        value={language}
        onChange={(e) => choose(e.target.value === "ja" ? "ja" : "en")}
      >
        <option value="ja" lang="ja">
          日本語
        </option>
        <option value="en" lang="en">
          English
        </option>
      </select>
    </div>
  );
}
