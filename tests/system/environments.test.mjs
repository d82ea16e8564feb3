// Two environments on one Redis, one Kafka and one PostgreSQL server: neither sees anything of the other.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { committedOffsets, groupsAndTopics } from "./support/kafka.mjs";
import { barrier } from "./support/room.mjs";
import { Roster } from "./support/roster.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const names = ["production", "staging"];
const room = "general";
const ids = range(20).map(() => randomUUID());

// All that does not belong to the environment is the same in both, so that it would collide.
const envOf = (name) => ({ REDIS_PREFIX: `${name}:`, KAFKA_TOPIC: name, KAFKA_GROUP: `${name}-persisters` });
const gatewayEnv = { ...envOf(names[0]), GATEWAY_ID: "gateway" };
const persisterEnv = { ...envOf(names[0]), PERSISTER_ID: "persister", HOLE_FINDER_SECONDS: "1" };
const databaseOf = { production: "chat", staging: "staging" };

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 1, gatewayEnv, persisterEnv });
  await fleet.postgres.psql("CREATE DATABASE staging OWNER chat", { admin: true });
  const url = new URL(fleet.postgres.url);
  url.pathname = "/staging";
  const env = { ...envOf("staging"), DATABASE_URL: String(url) };
  await (await fleet.addPersister(env)).start();
  await (await fleet.addGateway(env)).start();
});
after(() => fleet?.stop());

const rowsIn = async (database) => JSON.parse(await fleet.postgres.psql(
  `\\connect ${database}\nSELECT coalesce(json_agg(messages ORDER BY seq), '[]') FROM messages`));

// Every word of an array reply, however deep.
const wordsOf = (reply) => reply.split("\r\n").filter((line) => !/^[*$:]/.test(line) && line !== "");

// Two members of the room in one environment, who have done all that members do.
async function talk(name, gateway) {
  const [ann, bob] = await Promise.all(["ann", "bob"].map((member) => Client.connect(gateway.url, { name: `${member} of ${name}` })));
  const roster = new Roster(room);
  ann.socket.on("message", (data) => {
    const frame = JSON.parse(data);
    frame.type === "presence" && roster.add(frame);
  });
  await ann.join(room, { presence: true });
  await bob.join(room, { presence: true });
  await roster.is([`ann of ${name}`, `bob of ${name}`]);
  const acks = [];
  for (const id of ids) {
    bob.write({ type: "typing", room });
    acks.push(await ann.send(room, `text of ${name}`, { id }));
  }
  await ann.waitFor(({ type, seq }) => type === "stored" && seq === acks.at(-1).seq, 20_000);
  await ann.waitFor(({ type }) => type === "typing");
  return { name, roster, acks, clients: [ann, bob] };
}

test("the same rooms, ids and names in two environments: no message, typing, presence, receipt, key, topic or group is shared", async () => {
  const sides = await Promise.all(names.map((name, i) => talk(name, fleet.gateways[i])));
  await Promise.all(sides.map(({ clients }) => barrier(clients[1], room, clients)));
  for (const { name, roster, acks, clients } of sides) {
    assert.deepEqual(acks.map(({ seq, duplicate }) => [seq, duplicate]), range(ids.length).map((i) => [i + 1, false]));
    await roster.is([`ann of ${name}`, `bob of ${name}`]);
    for (const client of clients) {
      assert.equal(client.messages(room).length, ids.length + 1);
      const others = names.find((other) => other !== name);
      assert.ok(!JSON.stringify(client.frames).includes(others), `a client of ${name} got something of ${others}`);
    }
    const rows = await until(`all rows of ${name}`, async () => {
      const found = await rowsIn(databaseOf[name]);
      return found.length > ids.length && found;
    });
    assert.deepEqual(rows.map(({ text }) => text), [...ids.map(() => `text of ${name}`), "barrier"]);
  }
  const { groups, topics } = await groupsAndTopics(fleet);
  assert.deepEqual(topics, ["production", "production.dead", "staging", "staging.dead"]);
  assert.deepEqual(groups, ["production-persisters", "staging-persisters"]);
  for (const name of names) {
    const offsets = await until("the committed offsets", async () => {
      const sum = [...(await committedOffsets(fleet, name, `${name}-persisters`)).values()].reduce((a, b) => a + b, 0);
      return sum === ids.length + 1 && sum;
    });
    assert.equal(offsets, ids.length + 1);
  }
  const keys = wordsOf(await fleet.redis.command("SCAN", "0", "COUNT", "10000")).slice(1);
  const channels = wordsOf(await fleet.redis.command("PUBSUB", "CHANNELS"));
  for (const list of [keys, channels]) {
    assert.deepEqual(list.filter((word) => !names.some((name) => word.startsWith(`${name}:chat:`))), []);
    names.forEach((name) => assert.ok(list.includes(`${name}:chat:{${room}}${list === keys ? ":log" : ""}`), `${name} of ${list}`));
  }
  await Promise.all(sides.flatMap(({ clients }) => clients.map((client) => client.close())));
});
