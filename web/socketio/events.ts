// The events of the gateway's Socket.IO endpoint as the generics of socket.io-client's Socket take them:
//   const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url);

import type { Cursor, ErrorCode } from "../src/client/protocol.ts";

// They are the native protocol's.
export type { Cursor, ErrorCode };

export interface ChatMessage extends Cursor {
  message: string;
  id: string;
  room: string;
  sender: string;
  sender_name: string;
  sent_at: number; // milliseconds since 1970
}

// What a callback is given instead of its answer. After `unavailable` or `overloaded`: wait and send it again with its id.
export interface Refusal {
  code: ErrorCode;
  message: string;
  id?: string; // of the message that was refused
  retry_after_ms?: number;
}

export type Answer<T> = (T & { code?: never; retry_after_ms?: never }) | Refusal;

// Kafka has the message: it cannot be lost any more.
export interface Sent extends Cursor {
  id: string;
  room: string;
  duplicate: boolean; // the id was sent before, and these are its first numbers
}

export interface Joined extends Cursor {
  room: string;
  stored: Cursor;
  messages: ChatMessage[]; // oldest first
  complete: boolean;
  pruned?: true; // messages that were asked for were deleted
  more?: true; // ask again with the last message's place as `since`; live messages come after the last page
}

export interface HistoryPage {
  room: string;
  messages: ChatMessage[]; // oldest first
  more: boolean;
  complete?: false; // with `pruned`
  pruned?: true; // nothing is older, since it was deleted
}

// Over 200 members there are no names, and those that were told hold no more.
export interface Presence {
  room: string;
  members: number;
  joined: string[]; // a name for each member
  left: string[];
  full?: true; // `joined` are all that are there
}

export interface ServerToClientEvents {
  // `offset` is the client's own for its connection state recovery; without one it cannot be recovered now.
  message: (message: ChatMessage, offset?: string) => void;
  // Without a message: the place from which the client can be recovered, or "" for none.
  offset: (offset: string) => void;
  // All own messages up to there are in PostgreSQL; in rooms that were joined with `receipts`.
  stored: (upTo: Cursor & { room: string }) => void;
  // Both in rooms that were joined with `presence`.
  presence: (presence: Presence) => void;
  typing: (who: { room: string; user: string }) => void;
  // Before a planned close; the client comes back by itself.
  reconnect: (wait: { after_ms: number }) => void;
}

// Without a room it is "general". A callback everywhere: who gives none is not told of a refusal.
export interface ClientToServerEvents {
  // id: a UUID, kept over retries; without one the gateway makes it, and a retry is a second message.
  "event:message": (body: { message: string; room?: string; id?: string }, callback: (answer: Answer<Sent>) => void) => void;
  join: (
    body: { room?: string; since?: Cursor; history?: number; presence?: boolean; receipts?: boolean },
    callback: (answer: Answer<Joined>) => void,
  ) => void;
  leave: (body: { room?: string }, callback: (answer: Answer<{ room: string }>) => void) => void;
  history: (
    body: { room?: string; before: Cursor; limit: number },
    callback: (answer: Answer<HistoryPage>) => void,
  ) => void;
  // Passed on once in 2 s; what is dropped is answered alike.
  typing: (body: { room?: string }, callback: (answer: Answer<{ room: string }>) => void) => void;
}

// What may be given as the client's `auth`.
export interface Auth {
  name?: string; // shown as the sender; "guest-xxxx" without
}
