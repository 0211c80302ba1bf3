// Who is signed in.
import { getSession, signOut, type TokenSet, type UserSummary } from "@38qa/client";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { connection } from "./connection";

const sessionOptions = queryOptions({
  queryKey: ["session"],
  // A visitor's page asks nothing.
  queryFn: async ({ signal }): Promise<UserSummary | null> => {
    if (!(await connection.signedIn())) return null;
    const { data } = await getSession({ signal, throwOnError: true });
    return data.user ?? null;
  },
  staleTime: Infinity,
});

/** The member who is signed in; null for visitors, undefined while that is not known. */
export const useMember = () => useQuery(sessionOptions).data;

export function useSession() {
  const queries = useQueryClient();
  /** Shows the page to somebody else: what they may do with each post differs. */
  const become = (member: UserSummary | null) => {
    queries.setQueryData(sessionOptions.queryKey, member);
    return queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  };
  return {
    become,
    async enter(tokens: TokenSet) {
      await connection.use(tokens);
      void become(tokens.user);
    },
    async leave() {
      // Whatever the server says, this browser forgets the tokens.
      await signOut({ body: {} });
      await connection.forget();
      void become(null);
    },
  };
}
