import { getSite, signIn } from "@38qa/client";
import { useState, type FormEvent } from "react";
import { dataOf } from "../api/failure";
import { useLoad } from "../api/load";
import { useSession } from "../api/session";
import { Failure, Heading } from "../components/Show";
import { Input } from "../components/Field";
import { useTexts } from "../texts/language";

export function SignInPage() {
  const t = useTexts();
  const { signedIn } = useSession();
  const site = useLoad(["site"], (signal) => getSite({ signal }));
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  async function attempt(work: () => Promise<void>) {
    if (busy) return;
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (thrown) {
      setFailure(thrown);
    } finally {
      setBusy(false);
    }
  }

  function withPassword(event: FormEvent) {
    event.preventDefault();
    void attempt(async () =>
      signedIn(await dataOf(signIn({ body: { login: login.trim(), password, refreshCookie: true } }))),
    );
  }

  function withToken(event: FormEvent) {
    event.preventDefault();
    // An API token is sent as an access token is, and never renewed.
    void attempt(() =>
      signedIn({
        accessToken: token.trim(),
        expiresIn: 10 * 365 * 24 * 3600,
        idToken: "",
        tokenType: "Bearer",
        user: { id: 0, handle: "", level: "basic" },
      }),
    );
  }

  const cognito = site.data?.accounts.issuer === "cognito";
  return (
    <div className="narrow">
      <Heading>{t.signIn}</Heading>
      {failure !== null && <Failure failure={failure} />}
      {cognito ? (
        <p>{t.cognito}</p>
      ) : (
        <form onSubmit={withPassword}>
          <Input label={t.login} value={login} onChange={setLogin} autoComplete="username" required />
          <Input
            label={t.password}
            type="password"
            value={password}
            onChange={setPassword}
            autoComplete="current-password"
            required
          />
          <button type="submit" className="button strong" aria-disabled={busy}>
            {t.signIn}
          </button>
        </form>
      )}
      <details open={cognito}>
        <summary>{t.withToken}</summary>
        <form onSubmit={withToken}>
          <Input
            label={t.token}
            hint={t.tokenHint}
            type="password"
            value={token}
            onChange={setToken}
            autoComplete="off"
            required
          />
          <button type="submit" className="button" aria-disabled={busy}>
            {t.signIn}
          </button>
        </form>
      </details>
    </div>
  );
}
