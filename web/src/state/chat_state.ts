// What the page shows, as plain data.
import type { ConnectionState } from "../client/events";
import type { Cursor, Message } from "../client/protocol";

/** How far an own message has got: `logged` is the protocol's `ack`, `stored` its `stored`. */
export type Delivery = "sending" | "logged" | "stored" | "refused";

/** An own message that the room has not shown yet. */
export interface PendingMessage {
  readonly id: string;
  readonly text: string;
  /** When it was written, ms since 1970. */
  readonly at: number;
  /** Why it was refused; undefined while it is being sent. */
  readonly problem?: string;
}

export interface RoomState {
  readonly phase: "joining" | "joined" | "refused";
  readonly problem?: string;
  /** In the room's order, each id once. */
  readonly messages: readonly Message[];
  /** In the order of writing. */
  readonly pending: readonly PendingMessage[];
  /** Of the messages that this page sent, by idKey. */
  readonly delivery: Readonly<Record<string, Delivery>>;
  /** Everything in the room up to here is stored. */
  readonly stored: Cursor;
  /** Messages from a time offline may be missing. */
  readonly gap: boolean;
  /** Older messages were deleted. */
  readonly pruned: boolean;
}

export interface ChatState {
  readonly connection: ConnectionState;
  /** The sender that the gateway knows this page as. */
  readonly user: string | undefined;
  readonly rooms: Readonly<Record<string, RoomState>>;
  readonly notice: string | undefined;
}

export const emptyRoom: RoomState = {
  phase: "joining",
  messages: [],
  pending: [],
  delivery: {},
  stored: { epoch: 0, seq: 0 },
  gap: false,
  pruned: false,
};

export const initialState: ChatState = {
  connection: { phase: "idle" },
  user: undefined,
  rooms: {},
  notice: undefined,
};
