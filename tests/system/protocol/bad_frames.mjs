// Frames that are WebSocket messages but not what the protocol allows: each gets its error, and the connection stays.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { barrier, member, newRoom } from "../support/room.mjs";

const uuid = "0c7a1f5e-6a3d-4a51-9d3c-1f2e3d4c5b6a";
const send = (fields) => JSON.stringify({ type: "send", id: uuid, room: "ROOM", text: "text", ...fields });
const join = (fields) => JSON.stringify({ type: "join", id: "j", room: "ROOM", ...fields });

// [what, the frame, the code, the id that the error carries]. ROOM is a room that the client is in.
const cases = [
  ["no JSON", "hello", "bad_request"],
  ["nothing at all", "", "bad_request"],
  ["broken JSON after an id", '{"type":"send","id":"before-the-fault","text":', "bad_request", "before-the-fault"],
  ["JSON with a tail", '{"type":"ping","id":"tail"}}', "bad_request", "tail"],
  ["a comment", '/* */{"type":"ping"}', "bad_request"],
  ["an array", '[{"type":"ping"}]', "bad_request"],
  ["a string", '"ping"', "bad_request"],
  ["a number", "42", "bad_request"],
  ["null", "null", "bad_request"],
  ["brackets only", "[".repeat(30_000), "bad_request"],
  ["a number beyond every range", '{"id":"n","type":"join","room":"ROOM","history":1e999}', "bad_request", "n"],
  ["no type", '{"id":"t"}', "bad_request", "t"],
  ["a type that is no string", '{"id":"t","type":7}', "bad_request", "t"],
  ["an unknown type", '{"id":"t","type":"dance"}', "unknown_type", "t"],
  ["a type in capitals", '{"id":"t","type":"PING"}', "unknown_type", "t"],
  ["an id that is a number", '{"id":7,"type":"ping"}', "bad_request"],
  ["an id of 65 characters", JSON.stringify({ id: "x".repeat(65), type: "ping" }), "bad_request"],
  ["an id with half a surrogate pair", '{"id":"\\ud83d","type":"ping"}', "bad_request"],

  ["join without a room", '{"type":"join","id":"j"}', "bad_request", "j"],
  ...["", "x".repeat(129), "a b", "ä", "a/b", "{tag}", "a\u0000b", 5, null, ["ROOM"]].map((room) =>
    [`the room ${JSON.stringify(room).slice(0, 20)}`, join({ room }), "bad_request", "j"]),
  ...[-1, 101, 1.5, "10", true, [5]].map((history) => [`history ${JSON.stringify(history)}`, join({ history }), "bad_request", "j"]),
  ...[5, "1-1", [1, 1], {}, { epoch: 1 }, { epoch: -1, seq: 0 }, { epoch: 1, seq: 1.5 }, { epoch: "1", seq: 1 },
    { epoch: 2 ** 53, seq: 0 }].map((since) => [`since ${JSON.stringify(since)}`, join({ since }), "bad_request", "j"]),
  ["since beyond 64 bits", '{"type":"join","id":"j","room":"ROOM","since":{"epoch":99999999999999999999,"seq":1}}', "bad_request", "j"],
  ["leave of a room that was not joined", '{"type":"leave","id":"l","room":"elsewhere"}', "not_joined", "l"],
  ["leave of a bad room", '{"type":"leave","id":"l","room":""}', "bad_request", "l"],

  ["send without an id", '{"type":"send","room":"ROOM","text":"x"}', "bad_request"],
  ...["x", uuid.slice(1), `{${uuid}}`, uuid.replaceAll("-", ""), uuid.replace("0c", "0g"), `${uuid} `].map((id) =>
    [`send with the id ${JSON.stringify(id)}`, send({ id }), "bad_request", id]),
  ["send to a room that was not joined", send({ room: "elsewhere" }), "not_joined", uuid],
  ["send to a bad room", send({ room: "no room" }), "bad_request", uuid],
  ["send without a text", send({ text: undefined }), "bad_request", uuid],
  ...[7, null, {}, ["text"], true].map((text) => [`send of the text ${JSON.stringify(text)}`, send({ text }), "bad_request", uuid]),
  ["send of an empty text", send({ text: "" }), "bad_request", uuid],
  ["send of NUL", send({ text: "a\u0000b" }), "bad_request", uuid],
  ["send of half a surrogate pair", send({ text: "a\ud800b" }), "bad_request", uuid],
  ["send of a surrogate pair turned round", send({ text: "\ude00\ud83d" }), "bad_request", uuid],
  ["send of a bad escape", '{"id":"e","type":"send","room":"ROOM","text":"\\x41"}', "bad_request", "e"],
  ["send of a raw line break", '{"id":"e","type":"send","room":"ROOM","text":"a\nb"}', "bad_request", "e"],
  ["send of 4,001 characters", send({ text: "x".repeat(4001) }), "too_large", uuid],
];

export function badFrameTests(gateway) {
  describe("bad frames", () => {
    for (const [what, frame, code, id] of cases) {
      test(`${what} is ${code} and the connection stays`, async () => {
        const room = newRoom("bad");
        const client = await member(gateway(), room);
        client.write(frame.replaceAll('"ROOM"', JSON.stringify(room)));
        const answer = await client.waitFor((received) => received.type === "error");
        assert.equal(answer.code, code);
        assert.equal(answer.id, id);
        assert.match(answer.message, /\w+ \w+/);
        await barrier(client, room);
        assert.equal(client.messages().length, 1);
        assert.equal(client.frames.filter((received) => received.type === "error").length, 1);
        await client.close();
      });
    }

    test("every error is counted by its code", async () => {
      const client = await Client.connect(gateway().url);
      const count = async () => {
        const { body } = await gateway().admin("/metrics");
        return Number(/^chat_errors_total\{code="unknown_type"\} (\d+)$/m.exec(body)?.[1] ?? 0);
      };
      const before = await count();
      await client.request({ type: "dance" });
      await client.request({ type: randomUUID() });
      assert.equal(await count(), before + 2);
      await client.close();
    });
  });
}
