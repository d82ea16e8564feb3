// The room that the page's address names, followed as the address changes.
import { useSyncExternalStore } from "react";
import { roomOf } from "../config";

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  window.addEventListener("popstate", listener);
  return () => {
    window.removeEventListener("hashchange", listener);
    window.removeEventListener("popstate", listener);
  };
}

export function useRoomName(): string {
  return useSyncExternalStore(subscribe, () => roomOf(window.location));
}
