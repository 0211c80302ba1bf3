import { createToken, listAllTokens, revokeAnyToken, type TokenScope } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { byField, dataOf } from "../api/failure";
import { usePages } from "../api/load";
import { useConfirm } from "../components/Dialog";
import { Input } from "../components/Field";
import { Badge, Failure, Handle, Heading, Loaded, More, Table, Time } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useTexts } from "../texts/language";

const allScopes: TokenScope[] = ["read", "write", "me", "moderate", "admin"];

export default function TokensPage() {
  const t = useTexts();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const { say, warn } = useToasts();
  const query = usePages(["tokens"], (cursor, signal) => listAllTokens({ query: { limit: 30, cursor }, signal }));
  async function revoke(id: number) {
    if (!(await confirm(t.revokeSure, t.revoke))) return;
    try {
      await dataOf(revokeAnyToken({ path: { id } }));
      say(t.revoked);
    } catch (failure) {
      warn(failure);
    }
    await queries.invalidateQueries({ queryKey: ["tokens"] });
  }
  return (
    <>
      <Heading>{t.tokens}</Heading>
      <Loaded query={query}>
        {() =>
          query.items.length === 0 ? (
            <p className="nothing">{t.nothing}</p>
          ) : (
            <Table label={t.tokens} head={[t.name, t.owner, t.scopes, t.expires, t.lastUsed, t.actions]}>
              {query.items.map((token) => (
                <tr key={token.id}>
                  <th scope="row">{token.name}</th>
                  <td>
                    <Handle handle={token.owner.handle} />
                  </td>
                  <td>
                    {token.scopes.map((s) => (
                      <Badge key={s}>{s}</Badge>
                    ))}
                  </td>
                  <td>
                    <Time at={token.expiresAt} />
                  </td>
                  <td>{token.lastUsedAt ? <Time at={token.lastUsedAt} /> : t.never}</td>
                  <td>
                    <button type="button" className="button danger" onClick={() => void revoke(token.id)}>
                      {t.revoke}
                    </button>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      <More query={query} />
      <NewToken made={() => void queries.invalidateQueries({ queryKey: ["tokens"] })} />
    </>
  );
}

function NewToken({ made }: { made: () => void }) {
  const t = useTexts();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [scopes, setScopes] = useState<TokenScope[]>(["read"]);
  const [failure, setFailure] = useState<unknown>(null);
  const [token, setToken] = useState<string | null>(null);
  const wrong = byField(failure);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure(null);
    try {
      const issued = await dataOf(createToken({ body: { name, scopes, expiresInDays: Number(days) } }));
      setToken(issued.token);
      setName("");
      made();
    } catch (thrown) {
      setFailure(thrown);
    }
  }
  return (
    <section aria-labelledby="new-token">
      <h2 id="new-token">{t.newToken}</h2>
      {failure !== null && <Failure failure={failure} />}
      {token !== null && (
        <div className="notice" role="status">
          <p>{t.tokenOnce}</p>
          <code className="log">{token}</code>
        </div>
      )}
      <form onSubmit={(e) => void submit(e)}>
        <Input label={t.name} value={name} onChange={setName} wrong={wrong.get("name")} required />
        <Input
          label={t.expiresInDays}
          type="number"
          min={1}
          value={days}
          onChange={setDays}
          wrong={wrong.get("expiresInDays")}
          required
        />
        <fieldset>
          <legend>{t.scopes}</legend>
          {allScopes.map((scope) => (
            <label key={scope} className="check">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(e) =>
                  setScopes(e.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
                }
              />{" "}
              {scope}
            </label>
          ))}
        </fieldset>
        <button type="submit" className="button strong">
          {t.make}
        </button>
      </form>
    </section>
  );
}
