import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/client/outbox";

const always = () => true;

function filled(count: number, room = "general"): Outbox {
  const outbox = new Outbox();
  for (let n = 1; n <= count; n += 1) outbox.add({ id: `ID-${n}`, room, text: `text ${n}` });
  return outbox;
}
const ids = (messages: { id: string }[]) => messages.map(({ id }) => id);

describe("Outbox", () => {
  it("gives each message once, in the order of writing", () => {
    const outbox = filled(3);
    expect(ids(outbox.takeDue(0, always))).toEqual(["ID-1", "ID-2", "ID-3"]);
    expect(outbox.takeDue(1, always)).toEqual([]);
  });

  it("has at most 16 unanswered at a time", () => {
    const outbox = filled(20);
    expect(outbox.takeDue(0, always)).toHaveLength(16);
    outbox.settle("id-1");
    expect(ids(outbox.takeDue(1, always))).toEqual(["ID-17"]);
  });

  it("keeps a postponed message in its place and holds back the ones after it", () => {
    const outbox = filled(2);
    outbox.takeDue(0, always);
    outbox.postpone("ID-1", 500);
    outbox.add({ id: "ID-3", room: "general", text: "text 3" });
    expect(outbox.takeDue(499, always)).toEqual([]);
    expect(outbox.nextDue(499, always)).toBe(500);
    expect(ids(outbox.takeDue(500, always))).toEqual(["ID-1", "ID-3"]);
  });

  it("gives everything again after an interruption, with the same ids", () => {
    const outbox = filled(2);
    outbox.takeDue(0, always);
    outbox.interrupted();
    expect(ids(outbox.takeDue(1, always))).toEqual(["ID-1", "ID-2"]);
  });

  it("gives a message again when no answer has come for 20 s", () => {
    const outbox = filled(1);
    outbox.takeDue(0, always);
    expect(outbox.nextDue(0, always)).toBe(20_000);
    expect(outbox.takeDue(19_999, always)).toEqual([]);
    expect(ids(outbox.takeDue(20_000, always))).toEqual(["ID-1"]);
  });

  it("waits for the room, and asks for no timer meanwhile", () => {
    const outbox = filled(1, "closed");
    expect(outbox.takeDue(0, (room) => room !== "closed")).toEqual([]);
    expect(outbox.nextDue(0, (room) => room !== "closed")).toBeUndefined();
  });

  it("knows ids without case, and forgets what is settled", () => {
    const outbox = filled(1);
    expect(outbox.settle("id-1")?.text).toBe("text 1");
    expect(outbox.settle("id-1")).toBeUndefined();
    expect(outbox.nextDue(0, always)).toBeUndefined();
  });
});
