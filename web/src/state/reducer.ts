// How the page's state follows from the client's events and the user's own acts.
import type { ChatEvent } from "../client/events";
import type { ChatState } from "./chat_state";
import { reduceRoom, type RoomEvent } from "./room_reducer";
import { describeError } from "./wording";

export type StateEvent = ChatEvent | RoomEvent | { type: "notice_dismissed" };

/** Pure: the state after `event`. */
export function reduce(state: ChatState, event: StateEvent): ChatState {
  switch (event.type) {
    case "connection": {
      const user = event.state.phase === "online" ? event.state.user : state.user;
      return { ...state, connection: event.state, user };
    }
    case "notice":
      return { ...state, notice: describeError(event.code, event.message) };
    case "notice_dismissed":
      return { ...state, notice: undefined };
    default: {
      const room = reduceRoom(state.rooms[event.room], event, state.user ?? "");
      return { ...state, rooms: { ...state.rooms, [event.room]: room } };
    }
  }
}
