// join with history and since, pages, and leave.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { cursorOf, fill, member, newRoom, seqs } from "../support/room.mjs";
import { pipelined, range } from "../support/traffic.mjs";

export function joinTests(gateway) {
  describe("join, history and leave", () => {
    test("a room that has no message yet is answered by an epoch, number 0 and no messages", async () => {
      const room = newRoom("empty");
      const client = await Client.connect(gateway().url);
      const joined = await client.join(room, { id: "j", history: 100 });
      assert.deepEqual([joined.id, joined.room, joined.seq, joined.messages, joined.complete], ["j", room, 0, [], true]);
      assert.ok(joined.epoch > 1_600_000_000_000, "the epoch is the clock of Redis in ms");
      assert.deepEqual(Object.keys(joined.stored).sort(), ["epoch", "seq"]);
      await client.close();
    });

    test("history gives the last n messages, oldest first, each as it was sent live", async () => {
      const room = newRoom("history");
      const writer = await member(gateway(), room);
      const acks = await fill(writer, room, 7);
      const live = await writer.waitForMessages(room, 7);
      for (const [history, expected] of [[0, []], [3, [5, 6, 7]], [7, range(7).map((i) => i + 1)], [100, range(7).map((i) => i + 1)]]) {
        const reader = await Client.connect(gateway().url);
        const joined = await reader.join(room, { history });
        assert.deepEqual(seqs(joined.messages), expected);
        assert.deepEqual(joined.messages, live.slice(7 - joined.messages.length));
        assert.deepEqual(cursorOf(joined), cursorOf(acks[6]));
        assert.ok(!joined.more);
        await reader.close();
      }
      await writer.close();
    });

    test("since gives all that came after that place; at the newest nothing", async () => {
      const room = newRoom("since");
      const writer = await member(gateway(), room);
      const acks = await fill(writer, room, 5);
      for (const [i, expected] of [[0, [2, 3, 4, 5]], [3, [5]], [4, []]]) {
        const joined = await writer.join(room, { since: cursorOf(acks[i]) });
        assert.deepEqual(seqs(joined.messages), expected);
        assert.equal(joined.complete, true);
      }
      await writer.close();
    });

    test("a since beyond the newest is answered like none and not called complete", async () => {
      const room = newRoom("beyond");
      const writer = await member(gateway(), room);
      const [ack] = await fill(writer, room, 1);
      for (const since of [{ ...cursorOf(ack), seq: 2 }, { epoch: ack.epoch + 1, seq: 0 }]) {
        const joined = await writer.join(room, { since });
        assert.deepEqual([joined.messages, joined.complete], [[], false]);
        assert.deepEqual(cursorOf(joined), cursorOf(ack));
      }
      await writer.close();
    });

    test("I3 a history of many messages comes in pages, and no live message before the last page", async () => {
      const room = newRoom("pages");
      const writer = await member(gateway(), room);
      const start = { epoch: (await writer.join(room)).epoch, seq: 0 };
      const long = "😀".repeat(4000);
      const [first] = await fill(writer, room, 45, () => long);
      const since = { epoch: first.epoch, seq: 0 };
      assert.ok(start.epoch <= since.epoch);

      const reader = await Client.connect(gateway().url);
      const read = [];
      let pages = 0;
      let joined;
      do {
        joined = await reader.join(room, { since: read.length > 0 ? cursorOf(read.at(-1)) : since });
        assert.ok(joined.messages.length >= 1);
        assert.ok(Buffer.byteLength(JSON.stringify(joined.messages)) <= 256 * 1024 + 20_000, "a page is at most 256 KiB and one message");
        read.push(...joined.messages);
        pages++;
        if (joined.more) {
          await writer.send(room, `written while page ${pages} was read`);
          await reader.ping();
          assert.equal(reader.messages(room).length, 0, "a live message came before the last page");
        }
      } while (joined.more);
      assert.ok(pages > 2, `${pages} pages`);
      const { seq: last } = await writer.send(room, "live");
      await reader.waitFor((frame) => frame.type === "message" && frame.seq === last);
      assert.deepEqual(seqs([...read, ...reader.messages(room)]), range(last).map((i) => i + 1));
      await Promise.all([writer.close(), reader.close()]);
    });

    test("after leave no message of the room comes, and sending or leaving again is not_joined", async () => {
      const room = newRoom("leave");
      const [stays, leaves] = [await member(gateway(), room), await member(gateway(), room)];
      assert.deepEqual(await leaves.leave(room), { type: "left", id: "request-2", room });
      await stays.send(room, "nobody else here?");
      await stays.waitForMessages(room, 1);
      for (const frame of [{ type: "send", id: randomUUID(), room, text: "still me" }, { type: "leave", room }]) {
        const answer = await leaves.request(frame);
        assert.deepEqual([answer.type, answer.code], ["error", "not_joined"]);
      }
      assert.equal(leaves.messages().length, 0);
      const joined = await leaves.join(room, { history: 10 });
      assert.equal(joined.messages.length, 1);
      await Promise.all([stays.close(), leaves.close()]);
    });

    test("join, leave and join without waiting: each is answered once, a join that is overtaken by cancelled, and the last one counts", async () => {
      const room = newRoom("overtaken");
      const client = await Client.connect(gateway().url);
      client.socket._socket.cork();
      const answers = ["join", "leave", "join", "join"].map((type, i) => client.request({ type, id: `r${i}`, room }));
      client.socket._socket.uncork();
      const [first, left, second, last] = await Promise.all(answers);
      // One that Redis answers before the next frame is read is not overtaken.
      [first, second].forEach((answer) => assert.ok(answer.code === "cancelled" || answer.type === "joined", JSON.stringify(answer)));
      assert.deepEqual([left.type, last.type], ["left", "joined"]);
      const { seq } = await client.send(room, "I am in it");
      await client.waitFor((frame) => frame.type === "message" && frame.seq === seq);
      assert.deepEqual(client.frames.flatMap(({ id }) => (/^r\d$/.test(id) ? [id] : [])).sort(), ["r0", "r1", "r2", "r3"]);
      await client.close();
    });

    test("typing with an id is answered", async () => {
      const room = newRoom("typing");
      const client = await member(gateway(), room);
      assert.deepEqual(await client.request({ type: "typing", id: "t", room }), { type: "typing_taken", id: "t", room });
      await client.close();
    });

    test("a session that is in 100 rooms is told too_many_rooms until it leaves one", async () => {
      const rooms = range(101).map((i) => newRoom(`many-${i}`));
      const client = await Client.connect(gateway().url);
      await pipelined(rooms.slice(0, 100), 20, (room) => client.join(room));
      const refused = await client.request({ type: "join", room: rooms[100] });
      assert.deepEqual([refused.type, refused.code], ["error", "too_many_rooms"]);
      await client.leave(rooms[0]);
      await client.join(rooms[100]);
      await client.close();
    });
  });
}
