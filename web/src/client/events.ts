// What the client tells its listeners. Plain data, so that state can be a pure function of it.
import type { Cursor, ErrorCode, Message } from "./protocol";

export type ConnectionState =
  | { phase: "idle" }
  | { phase: "connecting" }
  | { phase: "online"; gateway: string; user: string; session: string }
  /** Offline; the next attempt begins at `until` (`steadyMs`). */
  | { phase: "waiting"; until: number; reason: string }
  /** Offline until the user asks to be connected. */
  | { phase: "stopped"; reason: string };

export type ChatEvent =
  | { type: "connection"; state: ConnectionState }
  | { type: "joining"; room: string }
  /**
   * Everything up to now is here. `gap`: messages between the last visit
   * and now may be missing. `pruned`: older ones were deleted.
   */
  | { type: "joined"; room: string; stored: Cursor; gap: boolean; pruned: boolean }
  | { type: "messages"; room: string; messages: Message[] }
  | { type: "left"; room: string }
  | { type: "room_refused"; room: string; code: ErrorCode; message: string }
  /** An own message waits for its acknowledgement from here on. `at` is ms since 1970. */
  | { type: "queued"; room: string; id: string; text: string; at: number }
  | ({ type: "acked"; room: string; id: string } & Cursor)
  | { type: "stored"; room: string; ids: string[] }
  | { type: "refused"; room: string; id: string; code: ErrorCode; message: string }
  /** An error that belongs to no message and no room. */
  | { type: "notice"; code: ErrorCode; message: string };
