// send, message and ack.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { barrier, member, newRoom } from "../support/room.mjs";
import { range } from "../support/traffic.mjs";

export function sendTests(gateway) {
  describe("send, message and ack", () => {
    test("a message has exactly the fields of the protocol, its ack the same number", async () => {
      const room = newRoom("fields");
      const client = await member(gateway(), room, { name: "Ann" });
      const id = randomUUID();
      const before = Date.now();
      const ack = await client.send(room, "hello", { id });
      const [message] = await client.waitForMessages(room, 1);
      const { epoch, seq } = ack;
      assert.deepEqual(ack, { type: "ack", id, room, epoch, seq, duplicate: false });
      const { sent_at: sentAt, ...rest } = message;
      assert.deepEqual(rest, { type: "message", room, epoch, seq, id, sender: "Ann", sender_name: "Ann", text: "hello" });
      assert.ok(sentAt >= before - 1 && sentAt <= Date.now() + 1);
      await client.close();
    });

    test("I4 the same id and text again is a duplicate with the first number, and is not shown again", async () => {
      const room = newRoom("duplicate");
      const client = await member(gateway(), room);
      const id = randomUUID();
      const first = await client.send(room, "once", { id });
      await client.send(room, "in between");
      for (const spelling of [id, id.toUpperCase()]) {
        const again = await client.send(room, "once", { id: spelling });
        assert.deepEqual(again, { ...first, id: spelling, duplicate: true });
      }
      const other = await Client.connect(gateway().url, { name: "the same one, reconnected" });
      await other.join(room);
      assert.equal((await other.send(room, "once", { id })).duplicate, true);
      await barrier(client, room, [client, other]);
      assert.deepEqual(client.messages(room).map(({ text }) => text), ["once", "in between", "barrier"]);
      assert.deepEqual(other.messages(room).map(({ text }) => text), ["barrier"]);
      await Promise.all([client.close(), other.close()]);
    });

    test("the same id with another text is bad_request; in another room it is another message", async () => {
      const rooms = [newRoom("reused"), newRoom("reused")];
      const client = await member(gateway(), rooms[0]);
      await client.join(rooms[1]);
      const id = randomUUID();
      await client.send(rooms[0], "first", { id });
      const refused = await client.request({ type: "send", id, room: rooms[0], text: "second" });
      assert.deepEqual([refused.type, refused.id, refused.code], ["error", id, "bad_request"]);
      assert.equal((await client.send(rooms[1], "second", { id })).duplicate, false);
      await barrier(client, rooms[0]);
      assert.deepEqual(client.messages().map(({ text }) => text), ["first", "second", "barrier"]);
      await client.close();
    });

    test("4,000 characters are taken however many bytes they have, 4,001 are too_large", async () => {
      const room = newRoom("long");
      const client = await member(gateway(), room);
      for (const character of ["a", "é", "☃", "😀"]) {
        await client.send(room, character.repeat(4000));
        const refused = await client.request({ type: "send", id: randomUUID(), room, text: character.repeat(4001) });
        assert.deepEqual([refused.type, refused.code], ["error", "too_large"]);
      }
      const messages = await client.waitForMessages(room, 4);
      assert.deepEqual(messages.map(({ text }) => text), ["a", "é", "☃", "😀"].map((character) => character.repeat(4000)));
      await client.close();
    });

    test("I6 a client may send far more than 64 messages without waiting: the gateway reads them as it can, none is refused", async () => {
      const room = newRoom("eager");
      const client = await member(gateway(), room);
      const acks = await Promise.all(range(500).map((i) => client.send(room, `number ${i}`)));
      assert.deepEqual(acks.map(({ seq }) => seq), range(500).map((i) => i + 1));
      await client.close();
    });

    test("room names may have every character of the protocol and 128 of them", async () => {
      const room = `A-Z_a.z:${"0".repeat(120)}`;
      const client = await member(gateway(), room);
      const { seq } = await client.send(room, "here");
      await client.waitFor((frame) => frame.type === "message" && frame.seq === seq);
      assert.equal(room.length, 128);
      await client.close();
    });
  });
}
