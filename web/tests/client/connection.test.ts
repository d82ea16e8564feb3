import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { steadyMs } from "../../src/client/clock";
import { ScriptedChat } from "../support/scripted_gateway";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("connection", () => {
  it("is online once the gateway has answered the hello, and says which gateway", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.socket.onopen?.();
    chat.socket.say({ type: "welcome", session: "s", gateway: "g", user: "guest-1" });
    expect(chat.phase).toBe("connecting");
    const { id, name } = chat.socket.last("hello");
    expect(name).toBe("Ada");
    chat.socket.say({ type: "welcome", id, session: "s", gateway: "g", user: "Ada" });
    expect(chat.eventsOf("connection").at(-1)?.state).toEqual({
      phase: "online",
      session: "s",
      gateway: "g",
      user: "Ada",
    });
  });

  it("waits longer at random after each failure", () => {
    const chat = new ScriptedChat(0.999_999);
    chat.client.start();
    const waits = [1, 2, 3, 4, 5, 6].map(() => {
      chat.socket.drop();
      const began = Date.now();
      const before = chat.sockets.length;
      while (chat.sockets.length === before) vi.advanceTimersToNextTimer();
      return Date.now() - began;
    });
    expect(waits).toEqual([999, 1_999, 3_999, 7_999, 14_999, 14_999]);
  });

  it("counts failures anew after a connection that lasted", () => {
    const chat = new ScriptedChat(0.999_999);
    chat.client.start();
    for (let n = 0; n < 4; n += 1) {
      chat.socket.drop();
      vi.advanceTimersByTime(15_000);
    }
    chat.socket.welcome();
    vi.advanceTimersByTime(10_000);
    chat.socket.drop();
    expect(chat.eventsOf("connection").at(-1)?.state).toMatchObject({
      phase: "waiting",
      until: steadyMs() + 999,
    });
  });

  it("gives up a silent connection also where the computer's clock was set back", () => {
    const chat = new ScriptedChat().online();
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(120_000);
    expect(chat.sockets.length).toBeGreaterThan(1);
  });

  it("comes back when it was told to", () => {
    const chat = new ScriptedChat().online();
    chat.socket.say({ type: "reconnect", after_ms: 3_000 });
    vi.advanceTimersByTime(1_000);
    chat.socket.drop(1012);
    vi.advanceTimersByTime(1_999);
    expect(chat.sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(chat.sockets).toHaveLength(2);
  });

  it("moves to another gateway by itself when it was told to", () => {
    const chat = new ScriptedChat().online();
    chat.socket.say({ type: "reconnect", after_ms: 3_000 });
    vi.advanceTimersByTime(2_999);
    expect(chat.sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(chat.sockets).toHaveLength(2);
  });

  it("does not wait for its turn when the gateway dies before", () => {
    const chat = new ScriptedChat(0).online();
    chat.socket.say({ type: "reconnect", after_ms: 60_000 });
    chat.socket.drop(1006);
    vi.advanceTimersByTime(1);
    expect(chat.sockets).toHaveLength(2);
  });

  it("does not come back at once from a server that is too busy", () => {
    const chat = new ScriptedChat(0).online();
    chat.socket.drop(1013);
    vi.advanceTimersByTime(9_999);
    expect(chat.sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(chat.sockets).toHaveLength(2);
  });

  it("stays away after a final close, until the user asks", () => {
    const chat = new ScriptedChat().online();
    chat.socket.drop(4002);
    chat.client.wake();
    vi.advanceTimersByTime(3_600_000);
    expect(chat.eventsOf("connection").at(-1)?.state).toEqual({
      phase: "stopped",
      reason: "An administrator disconnected you.",
    });
    expect(chat.sockets).toHaveLength(1);
    chat.client.reconnect();
    expect(chat.sockets).toHaveLength(2);
  });

  it("asks a silent connection for a sign of life after 30 s and gives it up after 10 s more", () => {
    const chat = new ScriptedChat().online();
    vi.advanceTimersByTime(30_000);
    expect(chat.socket.framesOf("ping")).toHaveLength(1);
    vi.advanceTimersByTime(9_999);
    expect(chat.phase).toBe("online");
    vi.advanceTimersByTime(1);
    expect(chat.phase).toBe("waiting");
    expect(chat.sockets[0]?.closed).toBe(true);
  });

  it("keeps a connection that answers", () => {
    const chat = new ScriptedChat().online();
    for (let second = 0; second < 300; second += 1) {
      const before = chat.socket.framesOf("ping").length;
      vi.advanceTimersByTime(1_000);
      if (chat.socket.framesOf("ping").length > before)
        chat.socket.say({ type: "pong", id: chat.socket.last("ping").id });
    }
    expect(chat.phase).toBe("online");
    expect(chat.socket.framesOf("ping")).toHaveLength(7);
  });

  it("gives up an opening without an answer after 10 s", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.socket.onopen?.();
    vi.advanceTimersByTime(10_000);
    expect(chat.phase).toBe("waiting");
  });

  it("stops with the server's words if the name is refused", () => {
    const chat = new ScriptedChat();
    chat.client.start();
    chat.socket.onopen?.();
    chat.socket.refuse(chat.socket.last("hello").id, "bad_request");
    expect(chat.eventsOf("connection").at(-1)?.state).toEqual({
      phase: "stopped",
      reason: "The server did not accept you: bad_request!",
    });
  });

  it("says hello again with a new name on the same connection", () => {
    const chat = new ScriptedChat().online();
    chat.client.rename("Grace");
    const { id, name } = chat.socket.last("hello");
    chat.socket.say({ type: "welcome", id, session: "s-1", gateway: "gateway-1", user: name });
    expect(chat.eventsOf("connection").at(-1)?.state).toMatchObject({ phase: "online", user: "Grace" });
    expect(chat.socket.framesOf("join")).toHaveLength(1);
  });

  it("does nothing more after it was stopped", () => {
    const chat = new ScriptedChat().online();
    chat.client.send("general", "hi");
    chat.client.stop();
    vi.advanceTimersByTime(3_600_000);
    expect(chat.sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
