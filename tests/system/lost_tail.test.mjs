// Servers that come back with less than they had, or as others: a PostgreSQL restored from an older backup, a topic made
// again, a persister that is restarted for another topic.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { makeTopicAgain, produce } from "./support/kafka.mjs";
import { cursorOf, fill, member, newRoom } from "./support/room.mjs";
import { assertStoredOnce, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const session = { KAFKA_CONF_SESSION_TIMEOUT_MS: "2000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500", KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
let fleet;
let gateway;
let persister;
before(async () => {
  fleet = await startFleet({ gateways: 1, gatewayEnv: { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" },
    persisterEnv: { ...session, PERSISTER_PAUSE_SECONDS: "1", HOLE_FINDER_SECONDS: "1" } });
  [gateway] = fleet.gateways;
  [persister] = fleet.persisters;
});
after(() => fleet?.stop());

const watermark = async (room) => (await fleet.redis.command("GET", `chat:{${room}}:stored`)).split("\r\n")[1];
const placeOf = ({ epoch, seq }) => `${epoch}-${seq}`;

async function sendAndStore(client, room, count, total = count) {
  const acks = await fill(client, room, count);
  await waitForRows(fleet, room, total);
  return acks;
}

test("I1 a PostgreSQL that comes back as an older backup gets again what it had, without a new message", async () => {
  const room = newRoom("backup");
  const client = await member(gateway, room);
  const acks = await sendAndStore(client, room, 30);
  await fleet.postgres.stop();
  const backup = await fleet.postgres.saveData();
  await fleet.postgres.start();
  acks.push(...(await sendAndStore(client, room, 30, 60)));
  await until("the watermark", async () => (await watermark(room)) === placeOf(acks.at(-1)));
  await fleet.postgres.stop();
  await fleet.postgres.replaceData(backup);
  await fleet.postgres.start();
  await assertStoredOnce(fleet, room, acks, 30_000);
  await client.close();
});

test("I1 a PostgreSQL that lost everything but its tables is filled from Kafka's beginning", async () => {
  const room = newRoom("emptied");
  const client = await member(gateway, room);
  const acks = await sendAndStore(client, room, 40);
  await fleet.postgres.psql("TRUNCATE messages, positions, void_numbers");
  await assertStoredOnce(fleet, room, acks, 30_000);
  // The same while no persister runs: only the offsets in Kafka say then that something was there.
  await persister.stop();
  await fleet.postgres.psql("TRUNCATE messages, positions, void_numbers");
  await persister.start();
  await assertStoredOnce(fleet, room, acks, 30_000);
  await client.close();
});

test("I3 positions of a topic that was made again prove nothing: no join is complete without its messages", async () => {
  const room = newRoom("again");
  const client = await member(gateway, room);
  const before = await sendAndStore(client, room, 100);
  await persister.stop();
  await makeTopicAgain(fleet);
  const acks = await fill(client, room, 20, (i) => `after ${i}`);
  // Neither Redis nor a member's gateway remembers them: only PostgreSQL and Kafka can say what there was.
  await client.close();
  await until("the room to be forgotten", async () => (await gateway.metric("chat_connections")) === 0);
  await fleet.redis.command("FLUSHALL");
  const late = await member(gateway, newRoom("elsewhere"));
  const resume = () => late.request({ type: "join", id: randomUUID(), room, since: cursorOf(before.at(-1)) }, 30_000);
  const answer = await resume();
  assert.ok(answer.type === "error" && answer.code === "unavailable", `a join was answered ${JSON.stringify(answer).slice(0, 200)} though the 20 messages are in Kafka alone`);
  await persister.start();
  await assertStoredOnce(fleet, room, [...before, ...acks], 30_000);
  const joined = await until("a complete join", async () => {
    const frame = await resume();
    return frame.type === "joined" && frame;
  }, 30_000);
  assert.deepEqual([joined.complete, joined.messages.map(({ id }) => id)], [true, acks.map(({ id }) => id)]);
  await late.close();
});

test("I1 a topic that is made again under a running persister is read from its beginning", async () => {
  const room = newRoom("under");
  const client = await member(gateway, room);
  const acks = await sendAndStore(client, room, 5);
  await makeTopicAgain(fleet);
  acks.push(...(await fill(client, room, 60, (i) => `after ${i}`)));
  await assertStoredOnce(fleet, room, acks, 40_000);
  await client.close();
});

test("I1 a persister that is restarted for another topic under its fixed name reads all of that topic", async () => {
  const own = await fleet.addPersister({ PERSISTER_ID: "fixed", KAFKA_TOPIC: "FIRST" });
  await own.start();
  await produce(fleet, "FIRST", range(60).map((i) => ({ key: `key-${i}`, value: `first ${i}` })));
  const texts = async (like) => (await fleet.postgres.query(`SELECT text FROM messages WHERE text LIKE '${like} %'`)).map(({ text }) => text).sort();
  await until("the first topic's messages", async () => (await texts("first")).length === 60);
  await own.process.crash();
  own.setEnv({ KAFKA_TOPIC: "SECOND" });
  await own.start();
  await produce(fleet, "SECOND", range(60).map((i) => ({ key: `key-${i}`, value: `second ${i}` })));
  await until("the second topic's messages", async () => (await texts("second")).length === 60, 30_000);
  await own.stop();
});
