// The frames of the native client protocol that this page uses, version 1 (PROTOCOL.md), under their own names.

/** A place in a room's order. Opaque but for comparison; both numbers fit a JSON number. */
export interface Cursor {
  epoch: number;
  seq: number;
}

/**
 * A message as every member of its room gets
 * it, live and inside every `messages` list. `sent_at` is ms since 1970.
 */
export interface Message extends Cursor {
  room: string;
  id: string;
  sender: string;
  sender_name: string;
  text: string;
  sent_at: number;
}

export type ErrorCode =
  | "bad_request"
  | "unknown_type"
  | "too_large"
  | "not_joined"
  | "too_many_rooms"
  | "unauthorized"
  | "forbidden"
  | "rate_limited"
  | "overloaded"
  | "unavailable"
  | "cancelled"
  | "internal";

export type ClientFrame =
  | { type: "hello"; id: string; name: string }
  | { type: "join"; id: string; room: string; since?: Cursor; history?: number }
  | { type: "leave"; id: string; room: string }
  | { type: "send"; id: string; room: string; text: string }
  | { type: "ping"; id: string };

export interface WelcomeFrame {
  type: "welcome";
  id?: string;
  session: string;
  gateway: string;
  user: string;
}

export interface JoinedFrame extends Cursor {
  type: "joined";
  id: string;
  room: string;
  stored: Cursor;
  messages: Message[];
  complete: boolean;
  more?: boolean;
  /** Messages that the join asked for were deleted. */
  pruned?: boolean;
}

export type MessageFrame = Message & { type: "message" };

export interface AckFrame extends Cursor {
  type: "ack";
  id: string;
  room: string;
  duplicate: boolean;
}

export interface StoredFrame extends Cursor {
  type: "stored";
  room: string;
}

export interface ErrorFrame {
  type: "error";
  id?: string;
  code: ErrorCode;
  message: string;
  retry_after_ms?: number;
}

export type ServerFrame =
  | WelcomeFrame
  | JoinedFrame
  | MessageFrame
  | AckFrame
  | StoredFrame
  | ErrorFrame
  | { type: "left"; id: string; room: string }
  | { type: "pong"; id: string }
  | { type: "reconnect"; after_ms: number };

/** Negative, zero or positive as `a` comes before, is, or comes after `b` in a room's order. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** The form in which ids are compared: the protocol compares them without case. */
export function idKey(id: string): string {
  return id.toLowerCase();
}
