// Settings of Kafka and Redis that endanger acknowledged messages: warned about at the start, refused where that is strict.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Kafka } from "../../deploy/local/fleet/kafka.mjs";
import { gatewayBinary } from "../../deploy/local/fleet/paths.mjs";
import { freePort } from "../../deploy/local/fleet/ports.mjs";
import { startFleet } from "./support/fleet.mjs";
import { member, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  const authorizer = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "allow.everyone.if.no.acl.found": true };
  fleet = await startFleet({ gateways: 1, persisters: 0, gatewayEnv: { DATABASE_URL: "" }, prepared: ({ kafka }) => Object.assign(kafka.settings, authorizer) });
});
after(() => fleet?.stop());

const noFindings = { replicas: 0, min_insync_replicas: 0, unclean_leader_election: 0, compacted: 0, retention: 0, max_message_bytes: 0, clock: 0,
  redis_eviction: 0, unreadable: 0 };
const linesOf = (log) => log.trim().split("\n").map((line) => JSON.parse(line));
const findingsOf = (lines) => lines.filter(({ level, finding }) => level === "warning" && finding);
const kindsOf = (lines) => findingsOf(lines).map(({ finding }) => finding).sort();

// Resolves with {finding: number} as the metrics of a gateway have them.
async function gaugesOf(gateway) {
  const { body } = await gateway.admin("/metrics");
  return Object.fromEntries([...body.matchAll(/^chat_durability_warnings\{finding="(\w+)"\} (\d+)$/gm)].map(([, kind, count]) => [kind, Number(count)]));
}

// Runs a strict gateway that has to refuse the start, and resolves with its findings and its one error.
async function refusal(changes = {}) {
  const { address, env } = fleet;
  const own = { LISTEN_ADDRESS: address, PORT: "0", ADMIN_ADDRESS: address, ADMIN_PORT: "0", STRICT_DURABILITY: "true" };
  const { code, stdout, stderr } = await runService(gatewayBinary, { env: { ...env, ...own, ...changes } });
  const lines = linesOf(`${stdout}${stderr}`);
  assert.equal(code, 1, stdout);
  assert.ok(!lines.some(({ message }) => message === "listening"), "clients could connect");
  const errors = lines.filter(({ level }) => level === "error").map(({ message }) => message);
  assert.equal(errors.length, 1, stdout);
  findingsOf(lines).forEach(({ message }) => assert.ok(errors[0].includes(message.split(": ")[0]), `${errors[0]} lacks ${message}`));
  return { kinds: kindsOf(lines), messages: findingsOf(lines).map(({ message }) => message), error: errors[0] };
}

const configure = (...args) => fleet.kafka.tool("kafka.admin.ConfigCommand", ["--bootstrap-server", fleet.kafka.broker, "--alter", ...args]);

test("I1 one broker: each danger is warned about once, counted, and the gateway serves", async () => {
  const [gateway] = fleet.gateways;
  const lines = linesOf(gateway.process.readLog());
  assert.deepEqual(kindsOf(lines), ["min_insync_replicas", "replicas"]);
  for (const { message } of findingsOf(lines)) {
    assert.match(message, /^[^:]*MESSAGES[^:]*: .*acknowledged.*; (give|set) /);
  }
  assert.deepEqual(await gaugesOf(gateway), { ...noFindings, replicas: 1, min_insync_replicas: 1 });
  const room = newRoom("one-broker");
  const client = await member(gateway, room);
  await client.send(room, "served");
  await client.close();
});

test("I1 strict: the gateway exits with 1 and one sentence that lists all, before it listens", async () => {
  const { kinds, error } = await refusal();
  assert.deepEqual(kinds, ["min_insync_replicas", "replicas"]);
  assert.match(error, /^STRICT_DURABILITY .*topic MESSAGES has 1 replica; min\.insync\.replicas of topic MESSAGES is 1$/);
});

test("I1 a topic's own settings and the brokers' defaults are found as kafka-configs leaves them", async () => {
  const topic = { KAFKA_TOPIC: "CHANGED" };
  await refusal(topic);
  await configure("--entity-type", "topics", "--entity-name", "CHANGED", "--add-config", "min.insync.replicas=2,unclean.leader.election.enable=true");
  assert.deepEqual((await refusal(topic)).kinds, ["replicas", "unclean_leader_election"]);
  await configure("--entity-type", "topics", "--entity-name", "CHANGED", "--add-config", "unclean.leader.election.enable=false");
  assert.deepEqual((await refusal(topic)).kinds, ["replicas"]);
  await configure("--entity-type", "topics", "--entity-name", "CHANGED", "--delete-config", "unclean.leader.election.enable");
  await configure("--entity-type", "brokers", "--entity-default", "--add-config", "unclean.leader.election.enable=true,log.retention.ms=3600000");
  assert.deepEqual((await refusal(topic)).kinds, ["replicas", "retention", "unclean_leader_election"]);
  await configure("--entity-type", "brokers", "--entity-default", "--delete-config", "unclean.leader.election.enable,log.retention.ms");
});

test("I1 what makes Kafka drop acknowledged messages, or refuse messages for ever, is found", async () => {
  const topic = { KAFKA_TOPIC: "DROPS" };
  await refusal(topic);
  await configure("--entity-type", "topics", "--entity-name", "DROPS", "--add-config",
    "cleanup.policy=[compact,delete],retention.ms=3600000,retention.bytes=1000000,max.message.bytes=20000," +
    "message.timestamp.type=CreateTime,message.timestamp.after.max.ms=1000");
  const { kinds, messages, error } = await refusal(topic);
  assert.deepEqual(kinds, ["clock", "compacted", "max_message_bytes", "min_insync_replicas", "replicas", "retention", "retention"]);
  assert.match(messages.find((message) => message.includes("compacted")), /^topic DROPS is compacted: .*; set cleanup\.policy=delete /);
  assert.match(messages.find((message) => message.includes("retention.ms)")), /keeps records for 1 h .*; set retention\.ms=604800000 /);
  assert.match(error, /topic DROPS is compacted/);
  const { kinds: withLess } = await refusal({ ...topic, KAFKA_MIN_RETENTION_HOURS: "1" });
  assert.deepEqual(withLess, ["clock", "compacted", "max_message_bytes", "min_insync_replicas", "replicas", "retention"]);
});

test("the topic's retention is read back from the broker, also after it was changed under the running gateway", async () => {
  const [gateway] = fleet.gateways;
  const told = (value) => until(`a retention of ${value}`, async () =>
    (await gateway.admin("/metrics")).body.includes(`\nchat_kafka_topic_retention_seconds{topic="MESSAGES"} ${value}\n`), 20_000);
  await told("604800");
  // What an earlier test changed at the brokers may have been seen, too.
  const logged = () => linesOf(gateway.process.readLog()).filter(({ retention_ms }) => retention_ms)
    .map(({ topic, retention_ms, before }) => [topic, retention_ms, before]);
  const earlier = logged();
  assert.deepEqual(earlier[0], ["MESSAGES", "604800000", undefined]);
  for (const [milliseconds, seconds] of [["-1", "+Inf"], ["86400000", "86400"]]) {
    await configure("--entity-type", "topics", "--entity-name", "MESSAGES", "--add-config", `retention.ms=${milliseconds}`);
    await told(seconds);
  }
  assert.deepEqual(logged().slice(earlier.length), [["MESSAGES", "unlimited", "604800000"], ["MESSAGES", "86400000", "unlimited"]]);
  await configure("--entity-type", "topics", "--entity-name", "MESSAGES", "--delete-config", "retention.ms");
});

test("I4 a Redis that may evict is found", async () => {
  await fleet.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  const { kinds, error } = await refusal();
  await fleet.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
  assert.deepEqual(kinds, ["min_insync_replicas", "redis_eviction", "replicas"]);
  assert.match(error, /allkeys-lru/);
});

test("who is not allowed to read the settings is told which, and a strict gateway does not start on trust", async () => {
  const topic = { KAFKA_TOPIC: "LOCKED" };
  await refusal(topic);
  // Once a topic has any rule, what no rule allows is refused.
  await fleet.kafka.tool("org.apache.kafka.tools.AclCommand", ["--bootstrap-server", fleet.kafka.broker, "--add", "--topic", "LOCKED",
    "--allow-principal", "User:ANONYMOUS", "--operation", "Describe", "--operation", "Write"]);
  const { kinds, messages } = await refusal(topic);
  assert.deepEqual(kinds, ["min_insync_replicas", "replicas", "unreadable"]);
  assert.match(messages.find((message) => message.includes("does not tell")), /topic LOCKED \(.*authorization failed.*DescribeConfigs/);
});

// Two more brokers of the fleet's cluster.
async function moreBrokers() {
  const { address, folder, kafka } = fleet;
  const brokers = [];
  for (const id of [2, 3]) {
    const port = await freePort(address);
    const settings = { ...kafka.settings, "process.roles": "broker", "node.id": id, listeners: `PLAINTEXT://${address}:${port}` };
    brokers.push(new Kafka({ folder: join(folder, `kafka-${id}`), logFile: join(folder, "logs", `kafka-${id}.log`), address, port,
      controllerPort: kafka.controllerPort, heapMegabytes: 256, quick: true, settings, clusterId: kafka.clusterId }));
  }
  await Promise.all(brokers.map((broker) => broker.start()));
  return brokers;
}

test("I1 three brokers, of which two must have a record: a strict gateway starts without a warning, until one of them is set otherwise", async () => {
  const brokers = await moreBrokers();
  try {
    const safe = { KAFKA_TOPIC: "SAFE", KAFKA_REPLICATION: "3" };
    const gateway = await fleet.addGateway({ ...safe, STRICT_DURABILITY: "true" });
    await gateway.start();
    assert.deepEqual(kindsOf(linesOf(gateway.process.readLog())), []);
    assert.deepEqual(await gaugesOf(gateway), noFindings);
    const room = newRoom("safe");
    const client = await member(gateway, room);
    await Promise.all(range(20).map((i) => client.send(room, `kept ${i}`)));
    await client.close();
    assert.deepEqual(await gateway.stop(), { code: 0, signal: null });
    for (const id of ["2", "3"]) {
      const broker = ["--entity-type", "brokers", "--entity-name", id];
      await configure(...broker, "--add-config", "unclean.leader.election.enable=true");
      assert.deepEqual((await refusal(safe)).kinds, ["unclean_leader_election"]);
      await configure(...broker, "--delete-config", "unclean.leader.election.enable");
    }
  } finally {
    await Promise.all(brokers.map((broker) => broker.stop()));
  }
});
