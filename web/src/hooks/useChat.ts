// Ties a chat client and its state to a component's life.
import { useEffect, useState, useSyncExternalStore } from "react";
import { ChatClient } from "../client/chat_client";
import type { ChatState } from "../state/chat_state";
import { createStore, type Store } from "../state/store";

interface Chat {
  client: ChatClient;
  store: Store;
  state: ChatState;
}

/** Connects while the component is mounted. A new `name` is told to the gateway; `url` is read once. */
export function useChat(url: string, name: string): Chat {
  const [{ client, store }] = useState(() => ({
    client: new ChatClient({ url, name }),
    store: createStore(),
  }));
  const [knownName, setKnownName] = useState(name);

  useEffect(() => {
    const unsubscribe = client.subscribe(store.dispatch);
    const wakeIfVisible = () => document.visibilityState === "visible" && client.wake();
    const wake = () => client.wake();
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", wakeIfVisible);
    client.start();
    return () => {
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wakeIfVisible);
      client.stop();
      unsubscribe();
    };
  }, [client, store]);

  useEffect(() => {
    if (name === knownName) return;
    setKnownName(name);
    client.rename(name);
  }, [client, name, knownName]);

  const state = useSyncExternalStore(store.subscribe, store.getState);
  return { client, store, state };
}
