import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { message, ScriptedChat } from "../support/scripted_gateway";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Loses the connection and gets the next one, in session `s-2`. */
function reconnect(chat: ScriptedChat): void {
  chat.socket.drop();
  vi.advanceTimersByTime(15_000);
  chat.socket.welcome("s-2", "gateway-2");
}

describe("sending", () => {
  it("goes out once the room is joined, and is acknowledged", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.client.join("general");
    const id = chat.client.send("general", "hello");
    chat.socket.welcome();
    expect(chat.socket.framesOf("send")).toEqual([]);
    chat.socket.joined(4);
    expect(chat.socket.framesOf("send")).toEqual([{ type: "send", id, room: "general", text: "hello" }]);
    chat.socket.ack(id.toUpperCase(), 5);
    expect(chat.eventsOf("acked")).toEqual([{ type: "acked", room: "general", id, epoch: 1, seq: 5 }]);
  });

  it.each(["unavailable", "overloaded", "rate_limited"])(
    "is tried again with the same id after %s",
    (code) => {
      const chat = new ScriptedChat().online();
      const id = chat.client.send("general", "hello");
      chat.socket.refuse(id, code, { retry_after_ms: 700 });
      vi.advanceTimersByTime(699);
      expect(chat.socket.framesOf("send")).toHaveLength(1);
      vi.advanceTimersByTime(1);
      const [first, second] = chat.socket.framesOf("send");
      expect(second).toEqual(first);
      expect(chat.eventsOf("refused")).toEqual([]);
    },
  );

  it("is tried again in time also where the computer's clock was set back", () => {
    const chat = new ScriptedChat().online();
    const id = chat.client.send("general", "hello");
    chat.socket.refuse(id, "unavailable", { retry_after_ms: 700 });
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(700);
    expect(chat.socket.framesOf("send")).toHaveLength(2);
  });

  it("survives a reconnect: sent again with the same ids in the same order, after the join", () => {
    const chat = new ScriptedChat().online();
    const ids = ["one", "two"].map((text) => chat.client.send("general", text));
    chat.socket.drop();
    ids.push(chat.client.send("general", "written offline"));
    vi.advanceTimersByTime(15_000);
    chat.socket.welcome("s-2");
    expect(chat.socket.framesOf("send")).toEqual([]);
    chat.socket.joined(2);
    expect(chat.socket.framesOf("send").map(({ id }) => id)).toEqual(ids);
  });

  it("is not repeated once acknowledged", () => {
    const chat = new ScriptedChat().online();
    chat.socket.ack(chat.client.send("general", "one"), 1);
    reconnect(chat);
    chat.socket.joined(1);
    vi.advanceTimersByTime(25_000);
    expect(chat.socket.framesOf("send")).toEqual([]);
  });

  it("is repeated when no answer comes at all", () => {
    const chat = new ScriptedChat().online();
    const id = chat.client.send("general", "one");
    for (let n = 0; n < 2; n += 1) {
      vi.advanceTimersByTime(10_000);
      chat.socket.say({ type: "pong", id: "x" });
    }
    expect(chat.socket.framesOf("send").map((frame) => frame.id)).toEqual([id, id]);
  });

  it.each(["bad_request", "too_large", "forbidden", "unauthorized", "internal"])(
    "is given up after %s, with its reason",
    (code) => {
      const chat = new ScriptedChat().online();
      const id = chat.client.send("general", "hello");
      chat.socket.refuse(id, code);
      expect(chat.eventsOf("refused")).toEqual([
        { type: "refused", room: "general", id, code, message: `${code}!` },
      ]);
      vi.advanceTimersByTime(25_000);
      expect(chat.socket.framesOf("send")).toHaveLength(1);
      chat.client.send("general", "hello", id);
      expect(chat.socket.framesOf("send").map((frame) => frame.id)).toEqual([id, id]);
    },
  );

  it("joins again if the gateway does not know the session in the room, then sends again", () => {
    const chat = new ScriptedChat().online(3);
    const id = chat.client.send("general", "hello");
    chat.socket.refuse(id, "not_joined");
    expect(chat.socket.last("join").since).toEqual({ epoch: 1, seq: 3 });
    chat.socket.joined(3);
    vi.advanceTimersByTime(2_000);
    expect(chat.socket.framesOf("send").map((frame) => frame.id)).toEqual([id, id]);
  });

  it("tells what is stored of what this connection sent, once", () => {
    const chat = new ScriptedChat().online();
    const before = chat.client.send("general", "before");
    chat.socket.ack(before, 1);
    reconnect(chat);
    chat.socket.joined(1);
    const [two, three] = ["two", "three"].map((text) => chat.client.send("general", text)) as [
      string,
      string,
    ];
    chat.socket.ack(two, 2);
    chat.socket.ack(three, 3);
    chat.socket.say({ type: "stored", room: "general", epoch: 1, seq: 2 });
    chat.socket.say({ type: "stored", room: "general", epoch: 1, seq: 3 });
    expect(chat.eventsOf("stored").map(({ ids }) => ids)).toEqual([[two], [three]]);
  });
});

describe("rooms", () => {
  it("come back from the last message that was seen", () => {
    const chat = new ScriptedChat().online(3);
    chat.socket.say({ type: "message", ...message(4) });
    reconnect(chat);
    expect(chat.socket.last("join")).toMatchObject({ room: "general", since: { epoch: 1, seq: 4 } });
    chat.socket.joined(6, [message(5), message(6)]);
    chat.socket.say({ type: "message", ...message(6) });
    chat.socket.say({ type: "message", ...message(7) });
    expect(chat.shownTexts()).toEqual(["text 4", "text 5", "text 6", "text 7"]);
  });

  it("are read page by page", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.client.join("general");
    chat.socket.welcome();
    chat.socket.joined(3, [message(1), message(2)], { more: true });
    expect(chat.eventsOf("joined")).toEqual([]);
    expect(chat.socket.last("join").since).toEqual({ epoch: 1, seq: 2 });
    chat.socket.joined(3, [message(3)]);
    expect(chat.shownTexts()).toEqual(["text 1", "text 2", "text 3"]);
    expect(chat.eventsOf("joined")).toHaveLength(1);
  });

  it("are asked for again, from the same place, while the gateway cannot answer", () => {
    const chat = new ScriptedChat().online(3);
    reconnect(chat);
    chat.socket.refuse(chat.socket.last("join").id, "unavailable", { retry_after_ms: 500 });
    vi.advanceTimersByTime(500);
    expect(chat.socket.framesOf("join").map(({ since }) => since)).toEqual([
      { epoch: 1, seq: 3 },
      { epoch: 1, seq: 3 },
    ]);
  });

  it("are asked for again when no answer comes", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.client.join("general");
    chat.socket.welcome();
    vi.advanceTimersByTime(20_000);
    expect(chat.socket.framesOf("join")).toHaveLength(2);
  });

  it("that are refused take their unsent messages with them, with the reason", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.client.join("general");
    const id = chat.client.send("general", "hello");
    chat.socket.welcome();
    chat.socket.refuse(chat.socket.last("join").id, "forbidden");
    expect(chat.eventsOf("room_refused")).toHaveLength(1);
    expect(chat.eventsOf("refused")).toMatchObject([{ id, code: "forbidden" }]);
    chat.client.join("general");
    expect(chat.socket.framesOf("join")).toHaveLength(2);
  });

  it("that are left and joined again at once, as StrictMode does, show no error of the first join", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.socket.welcome();
    chat.client.join("general");
    const { id } = chat.socket.last("join");
    chat.client.leave("general");
    chat.client.join("general");
    chat.socket.refuse(id, "cancelled");
    chat.socket.joined(1);
    expect(chat.eventsOf("notice")).toEqual([]);
    expect(chat.eventsOf("room_refused")).toEqual([]);
    expect(chat.eventsOf("joined")).toHaveLength(1);
  });

  it("that were left send nothing and show nothing more", () => {
    const chat = new ScriptedChat().online();
    chat.client.leave("general");
    expect(chat.socket.last("leave").room).toBe("general");
    chat.socket.say({ type: "message", ...message(1) });
    expect(chat.shownTexts()).toEqual([]);
  });

  it("are not disturbed by frames that make no sense", () => {
    const chat = new ScriptedChat().online();
    for (const data of ["{", "[]", '{"type":"message"}', '{"type":"new"}', new ArrayBuffer(1)]) {
      chat.socket.onmessage?.({ data });
    }
    chat.socket.say({ type: "message", ...message(1) });
    expect(chat.shownTexts()).toEqual(["text 1"]);
  });

  it("an error that belongs to nothing is told as a notice", () => {
    const chat = new ScriptedChat().online();
    chat.socket.say({ type: "error", code: "bad_request", message: "broken JSON" });
    expect(chat.eventsOf("notice")).toEqual([
      { type: "notice", code: "bad_request", message: "broken JSON" },
    ]);
  });
});
