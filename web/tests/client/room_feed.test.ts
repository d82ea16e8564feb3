import { describe, expect, it } from "vitest";
import type { JoinedFrame, Message } from "../../src/client/protocol";
import { RoomFeed } from "../../src/client/room_feed";
import { message } from "../support/scripted_gateway";

function joined(id: string, seq: number, messages: Message[], more: Partial<JoinedFrame> = {}): JoinedFrame {
  const stored = { epoch: 1, seq: 0 };
  return { type: "joined", id, room: "general", epoch: 1, seq, stored, messages, complete: true, ...more };
}
const seqs = (messages: Message[] | undefined) => messages?.map(({ seq }) => seq);

describe("RoomFeed", () => {
  it("asks for history first and for what came since after that", () => {
    const feed = new RoomFeed("general");
    expect(feed.join("j1")).toEqual({ type: "join", id: "j1", room: "general", history: 50 });
    feed.page(joined("j1", 7, [message(7)]));
    expect(feed.accept(message(8))).toBe(true);
    expect(feed.join("j2")).toEqual({ type: "join", id: "j2", room: "general", since: { epoch: 1, seq: 8 } });
  });

  it("takes the room's newest number as its cursor also when the answer holds no message", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 0, [], { epoch: 1_700_000_000_000 }));
    expect(feed.join("j2").since).toEqual({ epoch: 1_700_000_000_000, seq: 0 });
  });

  it("follows pages from the last message of each, and is live only after the last page", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    expect(feed.page(joined("j1", 9, [message(1), message(2)], { more: true }))?.more).toBe(true);
    expect(feed.live).toBe(false);
    expect(feed.join("j2").since).toEqual({ epoch: 1, seq: 2 });
    expect(seqs(feed.page(joined("j2", 9, [message(3), message(9)]))?.messages)).toEqual([3, 9]);
    expect(feed.live).toBe(true);
  });

  it("drops what it has had, by id and by cursor", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 2, [message(1), message(2)]));
    expect(feed.accept(message(2))).toBe(false);
    expect(feed.accept(message(1, { id: "unheard" }))).toBe(false);
    expect(feed.accept(message(3, { id: "ID-1" }))).toBe(false);
    expect(feed.join("j2").since).toEqual({ epoch: 1, seq: 3 });
  });

  it("does not let a live message between pages move the cursor over what is still to come", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 9, [message(1)], { more: true }));
    expect(feed.accept(message(9))).toBe(true);
    expect(feed.join("j2").since).toEqual({ epoch: 1, seq: 1 });
    expect(seqs(feed.page(joined("j2", 9, [message(2), message(9)]))?.messages)).toEqual([2]);
  });

  it("takes a new epoch as later, whatever the number", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 500, []));
    expect(feed.accept(message(1, { epoch: 2 }))).toBe(true);
    expect(feed.join("j2").since).toEqual({ epoch: 2, seq: 1 });
  });

  it("shows a message of a lower epoch once, and goes on from the highest", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 500, [], { epoch: 9 }));
    expect(feed.accept(message(1, { epoch: 5 }))).toBe(true);
    expect(feed.accept(message(1, { epoch: 5 }))).toBe(false);
    expect(feed.join("j2").since).toEqual({ epoch: 9, seq: 500 });
  });

  it("tells deleted messages from a gap, over all pages of a join", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.page(joined("j1", 5, [message(5)]));
    feed.interrupted();
    feed.join("j2");
    const first = joined("j2", 9, [message(8)], { complete: false, pruned: true, more: true });
    expect(feed.page(first)).toMatchObject({ gap: false, pruned: true });
    feed.join("j3");
    expect(feed.page(joined("j3", 9, [message(9)]))).toMatchObject({ gap: false, pruned: true });
    feed.join("j4");
    expect(feed.page(joined("j4", 9, []))).toMatchObject({ gap: false, pruned: false });
  });

  it("tells of a gap only if something was there before", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    expect(feed.page(joined("j1", 5, [], { complete: false }))?.gap).toBe(false);
    feed.join("j2");
    expect(feed.page(joined("j2", 3, [], { complete: false }))?.gap).toBe(true);
    expect(feed.join("j3").since).toEqual({ epoch: 1, seq: 3 });
  });

  it("ignores the answer to an earlier join", () => {
    const feed = new RoomFeed("general");
    feed.join("j1");
    feed.join("j2");
    expect(feed.page(joined("j1", 5, [message(5)]))).toBeUndefined();
  });
});
