// What came from an IP address, and what to do about it.
import { blockAddress, getAddress, hideAddressPosts, unblockAddress, type HiddenAddress } from "@38qa/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useLocation, useParams } from "wouter";
import { dataOf } from "../api/failure";
import { usePages } from "../api/load";
import { useLastPart } from "../api/ownPath";
import { useAccount } from "../api/session";
import { useConfirm } from "../components/Dialog";
import { Input } from "../components/Field";
import { Post } from "../components/Post";
import { Run } from "../components/Run";
import { Badge, Heading, Loaded, More } from "../components/Show";
import { useToasts } from "../components/Toasts";
import { useTexts } from "../texts/language";

export default function AddressesPage() {
  const { id } = useParams<{ id?: string }>();
  const ip = useLastPart();
  return id === undefined ? <Search /> : <AddressPage key={ip} ip={ip} />;
}

function Search() {
  const t = useTexts();
  return (
    <>
      <Heading>{t.addresses}</Heading>
      <Finder />
    </>
  );
}

function Finder() {
  const t = useTexts();
  const [, go] = useLocation();
  const [ip, setIp] = useState("");
  const [wrong, setWrong] = useState<string>();
  function open(event: FormEvent) {
    event.preventDefault();
    const sought = ip.trim();
    if (!/^[0-9A-Fa-f.:]{1,45}$/.test(sought)) setWrong(t.noAddress);
    else go(`/addresses/${encodeURIComponent(sought)}`);
  }
  return (
    <form className="filters" role="search" onSubmit={open}>
      <Input
        label={t.ipAddress}
        type="search"
        wrong={wrong}
        value={ip}
        onChange={setIp}
        autoComplete="off"
        placeholder="192.0.2.1"
      />
      <button type="submit" className="button">
        {t.search}
      </button>
    </form>
  );
}

function AddressPage({ ip }: { ip: string }) {
  const t = useTexts();
  const { rights } = useAccount();
  const query = usePages(["moderation", "address", ip], (cursor, signal) =>
    getAddress({ path: { ip }, query: { limit: 30, cursor }, signal }),
  );
  const page = query.data?.pages[0];
  return (
    <>
      <Heading>
        <bdi>{page?.address ?? ip}</bdi>
      </Heading>
      <Finder />
      <Loaded query={query}>
        {() =>
          page && (
            <>
              <p className="about">
                {page.blocked ? <Badge kind="bad">{t.blocked}</Badge> : <Badge>{t.notBlocked}</Badge>}
                {page.blockedBy.map((clause) => (
                  <code key={clause}>{clause}</code>
                ))}
                {rights.administers && (
                  <Link href={`/users?ip=${encodeURIComponent(page.address)}`}>{t.usersFromThere}</Link>
                )}
              </p>
              <AddressActions ip={page.address} blocked={page.blocked} blockedBy={page.blockedBy} />
              <h2>{t.fromThere}</h2>
              {query.items.length === 0 && <p className="nothing">{t.nothing}</p>}
              <ul className="cards">
                {query.items.map((item) => (
                  <li key={`${item.post.id} ${item.what}`}>
                    <Post item={item} open />
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Loaded>
      <More query={query} />
    </>
  );
}

function AddressActions({ ip, blocked, blockedBy }: { ip: string; blocked: boolean; blockedBy: string[] }) {
  const t = useTexts();
  const queries = useQueryClient();
  const confirm = useConfirm();
  const { rights } = useAccount();
  const { say, warn } = useToasts();
  const [busy, setBusy] = useState(false);
  const [hiding, setHiding] = useState<HiddenAddress | null>(null);
  const path = { ip };

  async function act<T>(text: string, label: string, work: () => Promise<T>, told: (result: T) => string) {
    if (busy || !(await confirm(text, label))) return;
    setBusy(true);
    try {
      say(told(await work()));
    } catch (failure) {
      warn(failure);
    } finally {
      setBusy(false);
    }
    await queries.invalidateQueries({ queryKey: ["moderation"] });
  }

  const hideAll = () =>
    act(
      t.hideFromSure(ip),
      t.hideAllFrom,
      () => dataOf(hideAddressPosts({ path })),
      (result) => {
        setHiding(result.remaining > 0 ? result : null);
        return result.remaining > 0 ? t.stillHiding(result.remaining) : t.hidAll(result.hidden);
      },
    );
  return (
    <section aria-label={t.actions}>
      <div className="row">
        {blocked ? (
          <button
            type="button"
            className="button"
            aria-disabled={busy}
            onClick={() =>
              void act(
                t.unblockAddressSure(blockedBy.join(", ")),
                t.unblock,
                () => dataOf(unblockAddress({ path })),
                () => t.unblocked,
              )
            }
          >
            {t.unblock}
          </button>
        ) : (
          <button
            type="button"
            className="button danger"
            aria-disabled={busy}
            onClick={() =>
              void act(
                t.blockAddressSure(ip),
                t.block,
                () => dataOf(blockAddress({ path })),
                () => t.blockedNow,
              )
            }
          >
            {t.block}
          </button>
        )}
        <button type="button" className="button danger" aria-disabled={busy} onClick={() => void hideAll()}>
          {t.hideAllFrom}
        </button>
      </div>
      {hiding && (
        <div className="notice" role="status">
          <p>{t.stillHiding(hiding.remaining)}</p>
          {rights.administers && hiding.run && (
            <Run
              key={hiding.run.id}
              started={hiding.run}
              onEnd={() => void queries.invalidateQueries({ queryKey: ["moderation"] })}
            />
          )}
        </div>
      )}
    </section>
  );
}
