// Holds the state and tells who listens; made for React's useSyncExternalStore, but knows nothing of it.
import { type ChatState, initialState } from "./chat_state";
import { reduce, type StateEvent } from "./reducer";

export interface Store {
  getState(this: void): ChatState;
  /** Calls `listener` after every change; returns the function that ends it. */
  subscribe(this: void, listener: () => void): () => void;
  dispatch(this: void, event: StateEvent): void;
}

export function createStore(): Store {
  let state = initialState;
  const listeners = new Set<() => void>();
  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch: (event) => {
      state = reduce(state, event);
      for (const listener of listeners) listener();
    },
  };
}
