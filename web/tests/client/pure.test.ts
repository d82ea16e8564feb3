import { webcrypto } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fullJitter } from "../../src/client/backoff";
import { closeRule } from "../../src/client/close_codes";
import { countCharacters, isRoomName, nameProblem, textProblem } from "../../src/client/limits";
import { parseFrame } from "../../src/client/parse_frame";
import { newUuid } from "../../src/client/uuid";

describe("close codes", () => {
  it.each([
    [1000, "never"],
    [1001, "soon"],
    [1002, "never"],
    [1003, "never"],
    [1005, "soon"],
    [1006, "soon"],
    [1007, "never"],
    [1008, "never"],
    [1009, "never"],
    [1011, "soon"],
    [1012, "soon"],
    [1013, "later"],
    [4000, "soon"],
    [4001, "never"],
    [4002, "never"],
    [4003, "never"],
    [4999, "soon"],
  ])("after %i come back %s", (code, comeBack) => {
    expect(closeRule(code).comeBack).toBe(comeBack);
    expect(closeRule(code).reason).toMatch(/\.$/);
  });
});

describe("full jitter", () => {
  const limits = { baseMs: 1_000, maxMs: 15_000 };
  it("draws below a limit that doubles and stops at the maximum", () => {
    const highest = [0, 1, 2, 3, 4, 5, 2_000].map((attempt) => fullJitter(attempt, limits, () => 0.999_999));
    expect(highest).toEqual([999, 1_999, 3_999, 7_999, 14_999, 14_999, 14_999]);
  });
  it("may be nothing at all", () => expect(fullJitter(9, limits, () => 0)).toBe(0));
});

describe("message ids", () => {
  const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  it("are UUIDs", () => expect(newUuid(webcrypto as Crypto)).toMatch(uuid4));
  it("are UUIDs also where the page is no secure context", () => {
    const getRandomValues = webcrypto.getRandomValues.bind(webcrypto) as Crypto["getRandomValues"];
    const ids = Array.from({ length: 100 }, () => newUuid({ getRandomValues }));
    for (const id of ids) expect(id).toMatch(uuid4);
    expect(new Set(ids).size).toBe(100);
  });
});

describe("limits", () => {
  it("count Unicode characters, not UTF-16 units", () => {
    expect(countCharacters("a😀é")).toBe(3);
    expect(textProblem("😀".repeat(4_000))).toBeUndefined();
    expect(textProblem("😀".repeat(4_001))).toBe(
      "The message is 1 character too long; it may have up to 4,000.",
    );
  });
  it("refuse what the protocol refuses", () => {
    expect(textProblem("")).toBeDefined();
    expect(textProblem("a\0b")).toMatch(/NUL/);
    expect(textProblem("half \ud83d")).toMatch(/half of a character/);
    expect(textProblem("tab\tand\nline")).toBeUndefined();
  });
  it("hold for names and rooms", () => {
    expect(nameProblem("Ada 😀")).toBeUndefined();
    expect(
      ["", "a\nb", "a\u0085b", "x".repeat(65)].filter((name) => nameProblem(name) === undefined),
    ).toEqual([]);
    expect(["general", "a-b_c.d:e", "x".repeat(128)].every(isRoomName)).toBe(true);
    expect(["", "a b", "ä", "x".repeat(129), "a\n"].some(isRoomName)).toBe(false);
  });
});

describe("parseFrame", () => {
  it("takes a frame with fields that it does not know", () => {
    const text = '{"type":"ack","id":"a","room":"r","epoch":1,"seq":2,"duplicate":false,"new":[1]}';
    expect(parseFrame(text)).toMatchObject({ type: "ack", seq: 2 });
  });
  it.each([
    "",
    "nonsense",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"type":"toString"}',
    '{"type":"unheard_of"}',
    '{"type":1}',
    '{"type":"ack","id":"a","room":"r","epoch":1,"seq":"2"}',
    '{"type":"ack","id":"a","room":"r","epoch":1,"seq":-1}',
    '{"type":"message","room":"r","epoch":1,"seq":1,"id":"a","sender":"s","sender_name":"s","text":{},"sent_at":1}',
    '{"type":"joined","id":"a","room":"r","epoch":1,"seq":1,"stored":{"epoch":1,"seq":0},"messages":[{}],"complete":true}',
    '{"type":"error","code":"internal","message":"m","retry_after_ms":"soon"}',
  ])("refuses %s", (text) => expect(parseFrame(text)).toBeUndefined());
  it("refuses binary data", () => expect(parseFrame(new ArrayBuffer(8))).toBeUndefined());
});
