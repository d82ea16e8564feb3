// Redis loses a subscriber, or its data, in the middle of the traffic, and ids are sent again: members notice nothing of it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cpSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { barrier, cursorOf, member, newRoom } from "./support/room.mjs";
import { assertNoGapNoRepeat, assertSameOrder, assertStoredOnce, compareCursors, keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  // A repair of many large messages comes at once; these tests are not about slow readers.
  fleet = await startFleet({ gateways: 2, gatewayEnv: { OUTBOX_MAX_KIB: "65536" }, persisterEnv: { PERSISTER_PAUSE_SECONDS: "1" } });
});
after(() => fleet?.stop());

const total = async (name) => (await Promise.all(fleet.gateways.map((gateway) => gateway.metric(name)))).reduce((sum, value) => sum + value, 0);
const moreThan = (traffic, count) => until(`${count} acks`, () => traffic.acks.length >= count, 40_000);
const degraded = async (gateway) => JSON.parse((await gateway.admin("/readyz")).body || "{}").degraded;
const allWell = () => until("all gateways to be well", async () => (await Promise.all(fleet.gateways.map(degraded))).every((parts) => parts?.length === 0), 30_000);

const connectsOf = () => Promise.all(fleet.gateways.map((gateway) => gateway.metric("chat_redis_connections_opened_total")));

// `count` members, spread over the gateways, each also a sender for keepSending. They never reconnect.
async function steadyMembers(room, count) {
  const clients = await Promise.all(range(count).map((i) => member(fleet.gateways[i % 2], room)));
  return { clients, traffic: keepSending(clients.map((client) => ({ send: (text) => client.send(room, text) }))) };
}

// What must hold for members who were connected all the time: the same connection, every message once and in order, no
// hole that could not be proven filled (I2, I3), and each stored once under the number of its ack (I1).
async function assertNothingNoticed(room, clients, acks, unrepairedBefore) {
  await Promise.all(clients.map((client) => client.waitForMessages(room, acks.length, 30_000)));
  const seen = clients.map((client) => client.messages(room));
  assertSameOrder(seen);
  assertNoGapNoRepeat(seen[0], room);
  assert.equal(seen[0].length, acks.length);
  assert.deepEqual(clients.map(({ closeCode }) => closeCode), clients.map(() => undefined));
  assert.equal(await total("chat_gaps_unrepaired_total"), unrepairedBefore);
  await assertStoredOnce(fleet, room, acks, 30_000);
  await Promise.all(clients.map((client) => client.close()));
}

test("I2 I3 the subscriber connections killed in the middle of the traffic, again and again: members notice nothing", async () => {
  const room = newRoom("killed-subscriber");
  const [unrepaired, repaired] = [await total("chat_gaps_unrepaired_total"), await total("chat_gaps_repaired_total")];
  const { clients, traffic } = await steadyMembers(room, 6);
  for (let kills = 1; kills <= 5; kills++) {
    await moreThan(traffic, traffic.acks.length + 50);
    const connects = await connectsOf();
    assert.equal(await fleet.redis.command("CLIENT", "KILL", "TYPE", "pubsub"), ":2\r\n");
    await until("both gateways to be connected anew", async () => (await connectsOf()).every((now, i) => now > connects[i]));
  }
  await moreThan(traffic, traffic.acks.length + 50);
  const acks = await traffic.finish();
  assert.ok((await total("chat_gaps_repaired_total")) >= repaired + 5, "hardly anything was published while nobody listened");
  assert.equal(new Set(acks.map(({ epoch }) => epoch)).size, 1);
  await assertNothingNoticed(room, clients, acks, unrepaired);
});

// How many clients Redis has closed for their output buffer, as its log says.
const kicks = () => fleet.redis.process.readLog().split("overcoming of output buffer limits").length - 1;

test("I3 a subscriber that Redis kicks for its output buffer in the middle of the traffic: members notice nothing", async () => {
  const room = newRoom("kicked-subscriber");
  const unrepaired = await total("chat_gaps_unrepaired_total");
  const [stopped, serves] = fleet.gateways;
  const clients = [await member(stopped, room), await member(serves, room), await member(serves, room)];
  const acks = [await clients[0].send(room, "before")];
  const before = kicks();
  await fleet.redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 65536 0 0");
  stopped.process.freeze();
  // More than the sockets' buffers hold, which come before Redis's own.
  const text = "\u{1F300}".repeat(4000);
  while (kicks() === before) {
    assert.ok(acks.length < 4000, "Redis kicks nobody");
    acks.push(...(await Promise.all(range(40).map(() => clients[1].send(room, text)))));
  }
  acks.push(...(await Promise.all(range(20).map((i) => clients[2].send(room, `after the kick ${i}`)))));
  stopped.process.thaw();
  await fleet.redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 33554432 8388608 60");
  assert.equal(kicks(), before + 1);
  acks.push(await clients[1].send(room, "last"));
  await assertNothingNoticed(room, clients, acks, unrepaired);
});

test("I2 I3 FLUSHALL in the middle of the traffic: each begins a new epoch, and members go on without a gap", async () => {
  const room = newRoom("flushed");
  const unrepaired = await total("chat_gaps_unrepaired_total");
  const { clients, traffic } = await steadyMembers(room, 6);
  for (let flushes = 0; flushes < 3; flushes++) {
    await moreThan(traffic, traffic.acks.length + 50);
    await fleet.redis.command("FLUSHALL");
  }
  await moreThan(traffic, traffic.acks.length + 50);
  const acks = await traffic.finish();
  assert.equal(new Set(acks.map(({ epoch }) => epoch)).size, 4);
  await assertNothingNoticed(room, clients, acks, unrepaired);
});

const sizeOf = (folder) => readdirSync(folder, { recursive: true }).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

test("I1 I2 I3 I4 Redis come back with an older copy of its data: a new epoch, no number again, members keep receiving", async () => {
  const room = newRoom("older-redis");
  const clients = await Promise.all(range(4).map((i) => new ResendingClient([fleet.gateways[i % 2].url], room).joined()));
  const traffic = keepSending(clients);
  const [data, copy] = ["data", "older"].map((name) => join(fleet.redis.folder, name));
  await moreThan(traffic, 100);
  cpSync(data, copy, { recursive: true });
  await moreThan(traffic, traffic.acks.length + 100);
  await fleet.redis.process.crash();
  assert.ok(sizeOf(copy) < sizeOf(data), "the copy is not older");
  rmSync(data, { recursive: true });
  cpSync(copy, data, { recursive: true });
  await fleet.redis.start();
  await moreThan(traffic, traffic.acks.length + 100);
  const acks = await traffic.finish();
  assert.equal(new Set(acks.map(({ epoch }) => epoch)).size, 2);
  const rows = await waitForRows(fleet, room, acks.length);
  assert.deepEqual(rows.map(({ id }) => id).sort(), acks.map(({ id }) => id).sort(), "stored once");
  const ids = new Map();
  for (const { epoch, seq, id } of [...acks, ...rows, ...clients.flatMap(({ messages }) => messages)]) {
    assert.equal(ids.get(`${epoch}/${seq}`) ?? id, id, `${epoch}/${seq} was given twice`);
    ids.set(`${epoch}/${seq}`, id);
  }
  await Promise.all(clients.map((client) => client.waitForMessages(acks.length)));
  // An id that this Redis forgot may have been shown under its first number on one gateway, under its second on the other.
  clients.forEach((client, i) => {
    assert.equal(client.reconnects, 0, "disconnected");
    assert.deepEqual(client.messages.filter(({ again }) => again), [], `member ${i} was shown something twice`);
    assert.deepEqual(new Set(client.messages.map(({ id }) => id)), new Set(acks.map(({ id }) => id)));
    client.messages.slice(1).forEach((message, m) => assert.ok(compareCursors(client.messages[m], message) < 0));
  });
  await Promise.all(clients.map((client) => client.stop()));
});

// The retry's ack, whose number must be the first one; shown to the witness once and stored once.
async function assertAcknowledgedAgain(room, message, first, sender, witness) {
  const again = await until(`an ack of ${message.id}`, async () => {
    const answer = await sender.request(message, 15_000);
    return answer.type === "ack" && answer;
  }, 40_000);
  assert.deepEqual([again.duplicate, cursorOf(again)], [true, cursorOf(first)]);
  await barrier(sender, room, [witness]);
  assert.equal(witness.messages(room).filter(({ id }) => id === message.id).length, 1, "shown once");
  const rows = (await waitForRows(fleet, room, 2)).filter(({ id }) => id === message.id);
  assert.deepEqual(rows.map(cursorOf), [cursorOf(first)], "stored once");
}

test("I4 I7 a retry on the other gateway, its own killed and Kafka stopped: no ack before Kafka has it, then the first number", async () => {
  const room = newRoom("retry-elsewhere");
  const [dies, lives] = fleet.gateways;
  const [sender, other] = [await member(dies, room), await member(lives, room)];
  const message = { type: "send", id: randomUUID(), room, text: "once" };
  fleet.kafka.process.freeze();
  try {
    sender.write(message);
    const shown = await other.waitFor(({ type, id }) => type === "message" && id === message.id);
    await dies.crash();
    const early = await other.request(message, 15_000);
    assert.deepEqual([early.type, early.code], ["error", "unavailable"], "answered before Kafka had it");
    fleet.kafka.process.thaw();
    await assertAcknowledgedAgain(room, message, shown, other, other);
  } finally {
    fleet.kafka.process.thaw();
    await dies.start();
  }
  await other.close();
});

test("I4 a retry of an acknowledged id on the other gateway, after Redis restarted with its file: the first number again", async () => {
  const room = newRoom("retry-later");
  const [first, second] = await Promise.all(fleet.gateways.map((gateway) => member(gateway, room)));
  const message = { type: "send", id: randomUUID(), room, text: "once" };
  const ack = await first.request(message);
  assert.deepEqual([ack.type, ack.duplicate], ["ack", false]);
  await fleet.redis.restart();
  await allWell();
  await assertAcknowledgedAgain(room, message, ack, second, first);
  const [, after] = await rowsOf(fleet, room);
  assert.ok(after.epoch > ack.epoch, "the restart began a new epoch");
  await Promise.all([first.close(), second.close()]);
});

test("I3 a Redis that hangs is noticed within 3 s", async (context) => {
  for (let round = 0; round < 4; round++) {
    await allWell();
    fleet.redis.process.freeze();
    const stoppedAt = Date.now();
    const noticed = await Promise.all(fleet.gateways.map(async (gateway) => {
      let lastWell = 0;
      await until("a gateway to notice", async () => {
        const asked = Date.now() - stoppedAt;
        const parts = await degraded(gateway);
        lastWell = parts?.length === 0 ? asked : lastWell;
        return parts?.includes("redis");
      });
      return { lastWell, at: Date.now() - stoppedAt };
    }));
    fleet.redis.process.thaw();
    context.diagnostic(`stopped Redis noticed after ${noticed.map(({ lastWell, at }) => `${lastWell} to ${at}`).join(" and ")} ms`);
    // The poll's own time and the machine's delays come on top of what the gateway takes.
    noticed.forEach(({ lastWell }) => assert.ok(lastWell <= 3000, `a gateway was still well ${lastWell} ms after Redis stopped`));
  }
});
