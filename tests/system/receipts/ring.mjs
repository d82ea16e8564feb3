// Who comes back a moment later is answered from the gateway's memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../support/client.mjs";
import { gatewaysReady } from "../support/ready.mjs";
import { cursorOf, fill, member, newRoom, seqs } from "../support/room.mjs";
import { assertNoGapNoRepeat, pipelined, range } from "../support/traffic.mjs";

const shown = (client, joined, room) => [...joined.messages, ...client.messages(room)];

// `gateway` has one worker, so that one member keeps the room's ring.
export function ringTests(gateway, fleet) {
  const figures = async () => ({
    ring: await gateway().metric("chat_resumes_total", 'source="memory"'),
    redis: await gateway().metric("chat_redis_reads_total", 'cause="resume"'),
  });

  test("I3 a thousand clients that resume within the ring, at different places, cost no read of Redis and miss nothing", async (context) => {
    const room = newRoom("ring");
    const writer = await member(gateway(), room);
    const acks = await fill(writer, room, 300);
    await writer.waitForMessages(room, 300);
    const clients = await pipelined(range(1000), 50, () => Client.connect(gateway().url));
    const before = await figures();
    const joins = await Promise.all(clients.map((client, i) => client.join(room, { since: cursorOf(acks[299 - (i % 200)]) })));
    const now = await figures();
    context.diagnostic(`${now.ring - before.ring} joins from the ring, ${now.redis - before.redis} reads of Redis`);
    assert.deepEqual([now.ring - before.ring, now.redis - before.redis], [1000, 0]);
    joins.forEach((joined, i) => {
      assert.equal(joined.complete, true);
      assert.equal(joined.seq, 300);
      assert.deepEqual(seqs(joined.messages), range(i % 200).map((n) => 301 - (i % 200) + n));
    });
    const { seq } = await writer.send(room, "for all");
    await Promise.all(clients.map((client) => client.waitFor((frame) => frame.type === "message" && frame.seq === seq)));
    const page = await clients[1].join(room, { since: cursorOf(acks[20]) });
    assert.deepEqual([page.messages.length, page.complete], [280, true], "an older cursor goes to Redis");
    assert.equal((await figures()).redis, now.redis + 1);
    await Promise.all([...clients, writer].map((client) => client.close()));
  });

  test("I3 with Redis away a client resumes from the ring, and sees what comes after Redis is back", async () => {
    const room = newRoom("ring-no-redis");
    const writer = await member(gateway(), room);
    const acks = await fill(writer, room, 20);
    await writer.waitForMessages(room, 20);
    await fleet().redis.stop();
    const back = await Client.connect(gateway().url);
    const refused = await back.request({ type: "join", room });
    assert.equal(refused.code, "unavailable");
    const joined = await back.join(room, { since: cursorOf(acks[9]) });
    assert.deepEqual([joined.messages.length, joined.complete], [10, true]);
    await fleet().redis.start();
    await gatewaysReady(fleet());
    const other = await member(fleet().gateways.find((elsewhere) => elsewhere !== gateway()), room);
    for (const i of range(5)) {
      await other.send(room, `later ${i}`);
    }
    await Promise.all([back.waitForMessages(room, 5, 20_000), writer.waitForMessages(room, 25, 20_000)]);
    assertNoGapNoRepeat([...acks.slice(0, 10), ...shown(back, joined, room)], "who resumed from the ring");
    assert.deepEqual(back.messages(room).slice(-5), writer.messages(room).slice(-5));
    await Promise.all([writer, back, other].map((client) => client.close()));
  });
}
