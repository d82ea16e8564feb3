// The persister on real servers: rebalances while paused, a zombie, a database that hangs or dies at the commit, retries,
// dead letters and their replay.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { lockTable, quote, rowsOf, waitForBlockedWriter, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { committedOffsets, produce, readTopic } from "./support/kafka.mjs";
import { member, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { assertStoredOnce, compareCursors, keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const session = { KAFKA_CONF_SESSION_TIMEOUT_MS: "2000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500", KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
let fleet;
let first;
let second; // not running between the tests
before(async () => {
  fleet = await startFleet({ gateways: 1, persisterEnv: { ...session, PERSISTER_PAUSE_SECONDS: "2" } });
  [first] = fleet.persisters;
  second = await fleet.addPersister();
  // A login of its own for each, so that one alone can be shut out.
  await fleet.postgres.psql(`CREATE ROLE first LOGIN PASSWORD '${fleet.postgres.password}' IN ROLE chat`, { admin: true });
  await first.stop();
  first.setEnv({ DATABASE_URL: fleet.postgres.url.replace("//chat:", "//first:") });
  await first.start();
});
after(() => fleet?.stop());

// Members of several rooms, so that every partition gets something; finish() compares with PostgreSQL.
async function beginTraffic(name, rooms = 6) {
  const senders = await Promise.all(range(rooms).map(async () => {
    const room = newRoom(name);
    const client = await member(fleet.gateways[0], room);
    return { room, client, send: async (text) => ({ ...(await client.send(room, text)), room }) };
  }));
  const traffic = keepSending(senders);
  return {
    acks: traffic.acks,
    rooms: senders.map(({ room }) => room),
    more: (count) => {
      const target = traffic.acks.length + count;
      return until(`${count} more acks`, () => traffic.acks.length >= target, 20_000);
    },
    async finish() {
      const acks = await traffic.finish();
      for (const { room, client } of senders) {
        await assertStoredOnce(fleet, room, acks.filter((ack) => ack.room === room), 40_000);
        await client.close();
      }
    },
  };
}

const storedRows = async (rooms) =>
  (await fleet.postgres.query(`SELECT count(*) AS n FROM messages WHERE room IN (${rooms.map(quote).join(", ")})`))[0].n;
const shutOut = () => fleet.postgres.psql(
  "ALTER ROLE first NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'first'", { admin: true });
const letIn = () => fleet.postgres.psql("ALTER ROLE first LOGIN", { admin: true });
const isPaused = async (persister) => (await persister.metric("chat_persister_paused")) === 1;

async function positions() {
  return new Map((await fleet.postgres.query("SELECT * FROM positions")).map(({ partition, next_offset: next }) => [partition, next]));
}

const assignments = (persister) => persister.process.readLog().split("partitions assigned").length;

function assertNotLower(before, after, what) {
  before.forEach((value, partition) => assert.ok((after.get(partition) ?? 0) >= value, `${what} of partition ${partition} went back`));
}

// Makes `sql` happen at the next `times` inserts (or commits) into messages, whatever becomes of their transactions.
async function sabotage(sql, { times, when = "CREATE TRIGGER sabotage BEFORE INSERT" }) {
  await fleet.postgres.psql(`
    CREATE SEQUENCE sabotages;
    CREATE FUNCTION sabotage() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
      BEGIN IF nextval('sabotages') <= ${times} THEN ${sql}; END IF; RETURN NEW; END $$;
    ${when} ON messages ${when.includes("CONSTRAINT") ? "DEFERRABLE INITIALLY DEFERRED" : ""} FOR EACH ROW EXECUTE FUNCTION sabotage()`,
    { admin: true });
  return {
    struck: async () => (await fleet.postgres.psql("SELECT last_value >= " + times + " FROM sabotages", { admin: true })).trim() === "t",
    end: () => fleet.postgres.psql("DROP TRIGGER sabotage ON messages; DROP FUNCTION sabotage; DROP SEQUENCE sabotages", { admin: true }),
  };
}

test("I1 a second persister joins and leaves while the first is paused: both halves are stored once", async () => {
  const traffic = await beginTraffic("paused");
  await traffic.more(50);
  await shutOut();
  await until("the first to pause", () => isPaused(first));
  await traffic.more(50);
  await second.start();
  const stored = await second.metric("chat_persister_stored_total");
  await until("the second to store", async () => (await second.metric("chat_persister_stored_total")) > stored + 20, 20_000);
  assert.ok(await isPaused(first));
  await second.stop();
  await traffic.more(50);
  await letIn();
  await until("the first to go on", async () => !(await isPaused(first)), 20_000);
  await traffic.finish();
});

test("I1 I7 a zombie that wakes with an open transaction after its session ended stores nothing twice and sets nothing back", async () => {
  const traffic = await beginTraffic("zombie");
  await traffic.more(50);
  const lock = await lockTable(fleet, "messages");
  await waitForBlockedWriter(fleet, "messages");
  first.process.freeze();
  const assigned = assignments(first);
  await lock.release();
  await second.start();
  // Its session ends, and PostgreSQL ends its transaction, which holds the rows that the second wants to write.
  const before = await storedRows(traffic.rooms);
  await traffic.more(50);
  await until("the second to store everything", async () => (await storedRows(traffic.rooms)) >= before + 50 && !(await isPaused(second)), 60_000);
  const [stood, committed] = [await positions(), await committedOffsets(fleet)];
  first.process.thaw();
  await until("the zombie to be a member again", () => assignments(first) > assigned, 30_000);
  await traffic.more(50);
  await traffic.finish();
  assertNotLower(stood, await positions(), "the position");
  assertNotLower(committed, await committedOffsets(fleet), "the committed offset");
  await second.stop();
});

test("I1 I7 a zombie that stores its batch, stored by another long ago, sets no position and no offset back", async () => {
  const traffic = await beginTraffic("late");
  await traffic.more(50);
  // Its transaction fails so that it is repeated at once: after the sleep, before Kafka can say anything.
  const trouble = await sabotage("IF session_user = 'first' THEN PERFORM pg_sleep(5); RAISE EXCEPTION USING ERRCODE = '40001'; END IF", { times: 1 });
  await until("the first to be in the middle of a transaction", async () =>
    (await fleet.postgres.query("SELECT pid FROM pg_stat_activity WHERE usename = 'first' AND wait_event = 'PgSleep'", { admin: true })).length > 0);
  const duplicates = await first.metric("chat_persister_duplicates_total");
  first.process.freeze();
  const assigned = assignments(first);
  await second.start();
  const before = await storedRows(traffic.rooms);
  await until("the second to store more", async () => (await storedRows(traffic.rooms)) >= before + 200, 30_000);
  await traffic.finish();
  const [stood, committed] = [await positions(), await committedOffsets(fleet)];
  first.process.thaw();
  await until("the zombie to store", async () => (await first.metric("chat_persister_duplicates_total")) > duplicates, 20_000);
  await until("the zombie to be a member again", () => assignments(first) > assigned, 30_000);
  assert.deepEqual(await positions(), stood);
  assertNotLower(committed, await committedOffsets(fleet), "the committed offset");
  await trouble.end();
  await second.stop();
});

test("I1 a PostgreSQL that hangs without closing is noticed, and all is stored when it goes on", async () => {
  const traffic = await beginTraffic("hang");
  await traffic.more(50);
  fleet.postgres.process.freeze();
  try {
    await until("the pause", () => isPaused(first), 30_000);
    await traffic.more(50);
  } finally {
    fleet.postgres.process.thaw();
  }
  await until("the first to go on", async () => !(await isPaused(first)), 30_000);
  await traffic.finish();
});

async function withoutAPause(work) {
  const [pauses, retries] = [await first.metric("chat_persister_pauses_total"), await first.metric("chat_persister_retries_total")];
  await work();
  assert.equal(await first.metric("chat_persister_pauses_total"), pauses, "it paused");
  return (await first.metric("chat_persister_retries_total")) - retries;
}

test("I1 a backend that dies at COMMIT leaves the outcome unknown: the batch is stored again at once, and once", async () => {
  const traffic = await beginTraffic("commit");
  const retries = await withoutAPause(async () => {
    const trouble = await sabotage("PERFORM pg_terminate_backend(pg_backend_pid())", { times: 3, when: "CREATE CONSTRAINT TRIGGER sabotage AFTER INSERT" });
    await until("three dead backends", trouble.struck, 20_000);
    await traffic.more(50);
    await traffic.finish();
    await trouble.end();
  });
  assert.ok(retries >= 3, `${retries} retries`);
});

test("I1 deadlocks and serialization failures are retried at once, without a pause", async () => {
  const traffic = await beginTraffic("retry");
  const retries = await withoutAPause(async () => {
    const trouble = await sabotage("IF currval('sabotages') % 2 = 0 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; ELSE RAISE EXCEPTION USING ERRCODE = '40001'; END IF", { times: 4 });
    await until("four failures", trouble.struck, 20_000);
    await traffic.more(50);
    await traffic.finish();
    await trouble.end();
  });
  assert.equal(retries, 4);
});

const replay = (...args) => runService(first.process.command, { args: ["replay-dead", ...args], env: fleet.kafka.env });

test("I1 poison goes to the dead letters with its reason and place, its neighbours are stored, and a replay after the fix stores it once", async () => {
  const room = newRoom("poison");
  const client = await member(fleet.gateways[0], room);
  await fleet.postgres.psql("ALTER TABLE messages ADD CONSTRAINT no_tea CHECK (text NOT LIKE '%tea%') NOT VALID");
  const acks = [];
  for (const text of range(12).map((i) => (i % 4 === 1 ? `tea ${i}` : `coffee ${i}`))) {
    acks.push({ ...(await client.send(room, text)), text });
  }
  await produce(fleet, "MESSAGES", [{ key: null, value: "raw tea" }, { key: "message-1700000000000", value: "{broken" }]);
  await waitForRows(fleet, room, 9);
  const letters = await until("five dead letters", async () => {
    const found = await readTopic(fleet, "MESSAGES.dead");
    return found.length >= 5 && found;
  }, 30_000);
  assert.equal((await rowsOf(fleet, room)).filter(({ text }) => text.startsWith("coffee")).length, 9);
  const sources = await readTopic(fleet, "MESSAGES");
  for (const { key, value, headers } of letters) {
    const { reason, partition, offset } = Object.fromEntries(headers.split(",").map((header) => [header.slice(0, header.indexOf(":")), header.slice(header.indexOf(":") + 1)]));
    assert.match(reason, value === "{broken" ? /the value is not JSON/ : /23514.*no_tea/);
    const source = sources.find((record) => record.partition === Number(partition) && record.offset === Number(offset));
    assert.deepEqual([source.value, source.key === "null" ? "" : source.key], [value, key]);
  }

  const listed = await replay("--dry-run", "--reason", "no_tea");
  assert.equal(listed.code, 0, listed.stderr);
  assert.equal(listed.stdout.split("\n").filter((line) => /^partition \d+, offset \d+: PostgreSQL refuses the row: 23514/.test(line)).length, 4, listed.stdout);
  assert.match(listed.stdout, /4 would be put back into MESSAGES, 1 of other reasons kept/);

  await fleet.postgres.psql("ALTER TABLE messages DROP CONSTRAINT no_tea");
  assert.match((await replay("--reason", "no_tea")).stdout, /^4 put back into MESSAGES, 1 of other reasons kept$/m);
  assert.match((await replay("--reason", "no_tea")).stdout, /^0 put back into MESSAGES, 1 of other reasons kept$/m);
  await assertStoredOnce(fleet, room, acks);
  const [raw] = await until("the raw text", async () => {
    const rows = await fleet.postgres.query("SELECT * FROM messages WHERE text = 'raw tea'");
    return rows.length > 0 && rows;
  });
  const { partition, offset } = sources.find(({ value }) => value === "raw tea");
  assert.notDeepEqual([raw.kafka_partition, raw.kafka_offset], [partition, offset], "it was read at a place of its own");
  assert.ok(compareCursors(raw, acks[0]) < 0);

  const dead = await first.metric("chat_persister_dead_letters_total");
  assert.match((await replay()).stdout, /^1 put back into MESSAGES$/m);
  await until("what is still poison to come back", async () => (await first.metric("chat_persister_dead_letters_total")) === dead + 1);
  await client.close();
});

test("replay-dead says in one sentence why it cannot work, and ends with 1", async () => {
  const { code, stdout, stderr } = await runService(first.process.command, {
    args: ["replay-dead", "--timeout", "1"], env: { KAFKA_BROKER: `${fleet.address}:1` } });
  assert.equal(code, 1);
  assert.match(stderr, /^chat-persister replay-dead: Kafka at .* or correct KAFKA_BROKER or KAFKA_TOPIC\n$/);
  assert.equal(stdout.split("\n").filter((line) => line && !line.startsWith("{")).length, 0);
});
