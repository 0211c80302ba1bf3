// What administrators do with an account for good: it becomes nobody's, or a part of another.
import { anonymiseUser, getUser, mergeUsers, type AccountWork, type UserProfile } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { asProblem, dataOf, sentence } from "../api/failure";
import { useTexts } from "../texts/language";
import { useConfirm } from "./Dialog";
import { Input } from "./Field";
import { Run } from "./Run";
import { Handle } from "./Show";
import { Unfold } from "./Unfold";
import { useToasts } from "./Toasts";

export function UserWork({ user }: { user: UserProfile }) {
  const t = useTexts();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const { warn } = useToasts();
  const [work, setWork] = useState<AccountWork | null>(null);
  const [into, setInto] = useState("");
  const [wrong, setWrong] = useState<string>();
  const path = { id: user.id };

  async function anonymise() {
    if (!(await confirm(t.anonymiseSure(user.handle), t.anonymise))) return;
    try {
      setWork(await dataOf(anonymiseUser({ path })));
      await queries.invalidateQueries({ queryKey: ["users"] });
    } catch (failure) {
      warn(failure);
    }
  }

  async function merge(event: FormEvent) {
    event.preventDefault();
    setWrong(undefined);
    const handle = into.trim();
    if (handle === "") return;
    try {
      const other = await dataOf(getUser({ path: { handle } }));
      if (!(await confirm(t.mergeUserSure(user.handle, other.handle, other.id), t.merge))) return;
      setWork(await dataOf(mergeUsers({ path, body: { into: other.id } })));
      await queries.invalidateQueries({ queryKey: ["users"] });
    } catch (failure) {
      if (asProblem(failure)) setWrong(sentence(failure, t));
      else warn(failure);
    }
  }

  if (work) {
    return (
      <div className="notice" role="status">
        <p>
          {t.accountNow} <Handle handle={work.account.handle} />
        </p>
        <Run started={work.run} onEnd={() => void queries.invalidateQueries({ queryKey: ["users"] })} />
      </div>
    );
  }
  return (
    <Unfold label={t.forGood}>
      {() => (
        <>
          <p className="soft">{t.anonymiseHint}</p>
          <button type="button" className="button danger" onClick={() => void anonymise()}>
            {t.anonymise}
          </button>
          <form className="filters" onSubmit={(e) => void merge(e)}>
            <Input
              label={t.mergeInto}
              hint={t.mergeHint}
              wrong={wrong}
              value={into}
              onChange={setInto}
              autoComplete="off"
              required
            />
            <button type="submit" className="button danger">
              {t.merge}
            </button>
          </form>
        </>
      )}
    </Unfold>
  );
}
