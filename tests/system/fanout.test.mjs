// Many members on two gateways and many senders at once: order, numbers, rows, records and what the fan-out costs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { committedOffsets, endOffsets, readTopic } from "./support/kafka.mjs";
import { cursorOf, member, newRoom } from "./support/room.mjs";
import { assertNoGapNoRepeat, assertSameOrder, assertStoredOnce, pipelined, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2, gatewayEnv: { WORKERS: "2" } });
});
after(() => fleet?.stop());

// `count` members, spread over the gateways.
function members(room, count) {
  return Promise.all(range(count).map((i) => member(fleet.gateways[i % fleet.gateways.length], room)));
}

// Each sender sends `each` messages, several in flight; resolves with all acks, with their texts.
async function sendAll(senders, room, each) {
  const perSender = senders.map((client, s) =>
    pipelined(range(each), 8, async (i) => {
      const text = `from ${s}, number ${i}`;
      return { ...(await client.send(room, text)), text };
    }),
  );
  return (await Promise.all(perSender)).flat();
}

const closeAll = (clients) => Promise.all(clients.map((client) => client.close()));

test("I1 I2 every member of every room sees every message once, in one dense order, and PostgreSQL holds that order", async () => {
  const rooms = range(3).map((i) => newRoom(`crowd-${i}`));
  const crowds = await Promise.all(rooms.map((room) => members(room, 40)));
  const acks = await Promise.all(rooms.map((room, i) => sendAll(crowds[i].slice(0, 20), room, 20)));
  for (const [i, room] of rooms.entries()) {
    const seen = await Promise.all(crowds[i].map((client) => client.waitForMessages(room, 400)));
    assertSameOrder(seen);
    assertNoGapNoRepeat(seen[0], room);
    assert.equal(seen[0][0].seq, 1);
    assert.equal(seen[0].length, 400);
    assert.deepEqual(new Set(acks[i].map(({ id, seq }) => `${seq} ${id}`)), new Set(seen[0].map(({ id, seq }) => `${seq} ${id}`)));
    await assertStoredOnce(fleet, room, acks[i]);
    await closeAll(crowds[i]);
  }
});

test("I2 each sender's own messages are numbered in the order in which it sent them", async () => {
  const room = newRoom("own-order");
  const crowd = await members(room, 4);
  const acks = await Promise.all(crowd.map((client) => Promise.all(range(50).map((i) => client.send(room, String(i))))));
  acks.forEach((own) => own.slice(1).forEach((ack, i) => assert.ok(ack.seq > own[i].seq)));
  await closeAll(crowd);
});

test("I3 who joins in the middle of the traffic, by since or with history, sees no gap and no repeat", async () => {
  const room = newRoom("joiners");
  const crowd = await members(room, 4);
  const total = 4 * 250;
  let underWay = true;
  const sending = sendAll(crowd, room, 250).finally(() => (underWay = false));
  const joiners = [];
  const [witness] = crowd;
  while (underWay) {
    const seen = witness.messages(room);
    const last = seen.at(-1);
    const gateway = fleet.gateways[joiners.length % 2];
    const options = joiners.length % 3 === 0 || !last ? { history: 50 } : { since: cursorOf(seen[Math.floor(seen.length / 2)]) };
    const client = await Client.connect(gateway.url);
    joiners.push({ client, options, joined: await client.join(room, options) });
  }
  await sending;
  assert.ok(joiners.length >= 4, `only ${joiners.length} joined in the middle`);
  await Promise.all(crowd.map((client) => client.waitForMessages(room, total)));
  const all = witness.messages(room);
  for (const { client, options, joined } of joiners) {
    const page = [...joined.messages];
    for (let more = joined.more; more; ) {
      const next = await client.join(room, { since: cursorOf(page.at(-1)) });
      page.push(...next.messages);
      more = next.more;
    }
    const first = options.since ? options.since.seq + 1 : (page[0]?.seq ?? joined.seq + 1);
    await client.waitForMessages(room, total - (page.at(-1)?.seq ?? joined.seq));
    const seen = [...page, ...client.messages(room)];
    assert.deepEqual(seen, all.slice(first - 1), `joined by ${JSON.stringify(options)}`);
  }
  await closeAll([...crowd, ...joiners.map(({ client }) => client)]);
});

test("I3 who leaves and comes back by since has missed nothing", async () => {
  const room = newRoom("back");
  const [stays, leaves] = await members(room, 2);
  const first = await stays.send(room, "before");
  await leaves.waitForMessages(room, 1);
  await leaves.drop();
  await sendAll([stays], room, 30);
  const back = await Client.connect(fleet.gateways[0].url);
  const joined = await back.join(room, { since: cursorOf(first) });
  assert.deepEqual(joined.messages, stays.messages(room).slice(1));
  assert.equal(joined.complete, true);
  await closeAll([stays, back]);
});

test("I5 a frame is encoded once a gateway, however many members on how many workers receive it", async () => {
  const room = newRoom("encoded");
  const crowd = await members(room, 24);
  const counters = () => Promise.all(fleet.gateways.map(async (gateway) => [
    await gateway.metric("chat_frames_encoded_total"), await gateway.metric("chat_deliveries_total")]));
  const before = await counters();
  await sendAll(crowd.slice(0, 4), room, 25);
  await Promise.all(crowd.map((client) => client.waitForMessages(room, 100)));
  const after = await until("the counters of both gateways", async () => {
    const now = await counters();
    return now.every(([, deliveries], i) => deliveries - before[i][1] >= 100 * 12) && now;
  });
  for (const i of [0, 1]) {
    assert.equal(after[i][0] - before[i][0], 100, "frames encoded for 100 messages");
    assert.equal(after[i][1] - before[i][1], 100 * 12, "deliveries to 12 members");
  }
  await closeAll(crowd);
});

test("I7 every ack has its record in Kafka under the ack's number, and offsets are committed only over rows", async () => {
  const room = newRoom("records");
  const crowd = await members(room, 4);
  const acks = await sendAll(crowd, room, 50);
  const records = (await readTopic(fleet, "MESSAGES")).filter(({ key }) => key === room).map(({ value }) => JSON.parse(value));
  const written = new Map(records.map((record) => [record.id, record]));
  for (const { id, epoch, seq, text } of acks) {
    const record = written.get(id);
    assert.deepEqual({ ...record, sender: undefined, sender_name: undefined, sent_at: undefined, gateway: undefined },
      { v: 1, id, room, epoch, seq, text, sender: undefined, sender_name: undefined, sent_at: undefined, gateway: undefined });
  }
  await waitForRows(fleet, room, acks.length);
  const ends = await endOffsets(fleet, "MESSAGES");
  const positions = await until("the persister's positions to reach the end of the topic", async () => {
    const rows = await fleet.postgres.query("SELECT partition, next_offset FROM positions");
    const map = new Map(rows.map((row) => [row.partition, row.next_offset]));
    return [...ends].every(([partition, end]) => end === 0 || map.get(partition) === end) && map;
  });
  const stored = await fleet.postgres.query("SELECT kafka_partition, count(*) AS rows, max(kafka_offset) AS last FROM messages GROUP BY 1");
  for (const { kafka_partition: partition, last } of stored) {
    assert.equal(last + 1, positions.get(partition), `the position of partition ${partition}`);
  }
  for (const [partition, committed] of await committedOffsets(fleet)) {
    assert.ok(committed <= (positions.get(partition) ?? 0), `partition ${partition} is committed beyond its rows`);
  }
  await closeAll(crowd);
});
