import { describe, expect, it, vi } from "vitest";
import { type ChatState, initialState } from "../../src/state/chat_state";
import { reduce, type StateEvent } from "../../src/state/reducer";
import { keptMessages } from "../../src/state/room_reducer";
import { createStore } from "../../src/state/store";
import { timeline } from "../../src/state/timeline";
import { message } from "../support/scripted_gateway";

const room = "general";
const online: StateEvent = {
  type: "connection",
  state: { phase: "online", gateway: "g", user: "Ada", session: "s" },
};
const queued = (id: string, text = id): StateEvent => ({ type: "queued", room, id, text, at: 7 });
const acked = (id: string, seq: number): StateEvent => ({ type: "acked", room, id, epoch: 1, seq });
const shown = (...seqs: number[]): StateEvent => ({
  type: "messages",
  room,
  messages: seqs.map((seq) => message(seq)),
});

function after(...events: StateEvent[]): ChatState {
  return events.reduce(reduce, initialState);
}
function items(state: ChatState) {
  return timeline(state.rooms[room]!, state.user, "Ada").map(({ id, own, delivery }) => [id, own, delivery]);
}

describe("a room's messages", () => {
  it("stand in the room's order, each once", () => {
    const state = after(shown(2, 4), shown(3), shown(4, 1));
    expect(state.rooms[room]?.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it("are ordered by epoch before number", () => {
    const late: StateEvent = { type: "messages", room, messages: [message(1, { epoch: 2, id: "late" })] };
    expect(items(after(late, shown(9))).map(([id]) => id)).toEqual(["id-9", "late"]);
  });

  it("are kept up to a limit, the newest ones", () => {
    const seqs = Array.from({ length: keptMessages + 5 }, (_, index) => index + 1);
    const kept = after(shown(...seqs)).rooms[room]?.messages ?? [];
    expect(kept).toHaveLength(keptMessages);
    expect(kept[0]?.seq).toBe(6);
  });

  it("of the same sender stand together until a while has passed or another writes", () => {
    const minute = 60_000;
    const at = (seq: number, sent_at: number, sender = "Bob") =>
      message(seq, { sent_at, sender, sender_name: sender });
    const messages = [
      at(1, 0),
      at(2, minute),
      at(3, 2 * minute, "Eve"),
      at(4, 3 * minute),
      at(5, 9 * minute),
    ];
    const state = after({ type: "messages", room, messages });
    expect(timeline(state.rooms[room]!, "Ada", "Ada").map(({ opensGroup }) => opensGroup)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("an own message", () => {
  it("is shown at once, at the end", () => {
    expect(items(after(online, shown(1), queued("a")))).toEqual([
      ["id-1", false, undefined],
      ["a", true, "sending"],
    ]);
  });

  it("stays under way when the room shows it before the acknowledgement", () => {
    const own: StateEvent = { type: "messages", room, messages: [message(1, { id: "A", sender: "Ada" })] };
    const state = after(online, queued("a"), own);
    expect(items(state)).toEqual([["A", true, "sending"]]);
    expect(items(reduce(state, acked("a", 1)))).toEqual([["A", true, "logged"]]);
  });

  it("takes its place when the acknowledgement comes before the room shows it", () => {
    const state = after(online, queued("a"), shown(3), acked("a", 2));
    expect(items(state)).toEqual([
      ["a", true, "logged"],
      ["id-3", false, undefined],
    ]);
    expect(state.rooms[room]?.pending).toEqual([]);
  });

  it("gets its second mark when it is stored", () => {
    expect(items(after(online, queued("a"), acked("a", 1), { type: "stored", room, ids: ["A"] }))).toEqual([
      ["a", true, "stored"],
    ]);
  });

  it("from an earlier visit is marked stored up to the room's watermark and not beyond", () => {
    const messages = [1, 2].map((seq) => message(seq, { sender: "Ada" }));
    const joined: StateEvent = { type: "joined", room, stored: { epoch: 1, seq: 1 }, gap: false, pruned: false };
    expect(items(after(online, { type: "messages", room, messages }, joined))).toEqual([
      ["id-1", true, "stored"],
      ["id-2", true, undefined],
    ]);
  });

  it("that was refused says why, can be tried again and discarded", () => {
    const refused: StateEvent = { type: "refused", room, id: "a", code: "forbidden", message: "read-only" };
    const state = after(online, queued("a"), refused);
    expect(items(state)).toEqual([["a", true, "refused"]]);
    expect(state.rooms[room]?.pending[0]?.problem).toBe("You may not do this here: read-only");
    expect(items(reduce(state, queued("a")))).toEqual([["a", true, "sending"]]);
    expect(items(reduce(state, { type: "discarded", room, id: "a" }))).toEqual([]);
  });
});

describe("the rest of the state", () => {
  it("keeps the user's name while offline", () => {
    const state = after(online, {
      type: "connection",
      state: { phase: "waiting", until: 1, reason: "lost" },
    });
    expect(state).toMatchObject({ user: "Ada", connection: { phase: "waiting" } });
  });

  it("keeps what was not sent, and drops what was read, when a room is left", () => {
    const state = after(online, shown(1), queued("a"), { type: "left", room });
    expect(items(state)).toEqual([["a", true, "sending"]]);
  });

  it("holds a notice until it is dismissed, also for a code that it does not know", () => {
    const code = "new_code" as "internal";
    const state = after({ type: "notice", code, message: "because" });
    expect(state.notice).toBe("The server refused this: because");
    expect(reduce(state, { type: "notice_dismissed" }).notice).toBeUndefined();
  });

  it("never changes a state that it has given out", () => {
    const first = after(online, shown(1), queued("a"));
    const copy = structuredClone(first);
    [shown(2), acked("a", 3), queued("b")].reduce(reduce, first);
    expect(first).toEqual(copy);
  });
});

describe("the store", () => {
  it("tells its listeners of every change until they end it", () => {
    const store = createStore();
    const listener = vi.fn();
    const end = store.subscribe(listener);
    store.dispatch(online);
    end();
    store.dispatch(shown(1));
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.getState().user).toBe("Ada");
  });
});
