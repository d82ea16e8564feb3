// /readyz says whether Kafka would take a message, and if not why; what is tried leaves nothing in the topic.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { endOffsets } from "./support/kafka.mjs";
import { startFleet } from "./support/fleet.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  const authorizer = { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "allow.everyone.if.no.acl.found": true };
  fleet = await startFleet({ gateways: 1, persisters: 1, prepared: ({ kafka }) => Object.assign(kafka.settings, authorizer) });
});
after(() => fleet?.stop());

const readiness = async (service) => {
  const { status, body } = await service.admin("/readyz");
  const causes = status === 0 ? [] : JSON.parse(body).causes;
  return { status, cause: causes.find(({ dependency }) => dependency === "kafka")?.cause, causes };
};
const untilReadiness = (service, status, cause) =>
  until(async () => `${service.name} to answer ${status} ${cause}; it says ${JSON.stringify(await readiness(service))}`,
    async () => { const now = await readiness(service); return now.status === status && now.cause === cause; }, 60_000);

const acl = (...args) => fleet.kafka.tool("org.apache.kafka.tools.AclCommand", ["--bootstrap-server", fleet.kafka.broker, ...args]);
const allow = (topic, ...operations) => acl("--add", "--topic", topic, "--allow-principal", "User:ANONYMOUS", ...operations.flatMap((name) => ["--operation", name]));
const forbid = (topic, ...operations) => acl("--remove", "--force", "--topic", topic, "--allow-principal", "User:ANONYMOUS", ...operations.flatMap((name) => ["--operation", name]));
const configure = (topic, ...args) => fleet.kafka.tool("kafka.admin.ConfigCommand",
  ["--bootstrap-server", fleet.kafka.broker, "--alter", "--entity-type", "topics", "--entity-name", topic, ...args]);
const createTopic = (topic, ...args) => fleet.kafka.tool("org.apache.kafka.tools.TopicCommand",
  ["--bootstrap-server", fleet.kafka.broker, "--create", "--topic", topic, "--partitions", "8", "--replication-factor", "1", ...args]);
const started = (service) => service.process.start(async () => (await service.admin("/livez")).status === 200);
const recordsIn = async (topic) => [...(await endOffsets(fleet, topic)).values()].reduce((sum, end) => sum + end, 0);

test("a gateway that may not write is not ready before it may, says so, and leaves nothing in the topic", async () => {
  await createTopic("DENIED");
  await allow("DENIED", "Read", "Describe", "DescribeConfigs");
  const gateway = await fleet.addGateway({ KAFKA_TOPIC: "DENIED" });
  await started(gateway);
  await untilReadiness(gateway, 503, "not_authorized");
  const { causes } = await readiness(gateway);
  assert.match(causes[0].reason, /may not write to topic DENIED/);
  assert.match(causes[0].remedy, /Write/);
  assert.equal(await gateway.metric('chat_dependency_ready{dependency="kafka"}'), 0);
  await allow("DENIED", "Write");
  await untilReadiness(gateway, 200, undefined);
  assert.equal(await gateway.metric('chat_dependency_ready{dependency="kafka"}'), 1);
  await forbid("DENIED", "Write");
  await untilReadiness(gateway, 200, "not_authorized");
  assert.equal(await recordsIn("DENIED"), 0);
  await gateway.stop();
});

test("a gateway whose topic has fewer replicas in sync than it asks for is not ready, and says so later on", async () => {
  await createTopic("ALONE", "--config", "min.insync.replicas=2");
  const gateway = await fleet.addGateway({ KAFKA_TOPIC: "ALONE" });
  await started(gateway);
  await untilReadiness(gateway, 503, "too_few_replicas");
  await configure("ALONE", "--add-config", "min.insync.replicas=1");
  await untilReadiness(gateway, 200, undefined);
  await configure("ALONE", "--add-config", "min.insync.replicas=2,cleanup.policy=compact");
  await untilReadiness(gateway, 200, "too_few_replicas");
  await configure("ALONE", "--add-config", "min.insync.replicas=1");
  await until("the compaction to be found while it runs", async () => (await gateway.metric('chat_durability_warnings{finding="compacted"}')) === 1, 60_000);
  assert.equal(await recordsIn("ALONE"), 0);
  await gateway.stop();
});

test("a persister that may not write dead letters says so before the first of them", async () => {
  const [persister] = fleet.persisters;
  await untilReadiness(persister, 200, undefined);
  await allow("MESSAGES.dead", "Describe", "DescribeConfigs", "Read");
  await untilReadiness(persister, 200, "not_authorized");
  await allow("MESSAGES.dead", "Write");
  await untilReadiness(persister, 200, undefined);
  assert.equal(await recordsIn("MESSAGES.dead"), 0);
});

test("a persister that may not use its group, or not read its topic, says so although nothing is sent", async () => {
  const [persister] = fleet.persisters;
  const group = ["--group", "message-consumer-group", "--allow-principal", "User:somebody-else", "--operation", "Read"];
  await acl("--add", ...group);
  await untilReadiness(persister, 200, "not_authorized");
  assert.match((await readiness(persister)).causes[0].reason, /group message-consumer-group/);
  await acl("--remove", "--force", ...group);
  await untilReadiness(persister, 200, undefined);
  await allow("MESSAGES", "Describe", "DescribeConfigs", "Write");
  await untilReadiness(persister, 200, "not_authorized");
  assert.match((await readiness(persister)).causes[0].reason, /may not read topic MESSAGES/);
  await allow("MESSAGES", "Read");
  await untilReadiness(persister, 200, undefined);
});

test("brokers that are away are named by both services, which stay in service", async () => {
  const services = [fleet.gateways[0], fleet.persisters[0]];
  await fleet.kafka.stop();
  for (const service of services) {
    await untilReadiness(service, 200, "unreachable");
  }
  await fleet.kafka.start();
  for (const service of services) {
    await untilReadiness(service, 200, undefined);
  }
  assert.equal(await recordsIn("MESSAGES"), 0);
});
