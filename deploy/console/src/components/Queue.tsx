// A list that is worked off with the keyboard: an entry is selected, actions take entries away.
import type { Problem } from "@38qa/client";
import { useEffect, useReducer, useRef, useState, type ReactNode } from "react";
import { sentence } from "../api/failure";
import { useTexts } from "../texts/language";
import { Dialog } from "./Dialog";
import { useKeys, type Keys } from "./keys";
import { SelectedBar } from "./SelectedBar";
import { useSelection } from "./selection";
import { useToasts } from "./Toasts";

/** What became of one entry of an action for many. */
export interface Outcome {
  id: number;
  done: boolean;
  problem?: Problem;
}

export interface Action<Item> {
  key: string;
  label: string;
  done: string;
  strong?: boolean;
  danger?: boolean;
  /** Asks before it is done; false keeps the entry. */
  confirm?: (count: number) => Promise<boolean>;
  send: (item: Item, keepalive: boolean) => Promise<unknown>;
  /** The same for many at once; it says what became of each. */
  sendMany: (ids: number[], keepalive: boolean) => Promise<Outcome[]>;
}

interface Props<Item> {
  items: Item[];
  idOf: (item: Item) => number;
  nameOf: (item: Item) => string;
  actions: Action<Item>[];
  /** Is called when an action has been done, to load the list again. */
  onDone: () => void;
  show: (item: Item, open: boolean) => ReactNode;
}

export function Queue<Item>({ items, idOf, nameOf, actions, onDone, show }: Props<Item>) {
  const t = useTexts();
  const { hold, warn } = useToasts();
  const [gone, setGone] = useState<ReadonlySet<number>>(new Set());
  // By its id, since the list may be loaded again with new entries before it; the place is for when it is gone.
  const [selected, setSelected] = useState<{ id: number | null; place: number }>({ id: null, place: 0 });
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [help, setHelp] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const focusNext = useRef(false);
  const left = items.filter((item) => !gone.has(idOf(item)));
  const found = left.findIndex((item) => idOf(item) === selected.id);
  const at = found >= 0 ? found : Math.min(selected.place, left.length - 1);
  const selection = useSelection(left.map(idOf));
  const [failed, setFailed] = useState<{ name: string; why: string }[]>([]);
  const [, moveFocus] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    const entry = list.current?.children[at];
    if (entry instanceof HTMLElement) {
      entry.focus({ preventScroll: true });
      entry.scrollIntoView({ block: "nearest" });
    } else {
      document.querySelector<HTMLElement>("main h1")?.focus();
    }
  });

  const select = (index: number) => {
    const place = Math.max(0, Math.min(left.length - 1, index));
    const item = left[place];
    focusNext.current = true;
    moveFocus();
    setSelected({ id: item === undefined ? null : idOf(item), place });
  };
  const toggle = (item: Item | undefined) => {
    if (!item) return;
    const id = idOf(item);
    setOpened((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  };
  const bringBack = (ids: readonly number[]) =>
    setGone((before) => {
      const after = new Set(before);
      for (const id of ids) after.delete(id);
      return after;
    });
  const actOnMany = async (action: Action<Item>) => {
    const items = left.filter((item) => selection.chosen.has(idOf(item)));
    const ids = items.map(idOf);
    if (action.confirm && !(await action.confirm(ids.length))) return;
    const restore = () => {
      bringBack(ids);
      selection.choose(ids);
    };
    const send = async (keepalive: boolean) => {
      const outcomes = await action.sendMany(ids, keepalive);
      const refused = outcomes.filter((outcome) => !outcome.done);
      bringBack(refused.map((outcome) => outcome.id));
      setFailed(
        refused.map(({ id, problem }) => {
          const item = items.find((i) => idOf(i) === id);
          return { name: item === undefined ? String(id) : nameOf(item), why: sentence(problem, t) };
        }),
      );
      if (refused.length > 0) warn(t.someFailed(refused.length, ids.length));
      onDone();
    };
    setFailed([]);
    selection.choose([]);
    setGone((before) => new Set([...before, ...ids]));
    focusNext.current = true;
    setSelected({ id: null, place: left.findIndex((item) => ids.includes(idOf(item))) });
    if (!action.confirm) {
      hold({ text: `${action.done}: ${t.selected(ids.length)}`, send, restore });
      return;
    }
    try {
      await send(false);
    } catch (failure) {
      restore();
      warn(failure);
    }
  };
  const act = async (action: Action<Item>, item: Item | undefined) => {
    if (!item) return;
    const id = idOf(item);
    const place = left.indexOf(item);
    const away = () => {
      setGone((before) => new Set(before).add(id));
      focusNext.current = true;
      setSelected({ id: null, place });
    };
    const back = () => bringBack([id]);
    if (action.confirm) {
      // What was confirmed is not held back besides.
      if (!(await action.confirm(1))) return;
      away();
      try {
        await action.send(item, false);
        onDone();
      } catch (failure) {
        back();
        warn(failure);
      }
      return;
    }
    away();
    hold({
      text: `${action.done}: ${nameOf(item)}`,
      send: async (keepalive) => {
        await action.send(item, keepalive);
        onDone();
      },
      restore: back,
    });
  };

  const mark = (item: Item | undefined, range: boolean) => {
    if (item !== undefined) selection.toggle(idOf(item), range);
  };
  const keys: Keys = {
    j: () => select(document.activeElement?.closest("[data-entry]") ? at + 1 : at),
    k: () => select(at - 1),
    Enter: () => toggle(left[at]),
    "?": () => setHelp(true),
    x: () => mark(left[at], false),
    X: () => mark(left[at], true),
  };
  const many = selection.chosen.size > 0;
  for (const action of actions) {
    keys[action.key] = () => void (many ? actOnMany(action) : act(action, left[at]));
  }
  useKeys(keys);

  return (
    <>
      <p className="row">
        <button type="button" className="button" onClick={() => setHelp(true)}>
          {t.keys} <kbd>?</kbd>
        </button>
        {left.length > 1 && (
          <button
            type="button"
            className="button"
            onClick={() => selection.choose(many ? [] : left.map(idOf))}
          >
            {many ? t.selectNone : t.selectAll}
          </button>
        )}
      </p>
      {failed.length > 0 && (
        <div className="notice bad" role="alert">
          <ul>
            {failed.map(({ name, why }, i) => (
              <li key={i}>
                <strong>{name}</strong>: {why}
              </li>
            ))}
          </ul>
          <button type="button" className="button" onClick={() => setFailed([])}>
            {t.close}
          </button>
        </div>
      )}
      {left.length === 0 && <p className="nothing">{t.queueEmpty}</p>}
      <ul className="queue" ref={list}>
        {left.map((item, index) => {
          const id = idOf(item);
          const open = opened.has(id);
          return (
            <li
              key={id}
              data-entry={id}
              tabIndex={-1}
              aria-current={index === at || undefined}
              onFocus={() => setSelected({ id, place: index })}
            >
              <input
                type="checkbox"
                className="pick"
                aria-label={t.selectOne(nameOf(item))}
                checked={selection.chosen.has(id)}
                onClick={(e) => mark(item, e.shiftKey)}
                onChange={() => undefined}
              />
              {show(item, open)}
              <div className="row">
                {actions.map((action) => (
                  <button
                    key={action.key}
                    type="button"
                    className={`button${action.strong ? " strong" : ""}${action.danger ? " danger" : ""}`}
                    onClick={() => void act(action, item)}
                  >
                    {action.label}
                  </button>
                ))}
                <button type="button" className="button" aria-expanded={open} onClick={() => toggle(item)}>
                  {t.details}
                </button>
              </div>
            </li>
          );
        })}
      </ul>
      {many && (
        <SelectedBar
          count={selection.chosen.size}
          actions={actions}
          act={(action) => void actOnMany(action)}
        />
      )}
      {help && (
        <Dialog title={t.keys} onClose={() => setHelp(false)}>
          <dl className="keys">
            {(
              [
                ["j", t.keyNext],
                ["k", t.keyPrevious],
                ["Enter", t.keyOpen],
                ["x", t.keySelect],
                ["X", t.keySelectRange],
                ...actions.map((a) => [a.key, a.label] as const),
                ["z", t.keyUndo],
                ["?", t.keyHelp],
              ] as const
            ).map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
          <button type="button" className="button" onClick={() => setHelp(false)}>
            {t.close}
          </button>
        </Dialog>
      )}
    </>
  );
}
