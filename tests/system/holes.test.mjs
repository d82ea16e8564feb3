// Messages that members saw and that never reached Kafka, since their gateway was killed and their senders are gone for
// good: the hole finder stores them. What is only late is no hole.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { lockTable, rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { cursorOf, fill, member, newRoom } from "./support/room.mjs";
import { assertStoredOnce, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  const quick = { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
  fleet = await startFleet({
    gateways: 2,
    gatewayEnv: quick,
    persisterEnv: { ...quick, HOLE_FINDER_SECONDS: "1", PERSISTER_PAUSE_SECONDS: "2", KAFKA_CONF_SESSION_TIMEOUT_MS: "3000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500" },
  });
});
after(() => fleet?.stop());

const foundWithinMs = 60_000;
const log = (room) => `chat:{${room}}:log`;
const asShown = ({ epoch, seq, id, sender, sender_name: name, text, sent_at: at }) => ({ epoch, seq, id, sender, name, text, at: new Date(at).getTime() });

async function counted() {
  const [persister] = fleet.persisters;
  const [{ voids }] = await fleet.postgres.query("SELECT count(*)::int AS voids FROM void_numbers");
  return { stored: await persister.metric("chat_holes_stored_total"), lost: await persister.metric("chat_holes_lost_total"), voids };
}

// The rows are what the member was shown, no more and no less.
async function assertRowsAreWhatWasShown(room, client) {
  const shown = client.messages(room);
  await waitForRows(fleet, room, shown.length, foundWithinMs);
  assert.deepEqual((await rowsOf(fleet, room)).map(asShown), shown.map(asShown));
}

// The watermark has reached the room's newest number, so that nothing more will be found there.
const settled = (room) =>
  until(`${room} to be settled`, async () => (await fleet.redis.command("ZSCORE", "chat:active", room)).startsWith("$-1"), foundWithinMs);

// Sends without awaiting an ack, and resolves once the other member has seen all.
async function show(sender, viewer, room, texts) {
  const before = viewer.messages(room).length;
  texts.forEach((text) => sender.write({ type: "send", id: randomUUID(), room, text }));
  await viewer.waitForMessages(room, before + texts.length);
}

test("I3 shown by a gateway that was killed before Kafka had it, its sender gone: stored as shown, also the last of a room", async () => {
  const [dies, lives] = fleet.gateways;
  const [ends, goesOn] = [newRoom("ends"), newRoom("goes-on")];
  const viewer = await Client.connect(lives.url);
  const sender = await Client.connect(dies.url, { name: "Änn" });
  for (const room of [ends, goesOn]) {
    await viewer.join(room);
    await sender.join(room);
    await fill(sender, room, 5);
  }
  const before = await counted();
  await fleet.kafka.process.crash();
  const texts = range(9).map((i) => `lost ${i}`).concat('lóst "\\ \u2028 🎈\n');
  await show(sender, viewer, ends, texts);
  await show(sender, viewer, goesOn, texts);
  await dies.crash();
  await sender.closed;
  await fleet.kafka.start();
  await fill(viewer, goesOn, 5, (i) => `later ${i}`);
  await assertRowsAreWhatWasShown(ends, viewer);
  await assertRowsAreWhatWasShown(goesOn, viewer);
  await Promise.all([settled(ends), settled(goesOn)]);
  assert.deepEqual(await counted(), { ...before, stored: before.stored + 2 * texts.length });

  const [first] = viewer.messages(goesOn);
  await fleet.redis.command("XTRIM", log(goesOn), "MAXLEN", "0");
  const returns = await Client.connect(lives.url);
  const joined = await returns.join(goesOn, { since: cursorOf(first) });
  assert.equal(joined.complete, true);
  assert.deepEqual(joined.messages, viewer.messages(goesOn).slice(1));
  await Promise.all([viewer.close(), returns.close()]);
  await dies.start();
});

test("I1 a gateway that was only frozen produces what was stored from the stream: still one row each", async () => {
  const [freezes, lives] = fleet.gateways;
  const room = newRoom("frozen");
  const viewer = await member(lives, room);
  const sender = await member(freezes, room);
  const before = await counted();
  await fleet.kafka.process.crash();
  const sent = range(10).map((i) => ({ type: "send", id: randomUUID(), room, text: `late ${i}` }));
  sent.forEach((message) => sender.write(message));
  await viewer.waitForMessages(room, sent.length);
  freezes.process.freeze();
  await fleet.kafka.start();
  await assertRowsAreWhatWasShown(room, viewer);
  freezes.process.thaw();
  // A gateway that was away for longer than a sender has to wait says `unavailable`; the retry gets its ack then.
  for (const message of sent) {
    const acked = () => sender.frames.some(({ type, id }) => type === "ack" && id === message.id);
    await until(`an ack of ${message.id}`, async () => acked() || (await sender.request(message, 15_000)).type === "ack", foundWithinMs);
  }
  const { seq } = await viewer.send(room, "after all of them");
  await until("the row of the last message", async () => (await rowsOf(fleet, room)).some((row) => row.seq === seq), foundWithinMs);
  await assertRowsAreWhatWasShown(room, viewer);
  await settled(room);
  assert.deepEqual(await counted(), { ...before, stored: before.stored + sent.length });
  await Promise.all([viewer.close(), sender.close()]);
});

test("a persister that lags makes no hole: stopped, or kept from writing, while thousands of messages come", async () => {
  const room = newRoom("late");
  const [persister] = fleet.persisters;
  const client = await member(fleet.gateways[0], room);
  await persister.stop();
  const acks = await fill(client, room, 2000);
  await persister.start();
  // The rows stay free, so that only the position keeps the finder from taking them for holes.
  const lock = await lockTable(fleet, "positions");
  acks.push(...(await fill(client, room, 2000, (i) => `more ${i}`)));
  await until("a look that is older than the time a gateway is given",
    async () => {
      const last = await persister.metric("chat_hole_finder_last_pass_timestamp_seconds");
      return last > 0 && Date.now() / 1000 - last > 14;
    }, foundWithinMs);
  await lock.release();
  await assertStoredOnce(fleet, room, acks, foundWithinMs);
  await settled(room);
  assert.deepEqual(await counted(), { stored: 0, lost: 0, voids: 0 });
  const [{ least }] = await fleet.postgres.query(`SELECT min(kafka_offset) AS least FROM messages WHERE room = '${room}'`);
  assert.ok(Number(least) >= 0);
  await client.close();
});
