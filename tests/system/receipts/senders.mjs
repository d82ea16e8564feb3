// `stored` as the senders get it: after the ack, to them alone, true, and also where its publication was lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../support/client.mjs";
import { rowsOf, waitForRows } from "../support/db.mjs";
import { gatewaysReady } from "../support/ready.mjs";
import { cursorOf, fill, member, newRoom } from "../support/room.mjs";
import { compareCursors } from "../support/traffic.mjs";
import { until } from "../support/until.mjs";

const receipts = (client, room) => client.frames.filter((frame) => frame.type === "stored" && frame.room === room);

// Resolves with the receipt that covers the ack.
function stored(client, room, ack, deadlineMs = 20_000) {
  return client.waitFor((frame) => frame.type === "stored" && frame.room === room && compareCursors(frame, ack) >= 0, deadlineMs);
}

// Each receipt is the number of an own message that was acknowledged before it, and they rise.
function assertReceiptsFollowAcks(client, room) {
  const acked = new Set();
  let last = { epoch: 0, seq: 0 };
  for (const frame of client.frames.filter((one) => one.room === room)) {
    const { epoch, seq } = frame;
    if (frame.type === "ack") {
      acked.add(`${epoch}/${seq}`);
    } else if (frame.type === "stored") {
      assert.deepEqual(Object.keys(frame).sort(), ["epoch", "room", "seq", "type"]);
      assert.ok(acked.has(`${epoch}/${seq}`), `stored ${epoch}/${seq} came before its ack`);
      assert.ok(compareCursors(frame, last) > 0, `stored ${epoch}/${seq} came after ${last.epoch}/${last.seq}`);
      last = frame;
    }
  }
}

export function senderTests(fleet) {
  test("I7 stored comes after the ack, to the sender alone, and once it is true", async () => {
    const room = newRoom("receipts");
    const [ann, bob] = await Promise.all(fleet().gateways.slice(0, 2).map((gateway) => member(gateway, room)));
    const reader = await member(fleet().gateways[0], room);
    const [ofAnn, ofBob] = await Promise.all([fill(ann, room, 200), fill(bob, room, 200)]);
    for (const [client, acks] of [[ann, ofAnn], [bob, ofBob]]) {
      const highest = acks.sort(compareCursors).at(-1);
      const receipt = await stored(client, room, highest);
      assert.deepEqual(cursorOf(receipt), cursorOf(highest));
      const rows = new Set((await rowsOf(fleet(), room)).map(({ id }) => id));
      assert.deepEqual(acks.filter(({ id }) => !rows.has(id)), []);
      assertReceiptsFollowAcks(client, room);
    }
    assert.deepEqual(receipts(reader, room), []);
    await Promise.all([ann, bob, reader].map((client) => client.close()));
  });

  test("two gateways that fill a partition out of order: the later number is stored first, the earlier is not claimed", async () => {
    const room = newRoom("out-of-order");
    const lingering = await fleet().addGateway({ KAFKA_CONF_LINGER_MS: "2000" });
    await lingering.start();
    const [slow, quick] = [await member(lingering, room), await member(fleet().gateways[0], room)];
    const first = slow.send(room, "numbered first, in Kafka second");
    await quick.waitForMessages(room, 1);
    const second = await quick.send(room, "numbered second, in Kafka first");
    assert.equal(second.seq, 2);
    await stored(quick, room, second);
    assert.deepEqual((await rowsOf(fleet(), room)).map(({ seq }) => Number(seq)), [2], "the earlier number was to come later");
    assert.deepEqual(receipts(slow, room), []);
    const ack = await first;
    assert.equal(ack.seq, 1);
    await stored(slow, room, ack);
    assert.equal((await rowsOf(fleet(), room)).length, 2);
    assertReceiptsFollowAcks(slow, room);
    await Promise.all([slow.close(), quick.close()]);
    await lingering.stop();
  });

  test("while PostgreSQL is stopped nothing is claimed, and once it is back everything is", async () => {
    const room = newRoom("no-postgres");
    const client = await member(fleet().gateways[0], room);
    await stored(client, room, await client.send(room, "before"));
    await fleet().postgres.stop();
    const told = receipts(client, room).length;
    const acks = await fill(client, room, 1500);
    assert.equal(receipts(client, room).length, told);
    await until("the gauge to count them", async () => (await fleet().gateways[0].metric("chat_unstored_messages")) >= 1500);
    await fleet().postgres.start();
    const highest = acks.sort(compareCursors).at(-1);
    assert.deepEqual(cursorOf(await stored(client, room, highest, 30_000)), cursorOf(highest));
    assert.equal((await rowsOf(fleet(), room)).length, 1501);
    assertReceiptsFollowAcks(client, room);
    await client.close();
  });

  test("a sender whose receipt was published to nobody, while Redis was away and by a persister that died, gets it", async () => {
    const room = newRoom("lost-publication");
    const [persister] = fleet().persisters;
    const client = await member(fleet().gateways[1], room);
    await persister.stop();
    const acks = await fill(client, room, 20);
    await fleet().redis.stop();
    await persister.start();
    await waitForRows(fleet(), room, 20);
    await persister.crash();
    assert.deepEqual(receipts(client, room), []);
    await fleet().redis.start();
    await gatewaysReady(fleet());
    await stored(client, room, acks.sort(compareCursors).at(-1), 30_000);
    assertReceiptsFollowAcks(client, room);
    await persister.start();
    await client.close();
  });

  test("who leaves the room and comes back is not told of the later message before the earlier is stored", async () => {
    const room = newRoom("back-again");
    const [persister] = fleet().persisters;
    const client = await Client.connect(fleet().gateways[0].url);
    await client.join(room);
    await persister.stop();
    await client.send(room, "before the leave");
    await client.leave(room);
    await client.join(room);
    const ack = await client.send(room, "after it");
    assert.deepEqual(receipts(client, room), []);
    await persister.start();
    await stored(client, room, ack);
    assert.equal((await rowsOf(fleet(), room)).length, 2);
    assertReceiptsFollowAcks(client, room);
    await client.close();
  });
}
