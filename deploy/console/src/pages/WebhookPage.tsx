import {
  deleteWebhook,
  getWebhook,
  listDeliveries,
  replayDelivery,
  rotateSecret,
  testWebhook,
  updateWebhook,
  type DeliveryState,
  type Webhook,
} from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { dataOf } from "../api/failure";
import { useLoad, usePages } from "../api/load";
import { useConfirm } from "../components/Dialog";
import { Select } from "../components/Field";
import { Badge, Facts, Heading, Loaded, More, Table, Time } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useTexts } from "../texts/language";
import { WebhookState } from "./WebhooksPage";

export function WebhookPage({ id }: { id: number }) {
  const t = useTexts();
  const query = useLoad(["webhooks", id], (signal) => getWebhook({ path: { id }, signal }));
  return (
    <>
      <Heading>{query.data?.url ?? t.webhooks}</Heading>
      <Loaded query={query}>
        {() =>
          query.data && (
            <>
              <Facts
                facts={[
                  [t.state, <WebhookState key="state" webhook={query.data} />],
                  [t.description, query.data.description ?? "–"],
                  [t.kinds, query.data.kinds.length === 0 ? t.allKinds : query.data.kinds.join(", ")],
                ]}
              />
              <WebhookActions webhook={query.data} />
              <Deliveries id={id} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function useAct() {
  const queries = useQueryClient();
  const { say, warn } = useToasts();
  return async (work: Promise<unknown>, text: string) => {
    try {
      await work;
      say(text);
    } catch (failure) {
      warn(failure);
    }
    await queries.invalidateQueries({ queryKey: ["webhooks"] });
  };
}

function WebhookActions({ webhook }: { webhook: Webhook }) {
  const t = useTexts();
  const confirm = useConfirm();
  const act = useAct();
  const [, navigate] = useLocation();
  const [secret, setSecret] = useState<string | null>(null);
  const path = { id: webhook.id };
  async function rotate() {
    await act(
      dataOf(rotateSecret({ path, body: {} })).then((issued) => setSecret(issued.secret)),
      t.done,
    );
  }
  async function remove() {
    if (!(await confirm(t.webhookSure, t.remove))) return;
    await act(
      dataOf(deleteWebhook({ path })).then(() => navigate("/webhooks")),
      t.deleted,
    );
  }
  return (
    <>
      {secret !== null && (
        <div className="notice" role="status">
          <p>{t.secretOnce}</p>
          <code className="log">{secret}</code>
        </div>
      )}
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => void act(dataOf(updateWebhook({ path, body: { enabled: !webhook.enabled } })), t.saved)}
        >
          {webhook.enabled ? t.switchOff : t.switchOn}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => void act(dataOf(testWebhook({ path })), t.tested)}
        >
          {t.test}
        </button>
        <button type="button" className="button" onClick={() => void rotate()}>
          {t.rotate}
        </button>
        <button type="button" className="button danger" onClick={() => void remove()}>
          {t.remove}
        </button>
      </div>
    </>
  );
}

function Deliveries({ id }: { id: number }) {
  const t = useTexts();
  const act = useAct();
  const [state, setState] = useState<DeliveryState | "">("");
  const query = usePages(["webhooks", id, "deliveries", state], (cursor, signal) =>
    listDeliveries({ path: { id }, query: { limit: 30, cursor, ...(state !== "" && { state }) }, signal }),
  );
  return (
    <section aria-labelledby="deliveries">
      <h2 id="deliveries">{t.deliveries}</h2>
      <div className="filters">
        <Select
          label={t.state}
          value={state}
          onChange={(value) => setState(value as DeliveryState | "")}
          choices={[["", t.all], ...Object.entries(t.deliveryStates)]}
        />
      </div>
      <Loaded query={query}>
        {() =>
          query.items.length === 0 ? (
            <p className="nothing">{t.nothing}</p>
          ) : (
            <Table label={t.deliveries} head={[t.when, t.kind, t.state, t.attempts, t.response, t.actions]}>
              {query.items.map((d) => (
                <tr key={d.id}>
                  <td>
                    <Time at={d.createdAt} />
                  </td>
                  <td>{d.kind}</td>
                  <td>
                    <Badge kind={d.state === "delivered" ? "good" : d.state === "failed" ? "bad" : undefined}>
                      {t.deliveryStates[d.state] ?? d.state}
                    </Badge>
                  </td>
                  <td className="number">{d.attempts}</td>
                  <td>{[d.responseStatus, d.failure].filter((v) => v !== undefined).join(" ")}</td>
                  <td>
                    <button
                      type="button"
                      className="button"
                      onClick={() => void act(dataOf(replayDelivery({ path: { id, delivery: d.id } })), t.replayed)}
                    >
                      {t.replay}
                    </button>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
      <More query={query} />
    </section>
  );
}
