// What moderators and administrators do with an account.
import {
  approveUser,
  blockUser,
  disapproveUser,
  hideUserPosts,
  sendPasswordReset,
  setLevel,
  unblockUser,
  type UserProfile,
} from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { dataOf } from "../api/failure";
import { atLeast, useAccount } from "../api/session";
import { useTexts } from "../texts/language";
import { useConfirm } from "./Dialog";
import { Field } from "./Field";
import { useToasts } from "./Toasts";

const levels = ["basic", "approved", "expert", "editor", "moderator", "admin", "super"] as const;

export function UserActions({ user }: { user: UserProfile }) {
  const t = useTexts();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const { say, warn } = useToasts();
  const [busy, setBusy] = useState(false);
  const path = { handle: user.handle };

  async function act<T>(work: () => Promise<T>, told: (result: T) => string) {
    if (busy) return;
    setBusy(true);
    try {
      say(told(await work()));
    } catch (failure) {
      warn(failure);
    } finally {
      setBusy(false);
    }
    await Promise.all(
      [
        ["user", user.handle],
        ["user-history", user.id],
        ["users"],
        ["activity", user.handle],
        ["moderation"],
      ].map((queryKey) => queries.invalidateQueries({ queryKey })),
    );
  }

  async function block() {
    if (await confirm(t.blockSure(user.handle), t.block)) {
      await act(() => dataOf(blockUser({ path })), () => t.blockedNow);
    }
  }

  async function hideAll() {
    if (!(await confirm(t.hideAllSure(user.handle), t.hideAll))) return;
    await act(() => dataOf(hideUserPosts({ path })), ({ hidden }) => t.hidAll(hidden));
  }

  const button = (label: string, call: () => Promise<void>, look = "") => (
    <button type="button" className={`button ${look}`} aria-disabled={busy} onClick={() => void call()}>
      {label}
    </button>
  );
  return (
    <section aria-label={t.actions}>
      <div className="row">
        {user.blocked
          ? button(t.unblock, () => act(() => dataOf(unblockUser({ path })), () => t.unblocked))
          : button(t.block, block, "danger")}
        {button(t.hideAll, hideAll, "danger")}
        {user.level === "basic" &&
          !user.blocked &&
          button(t.approve, () => act(() => dataOf(approveUser({ path })), () => t.approved))}
        {user.level === "approved" &&
          button(t.disapprove, () => act(() => dataOf(disapproveUser({ path })), () => t.disapproved))}
        {button(t.passwordReset, () => act(() => dataOf(sendPasswordReset({ path })), () => t.resetSent))}
      </div>
      <LevelForm
        user={user}
        save={(level) => act(() => dataOf(setLevel({ path, body: { level } })), () => t.levelSaved)}
      />
    </section>
  );
}

function LevelForm({ user, save }: { user: UserProfile; save: (level: (typeof levels)[number]) => Promise<void> }) {
  const t = useTexts();
  const account = useAccount();
  const [level, setLevelTo] = useState(user.level);
  // Nobody gives a level that is not below their own; only super administrators make others of them.
  const offered = levels.filter(
    (l) => l === user.level || account.user.level === "super" || !atLeast(l, account.user.level),
  );
  return (
    <form
      className="filters"
      onSubmit={(e) => {
        e.preventDefault();
        if (level !== user.level) void save(level);
      }}
    >
      <Field label={t.level}>
        {(described) => (
          <select {...described} value={level} onChange={(e) => setLevelTo(e.target.value as typeof level)}>
            {offered.map((l) => (
              <option key={l} value={l}>
                {t.levels[l] ?? l}
              </option>
            ))}
          </select>
        )}
      </Field>
      <button type="submit" className="button" aria-disabled={level === user.level}>
        {t.save}
      </button>
    </form>
  );
}
