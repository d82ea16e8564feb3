// What a database does that is neither away nor well: it ends idle sessions, refuses a row, cannot hold the messages, takes
// grants away, stands behind a pooler. No message is lost or late, and an operator reads what to do.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { endOffsets } from "./support/kafka.mjs";
import { startPgBouncer } from "./support/pgbouncer.mjs";
import { readiness } from "./support/ready.mjs";
import { fill, member, newRoom } from "./support/room.mjs";
import { until } from "./support/until.mjs";

let fleet;
let persister;
let gateway;
before(async () => {
  fleet = await startFleet({ persisterEnv: { PERSISTER_PAUSE_SECONDS: "2" }, gateways: 1 });
  [persister] = fleet.persisters;
  [gateway] = fleet.gateways;
});
after(() => fleet?.stop());

const admin = (sql) => fleet.postgres.psql(sql, { admin: true });
const letters = () => persister.metric("chat_persister_dead_letters_total");
const pauses = () => persister.metric("chat_persister_pauses_total");
const isWell = async (service) => (await readiness(service)).degraded?.length === 0;
const errors = (service) => service.process.readLog().split("\n").filter((line) => line.includes('"level":"error"'));

// Resolves with what /readyz says once the service names this cause.
function toldCause(service, cause) {
  return until(() => `${service.name} to say ${cause}; it says ${JSON.stringify(told)}`, async () => {
    told = await readiness(service);
    const found = told.causes?.find((one) => one.cause === cause);
    return found && { ...told, ...found };
  }, 40_000);
}
let told;

test("the first message after PostgreSQL ended the idle sessions is stored at once", async () => {
  const room = newRoom("idle");
  const client = await member(gateway, room);
  await client.send(room, "before");
  await waitForRows(fleet, room, 1);
  const before = await pauses();
  await admin("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'chat'");
  await client.send(room, "after");
  await waitForRows(fleet, room, 2);
  await admin("ALTER ROLE chat SET idle_session_timeout = '100ms'; SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'chat'");
  await client.send(room, "later");
  await waitForRows(fleet, room, 3);
  const idle = async () => (await admin("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chat-persister'")).trim() === "0";
  await until("PostgreSQL to end the idle sessions itself", idle);
  const last = await client.send(room, "last");
  await waitForRows(fleet, room, 4);
  assert.equal(await pauses(), before, "it paused");
  await admin("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'chat'");
  assert.equal((await readOld(client, room, last)).length, 4);
  assert.equal(await gateway.metric("chat_postgres_read_failures_total"), 0);
  await admin("ALTER ROLE chat RESET idle_session_timeout");
  await client.close();
});

// What PostgreSQL alone has of the room, up to the message.
async function readOld(client, room, { epoch, seq }) {
  const pages = () => gateway.metric("chat_postgres_reads_total", 'cause="history"');
  const reads = await pages();
  await until("the watermark", async () => (await fleet.redis.command("GET", `chat:{${room}}:stored`)).includes(`${epoch}-`));
  await fleet.redis.command("XTRIM", `chat:{${room}}:log`, "MAXLEN", "0");
  const page = await client.request({ type: "history", room, before: { epoch, seq: seq + 1 }, limit: 100 });
  assert.ok((await pages()) > reads);
  return page.messages;
}

const refusing = (name, condition) => `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN IF ${condition} THEN RAISE EXCEPTION 'the owner does not want this'; END IF; RETURN NEW; END $$;
  CREATE TRIGGER ${name} BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION ${name}()`;
const dropped = (name) => `DROP TRIGGER ${name} ON messages; DROP FUNCTION ${name}`;

test("a row that a trigger refuses becomes a dead letter and an alarm, and its neighbours are stored", async () => {
  const room = newRoom("refused");
  const client = await member(gateway, room);
  const [before, pausesBefore] = [await letters(), await pauses()];
  await fleet.postgres.psql(refusing("no_tea", "NEW.text = 'text 5'"));
  await fill(client, room, 12);
  await waitForRows(fleet, room, 11);
  await until("the dead letter", async () => (await letters()) === before + 1);
  assert.equal(await pauses(), pausesBefore, "it paused");
  const said = await toldCause(persister, "refused");
  assert.deepEqual([said.http, said.degraded, said.dependency], [200, ["dead_letters"], "dead_letters"]);
  assert.match(said.reason, /P0001 the owner does not want this/);
  assert.match(said.remedy, /replay-dead/);
  assert.match(errors(persister).join("\n"), /dead letters.*P0001 the owner does not want this.*replay-dead/);
  await fleet.postgres.psql(dropped("no_tea"));
  await persister.restart();
  assert.ok(await isWell(persister));
  await client.close();
});

test("a trigger that refuses every row pauses with an alarm, and nothing is discarded", async () => {
  const room = newRoom("all-refused");
  const client = await member(gateway, room);
  await persister.stop();
  await fleet.postgres.psql(refusing("no_row", "true"));
  await fill(client, room, 40);
  const started = persister.start();
  const said = await toldCause(persister, "refused_rows");
  await started;
  assert.match(said.reason, /refuses most rows.*the owner does not want this/);
  assert.ok((await persister.metric("chat_persister_alarms_total")) > 0);
  assert.equal(await letters(), 0);
  await fleet.postgres.psql(dropped("no_row"));
  await waitForRows(fleet, room, 40);
  await until("the persister to be well", () => isWell(persister));
  await client.close();
});

test("what would stop the next message is said before it comes, and what is tried leaves no trace", async () => {
  const tables = ["messages", "positions", "void_numbers"];
  const count = async () => Promise.all(tables.map(async (table) => (await admin(`SELECT count(*) FROM ${table}`)).trim()));
  const before = [await count(), await endOffsets(fleet, "MESSAGES")];
  await admin("ALTER TABLE messages OWNER TO postgres; GRANT SELECT ON messages TO chat");
  try {
    const said = await toldCause(persister, "privilege");
    assert.deepEqual([said.http, said.degraded], [200, ["postgres"]]);
    assert.match(said.reason, /permission denied for table messages/);
    assert.match(said.remedy, /INSERT/);
    assert.match((await persister.admin("/metrics")).body, /^chat_dependency_ready\{dependency="postgres"\} 0$/m);
    assert.match(errors(persister).join("\n"), /permission denied for table messages.*INSERT/);
    assert.ok(await isWell(gateway), "it only reads");
    await admin("REVOKE ALL ON positions FROM chat");
    assert.match((await toldCause(gateway, "privilege")).reason, /permission denied for table positions/);
  } finally {
    await admin("ALTER TABLE messages OWNER TO chat; GRANT ALL ON positions TO chat");
  }
  await until("the gateway to be well", () => isWell(gateway), 40_000);
  await until("the persister to be well", () => isWell(persister), 40_000);
  assert.deepEqual([await count(), await endOffsets(fleet, "MESSAGES")], before);
});

// A database of its own for a persister that is started, and `mend` makes it fit.
async function waitsFor({ options = "", sql = "", cause, reason, remedy, mend }) {
  const name = newRoom("unfit").replaceAll("-", "_");
  await admin(`CREATE DATABASE ${name} ${options};\n\\connect ${name}\n${sql}`);
  const url = new URL(fleet.postgres.url);
  url.pathname = `/${name}`;
  const other = await fleet.addPersister({ DATABASE_URL: String(url), KAFKA_TOPIC: name });
  const started = other.start();
  started.catch(() => {});
  const said = await toldCause(other, cause);
  assert.deepEqual([said.http, said.degraded], [503, ["postgres"]]);
  assert.match(said.reason, reason);
  assert.match(said.remedy, remedy);
  assert.match(errors(other).join("\n"), remedy);
  if (mend) {
    await admin(`\\connect ${name}\n${mend}`);
    await started;
    assert.ok(await isWell(other));
  }
  await other.stop();
}

test("a database in LATIN1 never gets ready, and the reason is said", () => waitsFor({
  options: "OWNER chat ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
  cause: "encoding", reason: /LATIN1/, remedy: /ENCODING 'UTF8'/,
}));

test("a table that may not be made is waited for, until somebody allows it", () => waitsFor({
  sql: "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
  cause: "privilege", reason: /migration .*permission denied for schema public/, remedy: /CREATE/, mend: "GRANT CREATE ON SCHEMA public TO chat",
}));

test("a database that may not be written is waited for", () => waitsFor({
  options: "OWNER chat",
  sql: "SELECT format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()) \\gexec",
  cause: "read_only", reason: /read_only/, remedy: /off/,
  mend: "SET default_transaction_read_only = off; SELECT format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()) \\gexec",
}));

test("through PgBouncer in transaction mode all is stored and read, and other clients find no trace of us", async () => {
  const pooler = await startPgBouncer(fleet);
  const pooled = { DATABASE_URL: `${pooler.url}?schema=public` };
  const direct = { DATABASE_URL: fleet.postgres.url };
  const session = "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'), "
    + "current_setting('default_transaction_isolation'), current_setting('default_transaction_read_only'), current_setting('synchronous_commit'), current_setting('search_path'), "
    + "(SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') "
    + "+ (SELECT count(*) FROM pg_listening_channels()) + (SELECT count(*) FROM pg_class WHERE relpersistence = 't')";
  try {
    const untouched = await pooler.psql(session);
    for (const service of [persister, gateway]) {
      await service.stop();
      service.setEnv(pooled);
      await service.start();
    }
    const room = newRoom("pooled");
    const client = await member(gateway, room);
    const acks = await fill(client, room, 30);
    await waitForRows(fleet, room, 30);
    assert.equal((await readOld(client, room, acks.at(-1))).length, 30);
    assert.equal(await pooler.psql(session), untouched);
    const last = (await pooler.psql("SELECT pg_backend_pid()")).trim();
    await client.close();
    for (const service of [gateway, persister]) {
      await service.stop();
      service.setEnv(direct);
      await service.start();
    }
    // On the connection that was ours, for longer than our limit of a statement.
    assert.equal((await pooler.psql("SELECT pg_backend_pid(), pg_sleep(10.5)")).trim(), `${last}|`);
  } finally {
    await pooler.stop();
  }
});
