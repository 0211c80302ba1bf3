import { createWebhook, listWebhooks, type Webhook, type WebhookKind } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useParams } from "wouter";
import { byField, dataOf } from "../api/failure";
import { useLoad } from "../api/load";
import { Input } from "../components/Field";
import { Badge, Failure, Heading, Loaded, Table, Time } from "../components/Show";
import { useTexts } from "../texts/language";
import { WebhookPage } from "./WebhookPage";

const allKinds: WebhookKind[] = [
  "question", "answer", "comment", "edit", "selected", "unselected", "closed", "reopened", "hidden", "reshown",
  "moved", "converted", "vote", "claimed",
];

export default function WebhooksPage() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <Webhooks /> : <WebhookPage id={Number(id)} />;
}

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const t = useTexts();
  if (webhook.enabled) {
    return <Badge kind={webhook.failingSince === undefined ? "good" : "bad"}>{t.enabled}</Badge>;
  }
  const { disabledReason: why } = webhook;
  return <Badge kind="bad">{(why !== undefined && t.disabledBecause[why]) || t.disabled}</Badge>;
}

function Webhooks() {
  const t = useTexts();
  const query = useLoad(["webhooks"], (signal) => listWebhooks({ signal }));
  const items = query.data?.items ?? [];
  return (
    <>
      <Heading>{t.webhooks}</Heading>
      <Loaded query={query}>
        {() =>
          items.length === 0 ? (
            <p className="nothing">{t.nothing}</p>
          ) : (
            <Table label={t.webhooks} head={[t.address, t.kinds, t.state, t.since]}>
              {items.map((webhook) => (
                <tr key={webhook.id}>
                  <th scope="row">
                    <Link href={`/webhooks/${webhook.id}`}>{webhook.url}</Link>
                  </th>
                  <td>{webhook.kinds.length === 0 ? t.allKinds : webhook.kinds.join(", ")}</td>
                  <td>
                    <WebhookState webhook={webhook} />
                  </td>
                  <td>
                    <Time at={webhook.createdAt} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      <NewWebhook />
    </>
  );
}

function NewWebhook() {
  const t = useTexts();
  const queries = useQueryClient();
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [kinds, setKinds] = useState<WebhookKind[]>([]);
  const [failure, setFailure] = useState<unknown>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const wrong = byField(failure);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure(null);
    try {
      const made = await dataOf(createWebhook({ body: { url, kinds, ...(description !== "" && { description }) } }));
      setSecret(made.secret);
      setUrl("");
      setDescription("");
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    } catch (thrown) {
      setFailure(thrown);
    }
  }
  return (
    <section aria-labelledby="new-webhook">
      <h2 id="new-webhook">{t.newWebhook}</h2>
      {failure !== null && <Failure failure={failure} />}
      {secret !== null && (
        <div className="notice" role="status">
          <p>{t.secretOnce}</p>
          <code className="log">{secret}</code>
        </div>
      )}
      <form onSubmit={(e) => void submit(e)}>
        <Input label={t.address} type="url" value={url} onChange={setUrl} wrong={wrong.get("url")} required />
        <Input
          label={t.description}
          value={description}
          onChange={setDescription}
          wrong={wrong.get("description")}
        />
        <fieldset>
          <legend>{kinds.length === 0 ? `${t.kinds}: ${t.allKinds}` : t.kinds}</legend>
          {allKinds.map((kind) => (
            <label key={kind} className="check">
              <input
                type="checkbox"
                checked={kinds.includes(kind)}
                onChange={(e) =>
                  setKinds(e.target.checked ? [...kinds, kind] : kinds.filter((other) => other !== kind))
                }
              />{" "}
              {kind}
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
