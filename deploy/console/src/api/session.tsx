// Who is signed in, and what the console may show them. The server decides what they may do.
import { getSession, listQueuedPosts, signOut, type Session, type TokenSet } from "@38qa/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, type ReactNode } from "react";
import { connection, onSessionEnd } from "./connection";
import { dataOf } from "./failure";

export interface Rights {
  /** Moderates posts, all over or in categories. */
  posts: boolean;
  /** Moderates users. */
  users: boolean;
  administers: boolean;
}

export interface Account {
  user: NonNullable<Session["user"]>;
  rights: Rights;
}

interface State {
  /** null while nobody is signed in; undefined until that is known. */
  account: Account | null | undefined;
  failure: unknown;
  signedIn: (tokens: TokenSet) => Promise<void>;
  leave: () => Promise<void>;
  retry: () => void;
}

const levels = ["basic", "approved", "expert", "editor", "moderator", "admin", "super"];

/** Reports whether the level is at least another one. */
export const atLeast = (level: string, least: string) => levels.indexOf(level) >= levels.indexOf(least);

async function findAccount(): Promise<Account | null> {
  if (!(await connection.signedIn())) return null;
  const session = await dataOf(getSession());
  if (!session.user) return null;
  const users = atLeast(session.user.level, "moderator");
  let posts = users || session.permissions.some((p) => p === "permit_moderate" || p === "permit_hide_show");
  if (!posts && atLeast(session.user.level, "approved")) {
    // Moderators of single categories are known by what they get.
    const { response } = await listQueuedPosts({ query: { limit: 1 } });
    posts = response?.ok ?? false;
  }
  return { user: session.user, rights: { posts, users, administers: atLeast(session.user.level, "admin") } };
}

const Context = createContext<State | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ["account"], queryFn: findAccount, staleTime: Infinity });
  const forget = useCallback(() => {
    queries.removeQueries({ predicate: (q) => q.queryKey[0] !== "account" });
    queries.setQueryData(["account"], null);
  }, [queries]);
  useEffect(() => onSessionEnd(forget), [forget]);
  const state: State = {
    account: query.data,
    failure: query.data === undefined ? query.error : null,
    async signedIn(tokens) {
      await connection.use(tokens);
      const account = await findAccount();
      if (!account) throw new Error("the tokens are not good");
      queries.setQueryData(["account"], account);
    },
    async leave() {
      await signOut({ body: {} });
      await connection.forget();
      forget();
    },
    retry: () => void query.refetch(),
  };
  return <Context value={state}>{children}</Context>;
}

export function useSession(): State {
  const state = useContext(Context);
  if (!state) throw new Error("no SessionProvider");
  return state;
}

/** The account on pages that are shown only to those who have one. */
export function useAccount(): Account {
  const { account } = useSession();
  if (!account) throw new Error("nobody is signed in");
  return account;
}
