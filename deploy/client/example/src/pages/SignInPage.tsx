import { signIn } from "@38qa/client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { byField } from "../api/failure";
import { useSession } from "../api/session";
import { useAnnounce } from "../components/Announcer";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { PageHeading } from "../components/PageHeading";
import { useTexts } from "../texts/language";
import { ownPath } from "./ownPath";

const fields = ["login", "password"];

export default function SignInPage() {
  const t = useTexts();
  const announce = useAnnounce();
  const { enter } = useSession();
  const [, navigate] = useLocation();
  const [parameters] = useSearchParams();
  const to = ownPath(parameters.get("to"));
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const enterSite = useMutation({
    mutationFn: async () => {
      const { data } = await signIn({ body: { login, password }, throwOnError: true });
      return data;
    },
    onSuccess: async (tokens) => {
      await enter(tokens);
      announce(t.welcome(tokens.user.handle));
      navigate(to, { replace: true });
    },
  });
  const wrong = byField(enterSite.error, fields).fields;
  return (
    <div className="narrow">
      <PageHeading title={t.signIn} />
      <Form
        failure={enterSite.error}
        fields={fields}
        pending={enterSite.isPending}
        submit={t.signIn}
        onSubmit={() => enterSite.mutate()}
        more={
          <p>
            {t.noAccount} <Link href={`/sign-up?to=${encodeURIComponent(to)}`}>{t.signUp}</Link>
          </p>
        }>
        <Field label={t.fieldLogin} problem={wrong.get("login")}>
          {(aria) => (
            <input
              {...aria}
              type="text"
              autoComplete="username"
              autoCapitalize="none"
              value={login}
              onChange={(event) => setLogin(event.target.value)}
            />
          )}
        </Field>
        <Field label={t.fieldPassword} problem={wrong.get("password")}>
          {(aria) => (
            <input
              {...aria}
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </Form>
    </div>
  );
}
