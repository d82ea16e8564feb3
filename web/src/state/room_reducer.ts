// How one room's state follows from what happens in it.
import type { ChatEvent } from "../client/events";
import { compareCursors, idKey, type Message } from "../client/protocol";
import { type Delivery, emptyRoom, type RoomState } from "./chat_state";
import { describeError } from "./wording";

export type RoomEvent =
  | Extract<ChatEvent, { room: string }>
  | { type: "discarded"; room: string; id: string };

/** The newest messages that are kept; the older ones scroll out of the page's memory. */
export const keptMessages = 1_000;

/** `user` is the sender of own messages. Returns the same object if nothing changed. */
export function reduceRoom(room: RoomState = emptyRoom, event: RoomEvent, user: string): RoomState {
  switch (event.type) {
    case "joining":
      return { ...room, phase: "joining" };
    case "joined":
      return {
        ...room,
        phase: "joined",
        stored: event.stored,
        gap: room.gap || event.gap,
        pruned: room.pruned || event.pruned,
      };
    case "messages":
      return event.messages.reduce(addMessage, room);
    case "room_refused":
      return { ...room, phase: "refused", problem: describeError(event.code, event.message) };
    case "queued": {
      const { id, text, at } = event;
      const others = room.pending.filter((pending) => idKey(pending.id) !== idKey(id));
      return setDelivery({ ...room, pending: [...others, { id, text, at }] }, [id], "sending");
    }
    case "acked":
      return acknowledge(room, event, user);
    case "stored":
      return setDelivery(room, event.ids, "stored");
    case "refused": {
      const problem = describeError(event.code, event.message);
      const pending = room.pending.map((one) =>
        idKey(one.id) === idKey(event.id) ? { ...one, problem } : one,
      );
      return setDelivery({ ...room, pending }, [event.id], "refused");
    }
    case "discarded":
      return { ...room, pending: room.pending.filter(({ id }) => idKey(id) !== idKey(event.id)) };
    case "left":
      // A later visit starts from the newest messages; what lay between would be a silent hole.
      return { ...emptyRoom, pending: room.pending, delivery: room.delivery };
  }
}

/**
 * The acknowledgement may come before the message itself; it
 * says the number, so the message can take its place.
 */
function acknowledge(room: RoomState, ack: Extract<RoomEvent, { type: "acked" }>, user: string): RoomState {
  const logged = setDelivery(room, [ack.id], "logged");
  const pending = room.pending.find(({ id }) => idKey(id) === idKey(ack.id));
  if (!pending) return logged;
  const { room: name, id, epoch, seq } = ack;
  const message = {
    room: name,
    id,
    epoch,
    seq,
    sender: user,
    sender_name: user,
    text: pending.text,
    sent_at: pending.at,
  };
  return addMessage(logged, message);
}

function addMessage(room: RoomState, message: Message): RoomState {
  const key = idKey(message.id);
  const messages = room.messages.filter(({ id }) => idKey(id) !== key);
  let place = messages.length;
  while (place > 0 && compareCursors(messages[place - 1]!, message) > 0) place -= 1;
  messages.splice(place, 0, message);
  const pending = room.pending.filter(({ id }) => idKey(id) !== key);
  return { ...room, messages: messages.slice(-keptMessages), pending };
}

function setDelivery(room: RoomState, ids: readonly string[], delivery: Delivery): RoomState {
  const changed = Object.fromEntries(ids.map((id) => [idKey(id), delivery]));
  return { ...room, delivery: { ...room.delivery, ...changed } };
}
