// Redis is replaced by an empty one whose clock is behind: the new messages come after the old ones, for members that
// stayed, for members that come back, in the history and in PostgreSQL.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { member, newRoom } from "./support/room.mjs";
import { shiftClock } from "./support/shifted_clock.mjs";
import { assertNoGapNoRepeat, assertSameOrder, compareCursors, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2, persisterEnv: { PERSISTER_PAUSE_SECONDS: "1" } });
});
after(() => fleet?.stop());

const total = async (name) => (await Promise.all(fleet.gateways.map((gateway) => gateway.metric(name)))).reduce((sum, value) => sum + value, 0);
const text = (i) => `message ${i}`;

async function replaceRedis(shiftMs, meanwhile = async () => {}) {
  await fleet.redis.process.crash();
  rmSync(join(fleet.redis.folder, "data"), { recursive: true });
  shiftClock(fleet.redis, shiftMs);
  await meanwhile();
  await fleet.redis.start();
}

async function sendTexts(client, from, to) {
  const acks = [];
  for (const i of range(to - from).map((n) => from + n)) {
    acks.push(await client.send(text(i)));
  }
  return acks;
}

// The rows, and the history that a newcomer gets, are the texts in the order in which they were acknowledged.
async function assertOrder(room, acks, gateway) {
  acks.slice(1).forEach((ack, i) => assert.ok(compareCursors(acks[i], ack) < 0, `${JSON.stringify(ack)} sorts before ${JSON.stringify(acks[i])}`));
  const texts = range(acks.length).map(text);
  await waitForRows(fleet, room, acks.length);
  assert.deepEqual((await rowsOf(fleet, room)).map((row) => row.text), texts, "PostgreSQL");
  const newcomer = await member(gateway, newRoom("elsewhere"));
  const { messages } = await newcomer.join(room, { history: 100 });
  assert.deepEqual(messages.map((message) => message.text), texts, "history");
  await newcomer.close();
}

for (const [name, shiftMs] of [["30 s", -30_000], ["1 h", -3_600_000]]) {
  test(`I2 I3 Redis replaced by an empty one whose clock is ${name} behind: members that stay and that come back see all in order`, async () => {
    const room = newRoom("clock-behind");
    const [one, two] = fleet.gateways;
    const unrepaired = await total("chat_gaps_unrepaired_total");
    const [stays, returns] = await Promise.all([two, two].map(({ url }) => new ResendingClient([url], room).joined()));
    const acks = await sendTexts(stays, 0, 5);
    await returns.waitForMessages(5);
    returns.pause();
    await replaceRedis(shiftMs);
    // On a gateway that never had a member of the room.
    const sender = await new ResendingClient([one.url], room).joined();
    acks.push(...(await sendTexts(sender, 5, 8)));
    returns.resume();
    await returns.joined();
    acks.push(...(await sendTexts(stays, 8, 10)));
    const seen = await Promise.all([stays, returns].map((client) => client.waitForMessages(10)));
    assertSameOrder(seen);
    assertNoGapNoRepeat(seen[0], room);
    assert.deepEqual(seen[0].map((message) => message.text), range(10).map(text));
    assert.equal(await total("chat_gaps_unrepaired_total"), unrepaired);
    await assertOrder(room, acks, two);
    await Promise.all([sender, stays, returns].map((client) => client.stop()));
  });
}

test("I2 the gateways are new too: what PostgreSQL has comes before, and until it can be asked nothing is numbered", async () => {
  const room = newRoom("all-new");
  const before = await new ResendingClient([fleet.gateways[0].url], room).joined();
  const acks = await sendTexts(before, 0, 5);
  await waitForRows(fleet, room, 5);
  await before.stop();
  await replaceRedis(-3_600_000, async () => {
    await Promise.all(fleet.gateways.map((gateway) => gateway.stop()));
    await fleet.postgres.stop();
  });
  // They are ready only once PostgreSQL answers, and serve before.
  const starting = Promise.all(fleet.gateways.map((gateway) => gateway.start()));
  const brandNew = newRoom("brand-new");
  const client = await until("the gateway to let a client join", () => member(fleet.gateways[0], brandNew).catch(() => false), 60_000);
  const refused = await client.request({ type: "send", id: randomUUID(), room: brandNew, text: "early" });
  assert.deepEqual([refused.type, refused.code], ["error", "unavailable"]);
  await client.close();
  await fleet.postgres.start();
  await starting;
  const back = await new ResendingClient([fleet.gateways[1].url], room).joined();
  acks.push(...(await sendTexts(back, 5, 8)));
  await assertOrder(room, acks, fleet.gateways[0]);
  await back.stop();
});

test("I2 a gateway that is new and has the room's first message finds what the other's members saw", async () => {
  const room = newRoom("one-new");
  const [stays, restarts] = fleet.gateways;
  const unrepaired = await total("chat_gaps_unrepaired_total");
  const witness = await new ResendingClient([stays.url], room).joined();
  const acks = await sendTexts(witness, 0, 3);
  await replaceRedis(-3_600_000, () => restarts.crash());
  await restarts.start();
  const client = await new ResendingClient([restarts.url], room).joined();
  acks.push(...(await sendTexts(client, 3, 6)));
  await witness.waitForMessages(6);
  assertNoGapNoRepeat(witness.messages, room);
  assert.equal(await total("chat_gaps_unrepaired_total"), unrepaired);
  await assertOrder(room, acks, stays);
  await Promise.all([witness, client].map((one) => one.stop()));
});

test("I2 Redis's clock jumps within its run: rooms go on, and later epochs are above", async () => {
  const room = newRoom("jump");
  const client = await new ResendingClient([fleet.gateways[0].url], room).joined();
  const acks = await sendTexts(client, 0, 2);
  shiftClock(fleet.redis, -2 * 3_600_000);
  acks.push(...(await sendTexts(client, 2, 4)));
  assert.equal(new Set(acks.map(({ epoch }) => epoch)).size, 1);
  await fleet.redis.command("FLUSHALL");
  acks.push(...(await sendTexts(client, 4, 6)));
  shiftClock(fleet.redis, 2 * 3_600_000);
  acks.push(...(await sendTexts(client, 6, 8)));
  await client.waitForMessages(8);
  assertNoGapNoRepeat(client.messages, room);
  await assertOrder(room, acks, fleet.gateways[1]);
  await client.stop();
});
