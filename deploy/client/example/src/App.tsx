import { lazy, Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import { onSessionEnd } from "./api/connection";
import { useSession } from "./api/session";
import { useAnnounce } from "./components/Announcer";
import { ConnectionNotice } from "./components/Connection";
import { NotFound } from "./components/Failure";
import { Header } from "./components/Header";
import { Loading } from "./components/Loading";
import { ListPage } from "./pages/ListPage";
import { SearchPage } from "./pages/SearchPage";
import { useTexts } from "./texts/language";

// Whoever comes for the list does not wait for the other pages.
const ThreadPage = lazy(() => import("./pages/ThreadPage"));
const AskPage = lazy(() => import("./pages/AskPage"));
const SignInPage = lazy(() => import("./pages/SignInPage"));
const SignUpPage = lazy(() => import("./pages/SignUpPage"));

export function App() {
  const t = useTexts();
  const announce = useAnnounce();
  const { become } = useSession();
  useEffect(() =>
    onSessionEnd(() => {
      announce(t.sessionEnded);
      void become(null);
    }),
  );
  return (
    <>
      <a className="skip" href="#main">
        {t.skip}
      </a>
      <Header />
      <ConnectionNotice />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/">
              <ListPage />
            </Route>
            <Route path="/questions/:id">{({ id }) => <ThreadPage key={id} id={Number(id)} />}</Route>
            <Route path="/search">
              <SearchPage />
            </Route>
            <Route path="/ask">
              <AskPage />
            </Route>
            <Route path="/sign-in">
              <SignInPage />
            </Route>
            <Route path="/sign-up">
              <SignUpPage />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </main>
    </>
  );
}
