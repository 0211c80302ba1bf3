// The last part of the page's own address. The router's own parameters are decoded only in part, so that a
// handle with & or % would be another one.
import { useLocation } from "wouter";

export function useLastPart(): string {
  useLocation(); // so that a page is drawn anew when the address changes
  return decodeURIComponent(location.pathname.split("/").at(-1) ?? "");
}
