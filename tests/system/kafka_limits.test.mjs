// A topic that takes less than the gateway sends: batches get smaller, and what never fits is answered.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { produce, readTopic } from "./support/kafka.mjs";
import { gatewaysReady } from "./support/ready.mjs";
import { startFleet } from "./support/fleet.mjs";
import { member, newRoom } from "./support/room.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { assertStoredOnce, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 1, persisters: 1 });
});
after(() => fleet?.stop());

const configure = (...args) => configureTopic("MESSAGES", ...args);
const configureTopic = (topic, ...args) => fleet.kafka.tool("kafka.admin.ConfigCommand",
  ["--bootstrap-server", fleet.kafka.broker, "--alter", "--entity-type", "topics", "--entity-name", topic, ...args]);

// Text that compression does not make smaller than half.
const noise = (characters) => randomBytes(characters).toString("base64").slice(0, characters);
// 4,000 characters of 3 bytes, of which compression saves little.
const longest = () => Array.from(randomBytes(8000)).reduce((text, _, i, bytes) => (i % 2 ? text : text + String.fromCharCode(0x4e00 + ((bytes[i] * 256 + bytes[i + 1]) % 0x5000))), "");

test("I1 a limit that is lowered below a batch: smaller batches go through, and all is acknowledged and stored once", async () => {
  const [gateway] = fleet.gateways;
  await gatewaysReady(fleet);
  const room = newRoom("small-batches");
  const clients = await Promise.all(range(4).map(() => new ResendingClient([gateway.url], room).joined()));
  await configure("--add-config", "max.message.bytes=20000");
  const texts = range(300).map(() => noise(3000));
  const acks = await Promise.all(texts.map(async (text, i) => ({ ...(await clients[i % 4].send(text)), text })));
  await assertStoredOnce(fleet, room, acks, 60_000);
  assert.ok((await gateway.metric("chat_journal_batch_bytes")) < 20_000);
  assert.equal(await gateway.metric("chat_journal_undeliverable_total"), 0);
  await Promise.all(clients.map((client) => client.stop()));
});

test("a message over the topic's limit is answered too_large instead of unavailable for ever, and others go on", async () => {
  const [gateway] = fleet.gateways;
  await configure("--add-config", "max.message.bytes=6000");
  const room = newRoom("never-fits");
  const client = await member(gateway, room);
  const id = randomUUID();
  const text = longest();
  const answer = await client.request({ type: "send", id, room, text }, 30_000);
  assert.deepEqual({ type: answer.type, code: answer.code, retry: answer.retry_after_ms }, { type: "error", code: "too_large", retry: undefined }, JSON.stringify(answer));
  await client.send(room, "fits", { deadlineMs: 30_000 });
  await configure("--delete-config", "max.message.bytes");
  const taken = async () => (await client.request({ type: "send", id, room, text }, 30_000)).type === "ack";
  await until("the same message to be acknowledged once the limit is gone", taken, 60_000);
  await client.close();
});

test("I1 a dead letter over its topic's limit is cut to what fits, and what comes behind it is stored", async () => {
  const [gateway] = fleet.gateways;
  const [persister] = fleet.persisters;
  const room = newRoom("large-letters");
  const client = await member(gateway, room);
  await configureTopic("MESSAGES.dead", "--add-config", "max.message.bytes=3000");
  // A value that does not fit, and one that does if only its reason gets shorter.
  await produce(fleet, "MESSAGES", [{ key: room, value: `{${noise(9000)}` }]);
  await fleet.postgres.psql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', '${noise(9000)}'; END $$`);
  await fleet.postgres.psql("CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.text LIKE 'poison %') EXECUTE FUNCTION refuse()");
  const poison = await client.send(room, `poison ${noise(2360)}`);
  const acks = [{ ...(await client.send(room, "behind")), text: "behind" }];
  await assertStoredOnce(fleet, room, acks);
  const letters = await until("both letters", async () => {
    const found = await readTopic(fleet, "MESSAGES.dead");
    return found.length >= 2 && found;
  });
  const [large, refused] = letters;
  assert.deepEqual([large.key, large.value], [room, "null"]);
  assert.match(large.headers, /value_at:MESSAGES\/\d\/\d+, 9001 bytes/);
  assert.equal(JSON.parse(refused.value).id, poison.id);
  const [, reason] = refused.headers.match(/^reason:(.*),partition:\d,offset:\d+,origin:/) ?? assert.fail(refused.headers);
  assert.equal(reason.length, 80);
  assert.equal(await persister.metric("chat_persister_dead_letters_cut_total"), 2);
  await client.close();
});
