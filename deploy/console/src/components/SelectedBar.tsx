// What can be done with the selected entries of a queue, at the foot of the screen.
import { useTexts } from "../texts/language";
import type { Action } from "./Queue";

interface Props<Item> {
  count: number;
  actions: Action<Item>[];
  act: (action: Action<Item>) => void;
}

export function SelectedBar<Item>({ count, actions, act }: Props<Item>) {
  const t = useTexts();
  return (
    <div className="bar row" role="group" aria-label={t.withSelected}>
      <span role="status">{t.selected(count)}</span>
      {actions.map((action) => (
        <button
          key={action.key}
          type="button"
          className={`button${action.strong ? " strong" : ""}${action.danger ? " danger" : ""}`}
          onClick={() => act(action)}
        >
          {action.label} <kbd>{action.key}</kbd>
        </button>
      ))}
    </div>
  );
}
