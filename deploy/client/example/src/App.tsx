import { useEffect } from "react";
import { Route, Switch } from "wouter";
import { onSessionEnd } from "./api/connection";
import { useSession } from "./api/session";
import { useAnnounce } from "./components/Announcer";
import { ConnectionNotice } from "./components/Connection";
import { NotFound } from "./components/Failure";
import { Header } from "./components/Header";
import { AskPage } from "./pages/AskPage";
import { ListPage } from "./pages/ListPage";
import { SearchPage } from "./pages/SearchPage";
import { SignInPage } from "./pages/SignInPage";
import { SignUpPage } from "./pages/SignUpPage";
import { ThreadPage } from "./pages/ThreadPage";
import { useTexts } from "./texts/language";

export function App() {
  const t = useTexts();
  const announce = useAnnounce();
  const { become } = useSession();
  useEffect(() => onSessionEnd(() => { announce(t.sessionEnded); void become(null); }));
  return (
    <>
      <a className="skip" href="#main">{t.skip}</a>
      <Header />
      <ConnectionNotice />
      <main id="main" tabIndex={-1}>
        <Switch>
          <Route path="/"><ListPage /></Route>
          <Route path="/questions/:id">{({ id }) => <ThreadPage key={id} id={Number(id)} />}</Route>
          <Route path="/search"><SearchPage /></Route>
          <Route path="/ask"><AskPage /></Route>
          <Route path="/sign-in"><SignInPage /></Route>
          <Route path="/sign-up"><SignUpPage /></Route>
          <Route><NotFound /></Route>
        </Switch>
      </main>
    </>
  );
}
