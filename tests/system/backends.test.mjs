// Kafka, PostgreSQL and Redis with TLS, passwords and no more rights than deploy/README.md lists: all works, what is wrong is
// refused with one sentence, and no secret is shown.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gatewayBinary, persisterBinary, root } from "../../deploy/local/fleet/paths.mjs";
import { runToEnd } from "../../deploy/local/fleet/process.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { withAdmin } from "./support/kafka.mjs";
import { readiness } from "./support/ready.mjs";
import { cursorOf, fill, member, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { documentedKafkaAcls, documentedRedisAcl, newPassword, secureServers } from "./support/secure_servers.mjs";
import { startStunnel } from "./support/stunnel.mjs";
import { assertStoredOnce } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const database = "3";
// librdkafka before 2.6.1 cannot log in to Kafka 4 by SCRAM.
const hasScram = await runToEnd("pkg-config", ["--atleast-version=2.6.1", "rdkafka"]).then(() => true, () => false);
const scram = (name) => (hasScram ? name : "PLAIN");
const hasRedisTls = (await runService(gatewayBinary, { args: ["--version"] })).stdout.includes("(rediss)");
const redisPasswords = { gateway: newPassword(), persister: newPassword() };
const readerPassword = newPassword();
const secrets = [];
let fleet;
let servers;
let tunnel;
let envOf;
let gateways;
let persister;

before(async () => {
  fleet = await startFleet({ address: "127.0.0.1", gateways: 1, persisters: 0, gatewayEnv: { DATABASE_URL: "", REDIS_DB: database },
    prepared: async (prepared) => (servers = await secureServers(prepared, { users: ["gateway", "persister", "provider"] })) });
  tunnel = await startStunnel({ folder: fleet.folder, address: fleet.address, server: `localhost:${servers.redisPort}`, caFile: servers.caFile });
  await grantWhatIsDocumented();
  envOf = (service, mechanism) => ({
    KAFKA_BROKER: servers.kafkaBroker, KAFKA_CA_FILE: servers.caFile, KAFKA_USERNAME: service, KAFKA_PASSWORD: servers.passwords[service],
    KAFKA_SASL_MECHANISM: mechanism, DATABASE_URL: databaseUrl(service === "gateway" ? "reader" : "chat", "verify-full"),
    REDIS_HOST: "", REDIS_PORT: "", REDIS_PASSWORD: "", REDIS_DB: "",
    REDIS_URLS: `redis://${service}:${redisPasswords[service]}@${fleet.address}:${fleet.redis.port}/${database}`,
  });
  const throughTunnel = { REDIS_URLS: `redis://gateway:${redisPasswords.gateway}@${fleet.address}:${tunnel.port}/${database}` };
  persister = await fleet.addPersister({ ...envOf("persister", scram("SCRAM-SHA-256")), HOLE_FINDER_SECONDS: "1" });
  await persister.start();
  gateways = [await fleet.addGateway(envOf("gateway", "PLAIN")), await fleet.addGateway({ ...envOf("gateway", scram("SCRAM-SHA-512")), ...throughTunnel })];
  await Promise.all(gateways.map((gateway) => gateway.start()));
  secrets.push(...Object.values(servers.passwords), ...Object.values(redisPasswords), readerPassword, fleet.postgres.password, fleet.redis.password);
});
after(async () => {
  try {
    await fleet?.stop();
  } finally {
    await tunnel?.stop();
  }
});

// user: chat, who owns the tables, or reader.
function databaseUrl(user, sslmode, { host = "localhost", caFile = servers.caFile, password = user === "chat" ? fleet.postgres.password : readerPassword } = {}) {
  const authority = sslmode === "verify-full" ? `&sslrootcert=${caFile}` : "";
  return `postgresql://${user}:${password}@${host}:${fleet.postgres.port}/chat?sslmode=${sslmode}${authority}`;
}

async function grantWhatIsDocumented() {
  for (const user of ["gateway", "persister"]) {
    assert.equal(await fleet.redis.command(...documentedRedisAcl(user, redisPasswords[user], ["+select"])), "+OK\r\n");
  }
  await withAdmin(fleet, async (admin) => {
    await admin.createTopics({ topics: [{ topic: "MESSAGES.dead", numPartitions: 8, replicationFactor: 1 }], waitForLeaders: true });
    await admin.createAcls({ acl: [...documentedKafkaAcls("gateway"), ...documentedKafkaAcls("persister")] });
  });
  await fleet.postgres.psql(`CREATE ROLE reader LOGIN PASSWORD '${readerPassword}';
    ALTER DEFAULT PRIVILEGES FOR ROLE chat GRANT SELECT ON TABLES TO reader; GRANT USAGE ON SCHEMA public TO reader`, { admin: true });
}

function untilCause(service, dependency, cause, deadlineMs = 40_000) {
  let last;
  return until(() => `${service.name} to name ${dependency} ${cause}; it says ${JSON.stringify(last)}`, async () => {
    last = await readiness(service);
    return last.causes.find((one) => one.dependency === dependency && one.cause === cause);
  }, deadlineMs);
}

const untilReady = (service) => until(`${service.name} to be well`, async () => {
  const { http, degraded } = await readiness(service);
  return http === 200 && degraded.length === 0;
}, 40_000);

test("messages pass between gateways, through TLS and a tunnel, into PostgreSQL, once", async () => {
  await Promise.all([persister, ...gateways].map(untilReady));
  const room = newRoom("secure");
  const [sender, receiver] = await Promise.all(gateways.map((gateway) => member(gateway, room)));
  const acks = await fill(sender, room, 50);
  await receiver.waitForMessages(room, 50);
  await assertStoredOnce(fleet, room, acks);
  await until("the receipt", () => sender.frames.some(({ type, seq }) => type === "stored" && seq === acks.at(-1).seq));
  const { ssl } = (await fleet.postgres.query("SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'chat%'"))[0];
  assert.equal(ssl, true, "a connection to PostgreSQL is in clear");
  await Promise.all([sender.close(), receiver.close()]);
});

test("with these rights a resume is proven after Redis lost its data, and a message that never reached Kafka is stored", async () => {
  const room = newRoom("proven");
  const writer = await member(gateways[0], room);
  const acks = await fill(writer, room, 20);
  await waitForRows(fleet, room, 20);
  await fleet.redis.command("FLUSHALL");
  const client = await member(gateways[1], newRoom("elsewhere"));
  const joined = await until("a complete resume", async () => {
    const answer = await client.request({ type: "join", room, since: cursorOf(acks[9]) });
    return answer.type === "joined" && answer.complete && answer;
  }, 40_000);
  assert.deepEqual(joined.messages.map(({ id }) => id), acks.slice(10).map(({ id }) => id));
  const hole = newRoom("hole");
  const [dies, viewer] = await Promise.all(gateways.map((gateway) => member(gateway, hole)));
  await fleet.kafka.process.crash();
  const id = randomUUID();
  dies.write({ type: "send", id, room: hole, text: "only shown" });
  await viewer.waitFor((frame) => frame.type === "message" && frame.id === id);
  await gateways[0].crash();
  await fleet.kafka.start();
  assert.equal((await waitForRows(fleet, hole, 1, 60_000))[0].id, id);
  assert.equal(await persister.metric("chat_holes_stored_total"), 1);
  await gateways[0].start();
  await Promise.all([client.close(), viewer.close(), writer.drop(), dies.drop()]);
});

test("a gateway that may not read the topic says so, and is well again once it may", async () => {
  const read = documentedKafkaAcls("gateway").find(({ resourceName, operation }) => resourceName === "MESSAGES" && operation === 3);
  await withAdmin(fleet, (admin) => admin.deleteAcls({ filters: [read] }));
  const { reason, remedy } = await untilCause(gateways[0], "kafka", "not_authorized");
  assert.match(reason, /may not read topic MESSAGES/);
  assert.match(remedy, /Read/);
  await withAdmin(fleet, (admin) => admin.createAcls({ acl: [read] }));
  await untilReady(gateways[0]);
});

// A service that has to end at once or after its wait for Kafka; resolves with its one error.
async function refusal(binary, env) {
  const own = { PORT: "0", ADMIN_PORT: "0", STARTUP_TIMEOUT_SECONDS: "4" };
  const { code, stdout, stderr } = await runService(binary, { env: { ...env, ...own }, deadlineMs: 30_000 });
  writeFileSync(join(fleet.folder, "logs", `refused-${randomUUID()}.log`), stdout + stderr);
  const errors = `${stdout}${stderr}`.split("\n").filter((line) => line.includes('"level":"error"'));
  assert.equal(code, 1, stdout);
  assert.equal(errors.length, 1, stdout);
  return JSON.parse(errors[0]).message;
}

test("Kafka: a wrong password, CA or name ends the start with one sentence", async () => {
  const port = servers.kafkaBroker.split(":")[1];
  const faults = [
    [{ KAFKA_PASSWORD: "wrong-one", KAFKA_SASL_MECHANISM: "SCRAM-SHA-256" }, hasScram ? /KAFKA_PASSWORD or KAFKA_SASL_MECHANISM$/ : /cannot log in to it by SCRAM$/],
    [{ KAFKA_PASSWORD: "wrong-one" }, /^Kafka at \S+ cannot be used: Kafka refuses the login \(.*Authentication failed.*\); correct KAFKA_USERNAME, KAFKA_PASSWORD/],
    [{ KAFKA_CA_FILE: servers.otherCaFile }, /^Kafka at \S+ cannot be used: .* over TLS \(its certificate is of a CA that is not trusted\); check KAFKA_CA_FILE/],
    [{ KAFKA_BROKER: `127.0.0.1:${port}` }, /^Kafka at 127\.0\.0\.1:\d+ cannot be used: .* over TLS \(its certificate is for another name\); check .*KAFKA_BROKER/],
  ];
  await Promise.all([[gatewayBinary, "gateway"], [persisterBinary, "persister"]].flatMap(([binary, service]) =>
    faults.map(async ([change, sentence]) => assert.match(await refusal(binary, { ...envOf(service, "PLAIN"), ...change }), sentence))));
});

test("while a service waits, /readyz names what Kafka, PostgreSQL or Redis refuses", async () => {
  const wrong = [
    [{ KAFKA_CA_FILE: servers.otherCaFile }, "kafka", "tls", /CA/],
    [{ DATABASE_URL: databaseUrl("reader", "verify-full", { caFile: servers.otherCaFile }) }, "postgres", "tls", /certificate verify failed/],
    [{ DATABASE_URL: databaseUrl("reader", "verify-full", { host: "127.0.0.1" }) }, "postgres", "tls", /does not match host name/],
    [{ DATABASE_URL: databaseUrl("reader", "require", { password: "wrong-one" }) }, "postgres", "login", /password authentication failed/],
    [{ REDIS_URLS: `redis://gateway:wrong-one@${fleet.address}:${fleet.redis.port}/${database}` }, "redis", "login", /password/],
  ];
  const started = await Promise.all(wrong.map(async ([change, ...told]) => {
    const gateway = await fleet.addGateway({ ...envOf("gateway", "PLAIN"), ...change, WORKERS: "1", STARTUP_TIMEOUT_SECONDS: "3600" });
    await gateway.process.start(async () => (await gateway.admin("/livez")).status === 200);
    return [gateway, ...told];
  }));
  const persisters = await Promise.all([databaseUrl("chat", "verify-full", { caFile: servers.otherCaFile }), databaseUrl("chat", "require", { password: "wrong-one" })]
    .map(async (url) => {
      const waiting = await fleet.addPersister({ ...envOf("persister", "PLAIN"), DATABASE_URL: url });
      await waiting.process.start(async () => (await waiting.admin("/livez")).status === 200);
      return waiting;
    }));
  started.push([persisters[0], "postgres", "tls", /certificate verify failed/], [persisters[1], "postgres", "login", /password authentication failed/]);
  await Promise.all(started.map(async ([service, dependency, cause, reason]) => {
    const told = await untilCause(service, dependency, cause);
    assert.match(told.reason, reason);
    assert.ok(told.remedy.length > 0);
    assert.equal((await readiness(service)).http, 503);
  }));
  await Promise.all(started.map(([service]) => (service === started[0][0] ? service.crash() : service.stop())));
});

test("rediss:// is spoken, or refused at the start with the way through stunnel", async () => {
  const url = `rediss://gateway:${redisPasswords.gateway}@localhost:${servers.redisPort}/${database}`;
  if (!hasRedisTls) {
    for (const binary of [gatewayBinary, persisterBinary]) {
      const { code, stderr } = await runService(binary, { env: { ...envOf("gateway", "PLAIN"), REDIS_URLS: url } });
      assert.equal(code, 2);
      assert.match(stderr, /^REDIS_URLS asks for TLS \(rediss:\/\/\).*stunnel.*\n$/);
      assert.ok(!stderr.includes(redisPasswords.gateway));
    }
    return;
  }
  const secure = await fleet.addGateway({ ...envOf("gateway", "PLAIN"), REDIS_URLS: url, REDIS_CA_FILE: servers.caFile });
  await secure.start();
  const room = newRoom("rediss");
  const [sender, receiver] = await Promise.all([secure, gateways[0]].map((gateway) => member(gateway, room)));
  await fill(sender, room, 20);
  await receiver.waitForMessages(room, 20);
  await Promise.all([sender.close(), receiver.close()]);
  const mistrusting = await fleet.addGateway({ ...envOf("gateway", "PLAIN"), REDIS_URLS: url, REDIS_CA_FILE: servers.otherCaFile });
  await mistrusting.process.start(async () => (await mistrusting.admin("/livez")).status === 200);
  await untilCause(mistrusting, "redis", "tls");
  await Promise.all([secure.stop(), mistrusting.stop()]);
});

// The documented example with the test's values in the places of its own.
function managedEnvFile() {
  const values = { DATABASE_URL: databaseUrl("chat", "require"), KAFKA_BROKER: servers.kafkaBroker, KAFKA_USERNAME: "provider",
    KAFKA_PASSWORD: servers.passwords.provider };
  const text = readFileSync(join(root, "deploy/managed.env.example"), "utf8").replace(/^(\w+)=.*$/gm, (line, name) => (values[name] ? `${name}=${values[name]}` : line));
  const file = join(fleet.folder, "certificates", "managed.env");
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

test("deploy/local/up runs from the documented file with a managed Kafka and PostgreSQL", async () => {
  await persister.stop();
  await withAdmin(fleet, (admin) => admin.createAcls({ acl: [...documentedKafkaAcls("gateway"), ...documentedKafkaAcls("persister")]
    .map((right) => ({ ...right, principal: "User:provider" })) }));
  const output = await runToEnd(join(root, "deploy/local/up"), ["--skip-build", "--check", "--env", managedEnvFile(), "--folder", join(fleet.folder, "managed"),
    "--port", "0", "--web-port", "0"]);
  assert.equal(output.trimEnd().split("\n").at(-1), "ok", output);
  assert.ok(!readdirSync(join(fleet.folder, "managed")).includes("postgres"), "a PostgreSQL was started here");
  assert.ok(!readdirSync(join(fleet.folder, "managed/logs")).includes("kafka.log"), "a Kafka was started here");
  await persister.start();
});

test("no log, command line, /readyz or metric has a secret", async () => {
  const logs = readdirSync(fleet.folder, { recursive: true }).filter((path) => /(^|\/)logs\/(gateway|persister|refused)[^/]*\.log$/.test(path));
  assert.ok(logs.length > 10, logs.join());
  const texts = new Map(logs.map((path) => [path, readFileSync(join(fleet.folder, path), "utf8")]));
  for (const service of [persister, ...gateways]) {
    texts.set(`the command line of ${service.name}`, readFileSync(`/proc/${service.pid}/cmdline`, "utf8"));
    for (const task of readdirSync(`/proc/${service.pid}/task`)) {
      texts.set(`the title of thread ${task}`, readFileSync(`/proc/${service.pid}/task/${task}/comm`, "utf8"));
    }
    for (const path of ["/readyz", "/metrics"]) {
      texts.set(`${path} of ${service.name}`, (await service.admin(path)).body);
    }
  }
  for (const binary of [gatewayBinary, persisterBinary]) {
    texts.set(`${binary} --help`, (await runService(binary, { args: ["--help"], env: envOf("gateway", "PLAIN") })).stdout);
  }
  for (const secret of [...secrets, "wrong-one"]) {
    for (const [where, text] of texts) {
      assert.ok(!text.includes(secret), `${where} has a secret`);
    }
  }
});
