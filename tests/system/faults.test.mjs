// Servers and services that die, stop or hang in the middle of the traffic: nothing is lost, nothing comes twice.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { slowReaderTests } from "./faults/slow_reader.mjs";
import { lockTable, rowsOf, waitForBlockedWriter, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { committedOffsets } from "./support/kafka.mjs";
import { member, newRoom } from "./support/room.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { assertNoGapNoRepeat, assertSameOrder, assertStoredOnce, compareCursors, keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  // A killed member of the group blocks its partitions for the session's timeout, and librdkafka waits between two tries.
  const quick = { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
  fleet = await startFleet({
    gateways: 2,
    gatewayEnv: quick,
    persisterEnv: { ...quick, PERSISTER_PAUSE_SECONDS: "2", KAFKA_CONF_SESSION_TIMEOUT_MS: "2000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500" },
  });
});
after(() => fleet?.stop());

slowReaderTests(() => fleet);

// Clients that begin on one gateway or the other and go on with any.
async function resendingClients(room, count, urls = fleet.gateways.slice(0, 2).map((gateway) => gateway.url)) {
  const clients = range(count).map((i) => new ResendingClient([...urls.slice(i % urls.length), ...urls.slice(0, i % urls.length)], room));
  await Promise.all(clients.map((client) => client.joined()));
  return clients;
}

const moreThan = (traffic, count) => until(`${count} acks`, () => traffic.acks.length >= count, 40_000);

// What must hold after every fault: each member saw each acknowledged message once and in one order (I2, I3, I4), and
// PostgreSQL holds each once (I1).
async function assertNothingLostNothingTwice(room, clients, acks) {
  await Promise.all(clients.map((client) => client.waitForMessages(acks.length)));
  clients.forEach((client, i) => assert.deepEqual(client.messages.filter(({ again }) => again), [], `member ${i} was shown something twice`));
  assertSameOrder(clients.map((client) => client.messages));
  assertNoGapNoRepeat(clients[0].messages, room);
  assert.deepEqual(new Set(clients[0].messages.map(({ id }) => id)), new Set(acks.map(({ id }) => id)));
  await assertStoredOnce(fleet, room, acks, 40_000);
  await Promise.all(clients.map((client) => client.stop()));
}

test("I1 I7 PostgreSQL stopped for a while: acks go on, the persister pauses, and then every message is one row", async () => {
  const room = newRoom("no-postgres");
  const [persister] = fleet.persisters;
  const clients = await resendingClients(room, 4);
  const traffic = keepSending(clients);
  await waitForRows(fleet, room, 50);
  const pausesBefore = await persister.metric("chat_persister_pauses_total");
  await fleet.postgres.stop();
  const stoppedAt = Date.now();
  await until("the persister to pause", async () => (await persister.metric("chat_persister_paused")) === 1);
  const { status, degraded } = JSON.parse((await persister.admin("/readyz")).body);
  assert.deepEqual({ status, degraded }, { status: "degraded", degraded: ["postgres"] });
  await moreThan(traffic, traffic.acks.length + 100);
  const committed = await committedOffsets(fleet);
  await fleet.postgres.start();
  await until("the persister to go on", async () => (await persister.metric("chat_persister_paused")) === 0, 20_000);
  assert.ok((await persister.metric("chat_persister_pauses_total")) > pausesBefore);
  const acks = await traffic.finish();
  await assertNothingLostNothingTwice(room, clients, acks);
  for (const [partition, offset] of committed) {
    const [{ early }] = await fleet.postgres.query(`SELECT count(*) AS early FROM messages WHERE kafka_partition = ${partition}
      AND kafka_offset < ${offset} AND created_at > to_timestamp(${stoppedAt / 1000})`);
    assert.equal(early, 0, `offsets of partition ${partition} were committed before their rows`);
  }
  assert.equal(await persister.metric("chat_persister_read_while_paused_total"), 0);
});

test("I1 kill -9 of the persister, twice inside a transaction and once after one, loses and doubles nothing", async () => {
  const room = newRoom("no-persister");
  const [persister] = fleet.persisters;
  const clients = await resendingClients(room, 4);
  const traffic = keepSending(clients);
  for (const inside of [true, false, true]) {
    const stored = (await waitForRows(fleet, room, 1)).length;
    if (inside) {
      const lock = await lockTable(fleet, "messages");
      await waitForBlockedWriter(fleet, "messages");
      await persister.crash();
      await lock.release();
    } else {
      await waitForRows(fleet, room, stored + 1);
      await persister.crash();
    }
    await moreThan(traffic, traffic.acks.length + 20);
    await persister.start();
    await waitForRows(fleet, room, stored + 20);
  }
  await assertNothingLostNothingTwice(room, clients, await traffic.finish());
});

test("I1 I4 kill -9 of a gateway between Redis and Kafka: resent on the other gateway, each is shown and stored once", async () => {
  const room = newRoom("no-gateway");
  const [dies, lives] = fleet.gateways;
  const survivors = await resendingClients(room, 2, [lives.url]);
  const senders = await resendingClients(room, 4);
  const onDying = senders.filter((_, i) => i % 2 === 0);
  const duplicatesBefore = await lives.metric("chat_sends_duplicate_total");
  fleet.kafka.process.freeze();
  const sent = onDying.flatMap((client, c) => range(15).map(async (i) => {
    const text = `from ${c}, number ${i}`;
    return { ...(await client.send(text)), text };
  }));
  await Promise.all(survivors.map((client) => client.waitForMessages(sent.length)));
  await dies.crash();
  fleet.kafka.process.thaw();
  const acks = await Promise.all(sent);
  assert.deepEqual(acks.filter(({ duplicate }) => !duplicate), []);
  assert.ok((await lives.metric("chat_sends_duplicate_total")) >= duplicatesBefore + sent.length);
  await assertNothingLostNothingTwice(room, [...survivors, ...senders], acks);
  await dies.start();
});

test("I1 kill -9 of a gateway in the middle of the traffic: its clients go on with the other one", async () => {
  const room = newRoom("no-gateway-again");
  const [dies] = fleet.gateways;
  const clients = await resendingClients(room, 6);
  const traffic = keepSending(clients);
  await moreThan(traffic, 200);
  await dies.crash();
  await until("its clients to come back", () => clients.filter(({ reconnects }) => reconnects > 0).length === 3, 20_000);
  await moreThan(traffic, traffic.acks.length + 100);
  await assertNothingLostNothingTwice(room, clients, await traffic.finish());
  await dies.start();
});

test("I2 I3 Redis restarted with its file: clients stay, are told unavailable, and a new epoch goes on without a gap", async () => {
  const room = newRoom("no-redis");
  const clients = await resendingClients(room, 4);
  const plain = await member(fleet.gateways[0], room);
  const traffic = keepSending(clients);
  await moreThan(traffic, 100);
  await fleet.redis.stop();
  for (const frame of [{ type: "send", id: randomUUID(), room, text: "never taken" }, { type: "join", room: newRoom("other") }]) {
    const { type, code, retry_after_ms: wait } = await plain.request(frame);
    assert.deepEqual([type, code, wait > 0], ["error", "unavailable", true]);
  }
  await fleet.redis.start();
  await moreThan(traffic, traffic.acks.length + 100);
  const acks = await traffic.finish();
  assert.deepEqual(clients.map(({ reconnects }) => reconnects), [0, 0, 0, 0], "no client was disconnected");
  assert.equal(new Set(acks.map(({ epoch }) => epoch)).size, 2);
  assert.equal(new Set(acks.map(({ epoch, seq }) => `${epoch}/${seq}`)).size, acks.length, "a number was given twice");
  await assertNothingLostNothingTwice(room, clients, acks);
  await plain.close();
});

test("I1 I2 Redis killed and come back without its data: no number comes twice and nothing acknowledged is lost", async () => {
  const room = newRoom("empty-redis");
  const clients = await resendingClients(room, 4);
  const traffic = keepSending(clients);
  await moreThan(traffic, 100);
  await fleet.redis.process.crash();
  rmSync(join(fleet.redis.folder, "data"), { recursive: true });
  await fleet.redis.start();
  await moreThan(traffic, traffic.acks.length + 100);
  const acks = await traffic.finish();
  // An id that Redis forgot between the two sends of its client has two numbers; PostgreSQL keeps the first.
  await waitForRows(fleet, room, acks.length);
  const rows = await rowsOf(fleet, room);
  assert.deepEqual(rows.map(({ id }) => id).sort(), acks.map(({ id }) => id).sort());
  const ids = new Map();
  for (const { epoch, seq, id } of [...acks, ...rows, ...clients.flatMap(({ messages }) => messages)]) {
    const number = `${epoch}/${seq}`;
    assert.equal(ids.get(number) ?? id, id, `${number} was given twice`);
    ids.set(number, id);
  }
  clients.forEach(({ messages }) => messages.slice(1).forEach((message, i) => assert.ok(compareCursors(messages[i], message) < 0)));
  assert.deepEqual(clients.map(({ reconnects }) => reconnects), [0, 0, 0, 0], "no client was disconnected");
  await Promise.all(clients.map((client) => client.stop()));
});

test("I2 I3 a Redis that hangs is noticed without a closed connection, and traffic goes on when it does", async () => {
  const room = newRoom("slow-redis");
  const clients = await resendingClients(room, 4);
  const traffic = keepSending(clients);
  await moreThan(traffic, 100);
  const readiness = async (gateway) => {
    const { status, body } = await gateway.admin("/readyz");
    return { status, ...JSON.parse(body || "{}") };
  };
  fleet.redis.process.freeze();
  for (const gateway of fleet.gateways) {
    const said = await until("a gateway to notice", async () => {
      const now = await readiness(gateway);
      return now.degraded?.includes("redis") && now;
    });
    assert.equal(said.status, "degraded");
    assert.equal((await gateway.admin("/readyz")).status, 200, "or else all gateways would leave the balancer at once");
  }
  fleet.redis.process.thaw();
  await until("both gateways to be well", async () => (await Promise.all(fleet.gateways.map(readiness))).every(({ degraded }) => degraded.length === 0), 20_000);
  await moreThan(traffic, traffic.acks.length + 100);
  const acks = await traffic.finish();
  assert.deepEqual(clients.map(({ reconnects }) => reconnects), [0, 0, 0, 0], "no client was disconnected");
  await assertNothingLostNothingTwice(room, clients, acks);
});

test("I7 Kafka stopped and started: shown but not acknowledged, unavailable or overloaded, then stored once", async () => {
  const room = newRoom("no-kafka");
  const small = await fleet.addGateway({ JOURNAL_MAX_RECORDS: "5" });
  await small.start();
  const [plain, crowded] = [await member(fleet.gateways[0], room), await member(small, room)];
  const clients = await resendingClients(room, 2);
  await fleet.kafka.process.crash();
  const traffic = keepSending(clients);
  const messages = range(8).map((i) => ({ type: "send", id: randomUUID(), room, text: `crowded ${i}` }));
  const one = { type: "send", id: randomUUID(), room, text: "waits" };
  const waits = plain.request(one, 20_000);
  const answers = messages.map((message) => crowded.request(message, 20_000));
  const overloaded = (await Promise.all(answers.slice(5))).map(({ type, code }) => [type, code]);
  assert.deepEqual(overloaded, [["error", "overloaded"], ["error", "overloaded"], ["error", "overloaded"]]);
  for (const answer of await Promise.all([waits, ...answers.slice(0, 5)])) {
    assert.deepEqual([answer.type, answer.code], ["error", "unavailable"]);
  }
  assert.ok(plain.messages(room).some(({ id }) => id === one.id), "a message is shown when it has its number");
  assert.equal(crowded.messages(room).filter(({ text }) => text.startsWith("crowded")).length, 5);
  assert.equal(traffic.acks.length, 0);
  assert.deepEqual(JSON.parse((await fleet.gateways[0].admin("/readyz")).body).degraded, ["kafka"]);

  await fleet.kafka.start();
  await moreThan(traffic, 20);
  const late = [];
  for (const [client, message] of [[plain, one], ...messages.map((message) => [crowded, message])]) {
    late.push({ ...(await resend(client, message)), text: message.text });
  }
  const acks = [...(await traffic.finish()), ...late];
  await assertNothingLostNothingTwice(room, clients, acks);
  await Promise.all([plain.close(), crowded.close()]);
  await small.stop();
});

// Sends the message until it is acknowledged.
function resend(client, message) {
  return until(`an ack of ${message.id}`, async () => {
    const answer = await client.request(message, 15_000);
    return answer.type === "ack" && answer;
  }, 40_000);
}
