import { Suspense, useEffect, useRef } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { useSession } from "./api/session";
import { Layout } from "./components/Layout";
import { Failure, Heading } from "./components/Show";
import { SignInPage } from "./pages/SignInPage";
import { mayOpen, sections } from "./sections";
import { useTexts } from "./texts/language";

/** Gives the heading of a page the focus when the reader has gone there. */
function useFocusAndTitle() {
  const t = useTexts();
  const [path] = useLocation();
  const first = useRef(true);
  const section = sections.find((s) => path === s.path || path.startsWith(`${s.path}/`));
  useEffect(() => {
    document.title = section ? `${section.title(t)} – ${t.console}` : t.console;
  }, [section, t]);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus();
  }, [path]);
}

export function App() {
  const t = useTexts();
  const { account, failure, retry, leave } = useSession();
  useFocusAndTitle();
  if (account === undefined) {
    return (
      <Layout sections={[]}>
        {failure ? <Failure failure={failure} retry={retry} /> : <p className="loading">{t.loading}</p>}
      </Layout>
    );
  }
  if (account === null) {
    return (
      <Layout sections={[]}>
        <SignInPage />
      </Layout>
    );
  }
  const { posts, users, administers } = account.rights;
  if (!posts && !users && !administers) {
    return (
      <Layout sections={[]}>
        <Heading>{t.console}</Heading>
        <p role="alert">{t.noRights}</p>
        <button type="button" className="button" onClick={() => void leave()}>
          {t.signOut}
        </button>
      </Layout>
    );
  }
  const open = sections.filter((s) => mayOpen(s, account.rights));
  return (
    <Layout sections={open}>
      <Suspense fallback={<p className="loading">{t.loading}</p>}>
        <Switch>
          <Route path="/">
            <Redirect to={open[0]?.path ?? "/categories"} replace />
          </Route>
          {open.map(({ path, Page, nested }) => (
            <Route key={path} path={nested ? `${path}/:id?` : path}>
              <Page />
            </Route>
          ))}
          <Route>
            <Heading>{t.console}</Heading>
            <p>{t.noPage}</p>
          </Route>
        </Switch>
      </Suspense>
    </Layout>
  );
}
