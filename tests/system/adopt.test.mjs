// A database and a topic of the system before this one: its rows and its records become messages of room general.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { produce, readTopic } from "./support/kafka.mjs";
import { cursorOf } from "./support/room.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const room = "general";
const oldRows = 250;
const rawTexts = [
  ...range(40).map((i) => ({ key: `message-${1_700_000_000_000 + i}`, value: `plain text ${i}`, text: `plain text ${i}` })),
  ...range(40).map((i) => ({ key: null, value: JSON.stringify({ message: `in JSON ${i}` }), text: `in JSON ${i}` })),
  { key: null, value: '"a JSON string"', text: '"a JSON string"' },
];
const poison = [{ key: null, value: "{no JSON" }, { key: "message-1700000000099", value: '{"v":1,"message":"ours, and wrong"}' }];

let fleet;
before(async () => {
  // The gateways make the topic, and know no database before the persister has made its tables, which it does when the old
  // system's rows and records are there.
  fleet = await startFleet({ gateways: 2, persisters: 0, gatewayEnv: { DATABASE_URL: "" } });
});
after(() => fleet?.stop());

// As `prisma migrate` writes it, and what its client and hands have put in: cuids and UUIDs, times not in the ids' order.
const prismaTable = `
  CREATE TABLE "messages" ("id" TEXT NOT NULL, "text" TEXT NOT NULL, "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "messages_pkey" PRIMARY KEY ("id"));
  CREATE VIEW texts AS SELECT text FROM messages;
  INSERT INTO messages SELECT CASE WHEN i % 2 = 0 THEN 'cl' || md5(i::text) ELSE gen_random_uuid()::text END, 'old text ' || i,
    timestamp '2024-05-01 10:00' + (i / 2) * interval '1 second' FROM generate_series(1, ${oldRows}) AS i;
  INSERT INTO messages VALUES ('cl-empty', '', now());`;

test("I1 I2 the old table's rows and the topic's raw records are in room general, in order, and a client pages back through them", async () => {
  await fleet.postgres.psql(prismaTable);
  const oldTexts = (await fleet.postgres.query(`SELECT text FROM messages WHERE text <> '' ORDER BY created_at, id COLLATE "C"`)).map(({ text }) => text);
  await produce(fleet, "MESSAGES", [...rawTexts, ...poison]);
  const records = await readTopic(fleet, "MESSAGES");
  const isText = new Map(rawTexts.map(({ value, text }) => [value, text]));
  const rawInOrder = records
    .filter(({ value }) => isText.has(value))
    .sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset || a.partition - b.partition)
    .map(({ value }) => isText.get(value));
  assert.equal(rawInOrder.length, rawTexts.length);

  // Two at once, as after a rollout.
  await Promise.all([await fleet.addPersister(), await fleet.addPersister()].map((persister) => persister.start()));
  await Promise.all(fleet.gateways.map((gateway) => {
    gateway.setEnv(fleet.postgres.env);
    return gateway.restart();
  }));
  const expected = [...oldTexts, ...rawInOrder];
  const rows = await waitForRows(fleet, room, expected.length, 30_000);
  assert.deepEqual(rows.map(({ text }) => text), expected);
  assert.equal(new Set(rows.map(({ id }) => id)).size, expected.length);
  assert.ok(rows.every(({ epoch }) => epoch < 1e12), "a live epoch would come before an old message");
  assert.deepEqual(await fleet.postgres.query("SELECT count(*) AS texts FROM texts"), [{ texts: oldRows + 1 }], "the old view and rows are there");

  const letters = await until("the dead letters", async () => {
    const found = await readTopic(fleet, "MESSAGES.dead");
    return found.length >= poison.length && found;
  }, 30_000);
  assert.deepEqual(letters.map(({ value }) => value).sort(), poison.map(({ value }) => value).sort());

  const client = await Client.connect(fleet.gateways[0].url);
  const joined = await client.join(room, { history: 20 });
  assert.deepEqual(joined.messages.map(({ text }) => text), expected.slice(-20));
  const { epoch, seq } = await client.send(room, "the first of the new ones");
  const texts = await pageBack(client, { epoch, seq: seq + 1 });
  assert.deepEqual(texts, [...expected, "the first of the new ones"]);
  const forward = await readOn(fleet.gateways[1], cursorOf(rows[0]));
  assert.deepEqual(forward, [...expected.slice(1), "the first of the new ones"]);
  await client.close();
});

test("I1 a replay of the whole topic stores no raw text twice", async () => {
  const before = await rowsOf(fleet, room);
  await Promise.all(fleet.persisters.map((persister) => persister.stop()));
  // The positions decide where reading begins; without them all is read again, whatever the group's offsets say.
  await fleet.postgres.psql("DELETE FROM positions");
  const [persister] = fleet.persisters;
  await persister.start();
  await until("all to be read again", async () => (await persister.metric("chat_persister_duplicates_total")) >= rawTexts.length, 20_000);
  assert.deepEqual(await rowsOf(fleet, room), before);
});

// All texts in front of the cursor, oldest first, by `history`.
async function pageBack(client, before) {
  const texts = [];
  for (let more = true; more; ) {
    const page = await client.request({ type: "history", room, before, limit: 100 }, 20_000);
    assert.equal(page.type, "history", JSON.stringify(page));
    texts.unshift(...page.messages.map(({ text }) => text));
    more = page.more;
    before = cursorOf(page.messages[0]);
  }
  return texts;
}

// All texts behind the cursor, by joins with `since`.
async function readOn(gateway, since) {
  const client = await Client.connect(gateway.url);
  const texts = [];
  for (let more = true; more; ) {
    const page = await client.join(room, { since });
    assert.equal(page.complete, true);
    texts.push(...page.messages.map(({ text }) => text));
    more = page.more === true;
    since = cursorOf(page.messages.at(-1));
  }
  await client.close();
  return texts;
}
