// A room's messages and the own ones under way, as the list that is shown.
import { compareCursors, idKey, type Message } from "../client/protocol";
import type { Delivery, PendingMessage, RoomState } from "./chat_state";

export interface TimelineItem {
  readonly id: string;
  readonly sender_name: string;
  readonly text: string;
  /** ms since 1970 */
  readonly at: number;
  readonly own: boolean;
  /** Of own messages only; undefined where it is not known. */
  readonly delivery: Delivery | undefined;
  readonly problem: string | undefined;
  /** Whether the sender has to be named: another one than before, or a while later. */
  readonly opensGroup: boolean;
}

const groupMs = 5 * 60_000;

/** `user` is the sender of own messages; `name` what to call the user before the gateway has said. */
export function timeline(room: RoomState, user: string | undefined, name: string): TimelineItem[] {
  const shown = room.messages.map((message) => fromMessage(room, message, user));
  const pending = room.pending.map((message) => fromPending(message, user ?? name));
  const items = [...shown, ...pending];
  return items.map((item, index) => ({ ...item, opensGroup: opensGroup(items[index - 1], item) }));
}

type Ungrouped = Omit<TimelineItem, "opensGroup">;

function fromMessage(room: RoomState, message: Message, user: string | undefined): Ungrouped {
  const { id, sender, sender_name, text, sent_at } = message;
  const known = room.delivery[idKey(id)];
  const own = known !== undefined || sender === user;
  const stored = compareCursors(message, room.stored) <= 0;
  // A refused message that the room shows all the same did get through.
  const delivery = stored ? "stored" : known === "refused" ? undefined : known;
  return {
    id,
    sender_name,
    text,
    at: sent_at,
    own,
    delivery: own ? delivery : undefined,
    problem: undefined,
  };
}

function fromPending({ id, text, at, problem }: PendingMessage, sender_name: string): Ungrouped {
  const delivery = problem === undefined ? "sending" : "refused";
  return { id, sender_name, text, at, own: true, delivery, problem };
}

function opensGroup(before: Ungrouped | undefined, item: Ungrouped): boolean {
  if (!before) return true;
  return before.own !== item.own || before.sender_name !== item.sender_name || item.at - before.at > groupMs;
}
