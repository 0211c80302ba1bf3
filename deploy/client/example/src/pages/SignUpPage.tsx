import { signUp } from "@38qa/client";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { byField } from "../api/failure";
import { site } from "../api/queries";
import { useSession } from "../api/session";
import { useAnnounce } from "../components/Announcer";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { PageHeading } from "../components/PageHeading";
import { useTexts } from "../texts/language";
import { ownPath } from "./ownPath";

const fields = ["handle", "email", "password"];

export default function SignUpPage() {
  const t = useTexts();
  const announce = useAnnounce();
  const { enter } = useSession();
  const [, navigate] = useLocation();
  const [parameters] = useSearchParams();
  const to = ownPath(parameters.get("to"));
  const rules = useQuery(site());
  const [handle, setHandle] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const join = useMutation({
    mutationFn: async () => {
      const { data } = await signUp({ body: { handle, email, password }, throwOnError: true });
      return data;
    },
    onSuccess: async (tokens) => {
      await enter(tokens);
      announce(t.welcome(tokens.user.handle));
      navigate(to, { replace: true });
    },
  });
  const wrong = byField(join.error, fields).fields;
  const least = rules.data?.accounts.password.min;
  return (
    <div className="narrow">
      <PageHeading title={t.signUp} />
      <Form
        failure={join.error}
        fields={fields}
        pending={join.isPending}
        submit={t.signUp}
        onSubmit={() => join.mutate()}
        more={
          <p>
            {t.haveAccount} <Link href={`/sign-in?to=${encodeURIComponent(to)}`}>{t.signIn}</Link>
          </p>
        }>
        <Field label={t.fieldHandle} hint={t.fieldHandleHint} problem={wrong.get("handle")}>
          {(aria) => (
            <input
              {...aria}
              type="text"
              autoComplete="username"
              value={handle}
              onChange={(event) => setHandle(event.target.value)}
            />
          )}
        </Field>
        <Field label={t.fieldEmail} hint={t.fieldEmailHint} problem={wrong.get("email")}>
          {(aria) => (
            <input
              {...aria}
              type="email"
              autoComplete="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </Field>
        <Field
          label={t.fieldPassword}
          hint={least === undefined ? "\u00a0" : t.fieldPasswordHint(least)}
          problem={wrong.get("password")}>
          {(aria) => (
            <input
              {...aria}
              type="password"
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
      </Form>
    </div>
  );
}
