import { Link, useLocation } from "wouter";
import { useMember, useSession } from "../api/session";
import { useLanguage } from "../texts/language";
import { useAnnounce } from "./Announcer";
import { Avatar } from "./Avatar";
import { useScheme } from "./colours";
import { SearchBox } from "./SearchBox";

export function Header() {
  const { t, language, choose } = useLanguage();
  const member = useMember();
  const { leave } = useSession();
  const announce = useAnnounce();
  const [scheme, setScheme] = useScheme();
  const [path] = useLocation();
  const other = language === "ja" ? "en" : "ja";
  const otherScheme = scheme === "dark" ? "light" : "dark";
  // After signing in, people want to be where they were.
  const back = path.startsWith("/sign-") ? "" : `?to=${encodeURIComponent(path)}`;
  return (
    <header className="top">
      <Link href="/" className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path className="cell" d="M16 1.500 29 9v14.500L16 31 3 23.500V9z" />
          <path className="hole" d="M16 8.500 23 12.500v8L16 24.500l-7-4v-8z" />
        </svg>
        <span>{t.siteName}</span>
      </Link>
      <div className="find">
        <SearchBox />
        <Link href="/ask" className="button strong">
          {t.ask}
        </Link>
      </div>
      <nav className="own" aria-label={t.mainNavigation}>
        <button
          type="button"
          className="plain"
          lang={other}
          aria-label={t.languageHint}
          onClick={() => choose(other)}>
          {t.language}
        </button>
        <button
          type="button"
          className="plain"
          aria-label={t[otherScheme]}
          title={t[otherScheme]}
          onClick={() => setScheme(otherScheme)}>
          <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
            {scheme === "dark" ? (
              <>
                <circle cx="8" cy="8" r="3" />
                <path d="M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />
              </>
            ) : (
              <path d="M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z" />
            )}
          </svg>
        </button>
        {!member && (
          // Its place is kept until it is known who is there, so that nothing jumps.
          <Link
            href={`/sign-in${back}`}
            className="plain"
            style={{ visibility: member === null ? "visible" : "hidden" }}>
            {t.signIn}
          </Link>
        )}
        {member && (
          <>
            <span className="me" title={t.signedInAs(member.handle)}>
              <Avatar user={member} />
              <span className="unseen">{t.signedInAs(member.handle)}</span>
            </span>
            <button
              type="button"
              className="plain"
              title={t.signOut}
              onClick={() => {
                void leave().then(() => announce(t.signedOut));
              }}>
              <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
                <path d="M6 2.500H3v11h3M10.500 5l3 3-3 3M13 8H6.500" />
              </svg>
              <span className="unseen">{t.signOut}</span>
            </button>
          </>
        )}
      </nav>
    </header>
  );
}
