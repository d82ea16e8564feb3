// OpenTelemetry traces: one message over gateway, Redis, Kafka, persister, PostgreSQL and its receipt.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Collector } from "./support/collector.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { readTopic } from "./support/kafka.mjs";
import { fill, member, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { until } from "./support/until.mjs";

let collector;
let fleet;
before(async () => {
  collector = await Collector.start();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  fleet = await startFleet({ gateways: 2, gatewayEnv: { ...traced, OTEL_TRACES_SAMPLER_ARG: "1", WORKERS: "1" }, persisterEnv: traced });
});
after(async () => {
  await fleet?.stop();
  await collector?.stop();
});

const steps = ["accept", "EVALSHA accept", "send MESSAGES", "deliver", "process MESSAGES", "INSERT messages", "EVALSHA stored", "stored"];

test("a message's way is one trace: right parents, rising times, attributes by the conventions, the header in Kafka", async () => {
  const room = newRoom("traced");
  const [first, second] = fleet.gateways;
  const sender = await member(first, room);
  const viewers = [await member(second, room), await member(second, room)];
  const { id } = await sender.send(room, "a text that no trace holds");
  await sender.waitFor(({ type, room: of }) => type === "stored" && of === room, 30_000);
  const spans = await until(() => `all spans, got ${collector.of(id).map(({ name }) => name)}`, () => {
    const found = collector.of(id);
    return found.length >= steps.length + 1 && found;
  }, 20_000);
  assert.deepEqual(collector.faults, []);
  assert.deepEqual(spans.map(({ name }) => name).sort(), [...steps, "deliver"].sort());
  const by = Object.fromEntries(spans.map((span) => [span.name, span]));
  const parentOf = (name) => spans.find(({ spanId }) => spanId === by[name].parentSpanId)?.name;
  assert.equal(by.accept.parentSpanId, undefined);
  assert.deepEqual(["EVALSHA accept", "send MESSAGES", "deliver", "process MESSAGES", "INSERT messages", "EVALSHA stored", "stored"].map(parentOf),
    ["accept", "accept", "accept", "send MESSAGES", "process MESSAGES", "process MESSAGES", "EVALSHA stored"]);

  spans.forEach(({ name, start, end }) => assert.ok(start <= end, name));
  const starts = ["accept", "send MESSAGES", "process MESSAGES", "INSERT messages", "EVALSHA stored", "stored"].map((name) => by[name].start);
  assert.deepEqual(starts.toSorted((a, b) => (a < b ? -1 : 1)), starts);
  assert.ok(by["process MESSAGES"].end <= by["EVALSHA stored"].end);

  const [row] = await waitForRows(fleet, room, 1);
  const { attributes: process } = by["process MESSAGES"];
  assert.deepEqual([process["messaging.system"], process["messaging.destination.name"], process["messaging.operation.type"], process["messaging.destination.partition.id"],
    process["messaging.kafka.offset"], process["messaging.message.id"]],
  ["kafka", "MESSAGES", "process", String(row.kafka_partition), Number(row.kafka_offset), id]);
  assert.equal(by["send MESSAGES"].attributes["messaging.operation.type"], "send");
  assert.equal(by["EVALSHA accept"].attributes["db.system.name"], "redis");
  assert.deepEqual([by["INSERT messages"].attributes["db.system.name"], by["INSERT messages"].attributes["db.collection.name"]], ["postgresql", "messages"]);
  assert.deepEqual([by.accept.service, by.accept.instance, by["INSERT messages"].service], ["chat-gateway", first.id, "chat-persister"]);
  const members = spans.filter(({ name }) => name === "deliver").map(({ instance, attributes }) => [instance, attributes["chat.members"]]).sort();
  assert.deepEqual(members, [[first.id, 1], [second.id, 2]]);
  assert.ok(collector.bodies.every((body) => !body.includes("a text that")));

  const record = (await readTopic(fleet, "MESSAGES")).find(({ value }) => value.includes(id));
  assert.equal(record.headers, `traceparent:00-${id.replaceAll("-", "")}-${by["send MESSAGES"].spanId}-01`);
  await Promise.all([sender, ...viewers].map((client) => client.close()));
});

test("a retry is a span below the first one, and its record another", async () => {
  const room = newRoom("retried");
  const sender = await member(fleet.gateways[0], room);
  const id = randomUUID();
  await sender.send(room, "text", { id });
  await sender.send(room, "text", { id });
  const spans = await until("both spans", () => {
    const found = collector.of(id).filter(({ name }) => name === "accept");
    return found.length === 2 && found;
  });
  const again = spans.find(({ parentSpanId }) => parentSpanId);
  assert.deepEqual([again.parentSpanId, again.attributes["chat.outcome"]], [spans.find((span) => span !== again).spanId, "duplicate"]);
  await sender.close();
});

test("a collector that is away or refuses costs spans, which are counted, and no message", async () => {
  const room = newRoom("no-collector");
  const [gateway] = fleet.gateways;
  const sender = await member(gateway, room);
  collector.status = 400;
  await fill(sender, room, 50);
  await until("refused spans to be counted", async () => (await gateway.metric("chat_trace_spans_dropped_total")) >= 50, 20_000);
  collector.status = 503;
  await fill(sender, room, 3000);
  await until("a full queue to drop spans", async () => (await gateway.metric("chat_trace_spans_dropped_total")) >= 1000, 20_000);
  await waitForRows(fleet, room, 3050, 60_000);
  collector.status = 200;
  const taken = await gateway.metric("chat_trace_spans_exported_total");
  await until("spans to be taken again", async () => (await gateway.metric("chat_trace_spans_exported_total")) > taken, 60_000);
  const warnings = gateway.process.readLog().split("\n").filter((line) => line.includes("collector does not take") || line.includes("traces were dropped"));
  assert.ok(warnings.length >= 1 && warnings.length <= 3, warnings.join("\n"));
  await sender.close();
});

test("settings that cannot work are refused in one sentence", async () => {
  const refused = async (env) => {
    const { code, stderr } = await runService(fleet.gateways[0].process.command, { env });
    assert.equal(code, 2);
    return stderr;
  };
  assert.match(await refused({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector:4318" }), /^OTEL_EXPORTER_OTLP_ENDPOINT .*https.*\n$/);
  assert.match(await refused({ OTEL_TRACES_SAMPLER_ARG: "2" }), /^OTEL_TRACES_SAMPLER_ARG "2" is not a number from 0 to 1\n$/);
});
