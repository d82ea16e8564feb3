// chat-gateway trace: where one message is, since when, and what is missing.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { isFrozen, loadBreakPoints, stopAtBreakPoint } from "../support/break_points.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { fill, member, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { until } from "./support/until.mjs";

let fleet;
let persister;
before(async () => {
  fleet = await startFleet({
    gateways: 2,
    persisterEnv: { HOLE_FINDER_SECONDS: "1", KAFKA_CONF_SESSION_TIMEOUT_MS: "3000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500" },
    prepared: (made) => loadBreakPoints(made.gateways[0], made.folder),
  });
  [persister] = fleet.persisters;
});
after(() => fleet?.stop());

const run = (...args) => runService(fleet.gateways[1].process.command, { args: ["trace", ...args], env: fleet.env });

// Resolves with the exit code and the JSON object.
async function trace(room, which, ...flags) {
  const { code, stdout, stderr } = await run(room, String(which), "--json", ...flags);
  assert.ok(stdout.endsWith("}\n"), `${stdout}${stderr}`);
  return { code, ...JSON.parse(stdout) };
}

test("a stored message is found by number, seq and id, with the place in Kafka that its row names", async () => {
  const room = newRoom("stored");
  const client = await member(fleet.gateways[1], room);
  const acks = await fill(client, room, 3);
  const rows = await waitForRows(fleet, room, 3);
  const { id, epoch, seq, kafka_partition: partition, kafka_offset: offset } = rows[1];
  await until("the watermark to pass it", async () => (await trace(room, seq)).redis.watermark?.seq === acks[2].seq);
  for (const which of [`${epoch}-${seq}`, seq, id]) {
    const found = await trace(room, which);
    assert.equal(found.code, 0, JSON.stringify(found));
    assert.deepEqual([found.verdict.state, found.epoch, found.seq, found.id], ["stored", Number(epoch), Number(seq), id]);
    assert.deepEqual([found.kafka.partition, found.kafka.offset, found.lag], [Number(partition), Number(offset), 0]);
    assert.deepEqual(found.redis.remembered, { epoch: Number(epoch), seq: Number(seq) });
    assert.equal(found.postgres.row.kafka_offset, Number(offset));
    assert.ok(found.redis.in_stream && Date.parse(found.kafka.time) > Date.now() - 3_600_000);
  }
  const { code, stdout } = await run(room, String(seq));
  assert.equal(code, 0);
  assert.match(stdout, /^verdict {3}stored: in PostgreSQL since 20.*Z$/m);

  const unknown = await trace(room, 99);
  assert.deepEqual([unknown.code, unknown.verdict.state], [1, "unknown_number"]);
  assert.ok(unknown.verdict.sentence.endsWith(`the room's newest is ${epoch}-3`), unknown.verdict.sentence);
  assert.equal((await trace(room, randomUUID())).verdict.state, "unknown_id");
  assert.equal((await trace(newRoom("nobody"), 1)).verdict.state, "unknown_room");
  await client.close();
});

// A message that its gateway has shown and not produced when it is killed, as the viewer saw it.
async function orphan(viewer, room, text) {
  const [dies] = fleet.gateways;
  const sender = await member(dies, room);
  const stopped = stopAtBreakPoint(dies, "produce");
  sender.write({ type: "send", id: randomUUID(), room, text });
  const shown = await viewer.waitFor((frame) => frame.type === "message" && frame.text === text);
  await stopped;
  assert.ok(isFrozen(dies.pid));
  await dies.crash();
  return shown;
}

test("what is in Kafka, in Redis alone, lost, and stored from Redis, is told apart", async () => {
  const [dies, lives] = fleet.gateways;
  const room = newRoom("orphan");
  const viewer = await member(lives, room);
  await persister.stop();
  const inKafka = await viewer.send(room, "in Kafka");
  const waits = await trace(room, inKafka.seq);
  assert.deepEqual([waits.code, waits.verdict.state], [1, "in_kafka"], JSON.stringify(waits));
  assert.match(waits.verdict.sentence, /not stored yet: (the persister is \d+ records? behind|PostgreSQL has no position)/);

  const stays = await orphan(viewer, room, "will be stored");
  const shown = await trace(room, stays.seq);
  assert.deepEqual([shown.code, shown.verdict.state, shown.kafka.offset], [1, "shown", null], JSON.stringify(shown));
  assert.match(shown.verdict.sentence, /^shown to members at 20.*not in Kafka/);

  await dies.start();
  const goes = await orphan(viewer, room, "will be lost");
  await fleet.redis.command("XDEL", `chat:{${room}}:log`, `${goes.epoch}-${goes.seq}`);
  const gone = await trace(room, `${goes.epoch}-${goes.seq}`);
  assert.deepEqual([gone.code, gone.verdict.state], [1, "vanished"], JSON.stringify(gone));

  await persister.start();
  await waitForRows(fleet, room, 2, 60_000);
  const lost = await until("the number to be noted as lost", async () => {
    const found = await trace(room, goes.seq);
    return found.verdict.state === "lost" && found;
  }, 60_000);
  assert.equal(lost.code, 1);
  assert.equal(lost.postgres.void_number.reason, "lost");
  const stored = await trace(room, stays.id);
  assert.deepEqual([stored.code, stored.verdict.state, stored.postgres.row.kafka_offset], [0, "stored", -1]);
  assert.match(stored.verdict.sentence, /by the hole finder from Redis/);
  await viewer.close();
  await dies.start();
});

test("a dead letter is named with its reason", async () => {
  const room = newRoom("dead");
  await fleet.postgres.psql("ALTER TABLE messages ADD CONSTRAINT no_tea CHECK (text NOT LIKE '%tea%') NOT VALID");
  const client = await member(fleet.gateways[1], room);
  await client.send(room, "coffee");
  const { seq } = await client.send(room, "tea");
  const found = await until("the dead letter", async () => {
    const { code, verdict, kafka } = await trace(room, seq);
    return verdict.state === "dead_letter" && kafka.dead_letter && { code, verdict, kafka };
  }, 30_000);
  assert.equal(found.code, 1);
  assert.match(found.kafka.dead_letter.reason, /23514.*no_tea/);
  assert.match(found.verdict.advice, /no_tea.*replay-dead/);
  await fleet.postgres.psql("ALTER TABLE messages DROP CONSTRAINT no_tea");
  await client.close();
});

test("a server that is away costs at most its limit, the others still tell, and the exit code is 3", async () => {
  const room = newRoom("away");
  const client = await member(fleet.gateways[1], room);
  await client.send(room, "text");
  const [{ seq, epoch }] = await waitForRows(fleet, room, 1);
  const number = `${epoch}-${seq}`;
  const withoutRedis = await trace(room, number, "--redis-port", "1");
  assert.deepEqual([withoutRedis.code, withoutRedis.verdict.state, withoutRedis.redis.answered], [3, "stored", false]);
  assert.match(withoutRedis.verdict.advice, /Redis has it .* is not known: Redis cannot be reached/);
  const withoutKafka = await trace(room, number, "--kafka-broker", `${fleet.address}:1`);
  assert.deepEqual([withoutKafka.code, withoutKafka.verdict.state, withoutKafka.kafka.answered], [3, "stored", false]);
  const withoutDatabase = await trace(room, number, "--database-url", `postgresql://x@${fleet.address}:1/x`);
  assert.deepEqual([withoutDatabase.code, withoutDatabase.verdict.state], [3, "undecided"]);
  assert.match(withoutDatabase.verdict.sentence, /in Kafka since .* not lost/);

  fleet.redis.process.freeze();
  const frozen = await trace(room, number).finally(() => fleet.redis.process.thaw());
  assert.deepEqual([frozen.code, frozen.verdict.state, frozen.redis.answered], [3, "stored", false]);
  await client.close();
});

test("wrong arguments and settings end with 2 and one sentence", async () => {
  for (const args of [[], ["general"], ["general", "x"], ["general", "1", "--no-such"], ["general", "1", "--redis-port", "x"]]) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout, stderr.split("\n").length], [2, "", 2], `${args}: ${stderr}`);
  }
});
