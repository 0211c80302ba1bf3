import { useSyncExternalStore } from "react";
import { onlineManager } from "@tanstack/react-query";
import { useTexts } from "../texts/language";

/** Says that there is no connection, for as long as there is none. */
export function ConnectionNotice() {
  const t = useTexts();
  const online = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  return <div role="status">{!online && <p className="notice offline">{t.offline}</p>}</div>;
}
