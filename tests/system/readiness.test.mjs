// Servers that accept connections and cannot serve: named in /readyz with cause and remedy, and what is tried stays unseen.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePorts } from "../../deploy/local/fleet/ports.mjs";
import { Redis } from "../../deploy/local/fleet/redis.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { readTopic } from "./support/kafka.mjs";
import { readiness } from "./support/ready.mjs";
import { member, newRoom } from "./support/room.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => { fleet = await startFleet({ gateways: 1 }); });
after(() => fleet.stop());

// Resolves with what /readyz says once it names the cause for Redis.
function named(service, cause) {
  return until(`${service.name} to name ${cause}`, async () => {
    const said = await readiness(service);
    return said.causes.some((one) => one.dependency === "redis" && one.cause === cause) && said;
  }, 20_000);
}

function well(service) {
  return until(`${service.name} to be well`, async () => {
    const { http, status } = await readiness(service);
    return http === 200 && status === "ready";
  }, 20_000);
}

const sendTo = (client, room) => client.request({ type: "send", id: randomUUID(), room, text: "text" });

test("a Redis that is full: both services stay at 200 and say why and what to do, senders are answered unavailable", async () => {
  const services = [fleet.gateways[0], fleet.persisters[0]];
  const room = newRoom("full");
  const client = await member(fleet.gateways[0], room);
  await fleet.redis.command("CONFIG", "SET", "maxmemory", "1");
  for (const service of services) {
    const said = await named(service, "memory");
    assert.equal(said.http, 200);
    assert.equal(said.status, "degraded");
    assert.deepEqual(said.degraded, ["redis"]);
    const { reason, remedy, since } = said.causes[0];
    assert.match(reason, /maxmemory/);
    assert.match(remedy, /maxmemory/);
    assert.ok(Date.parse(since) <= Date.now());
    assert.match((await service.admin("/metrics")).body, /^chat_dependency_ready\{dependency="redis"\} 0$/m);
    const lines = service.process.readLog().trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines.filter(({ dependency, cause }) => dependency === "redis" && cause === "memory").length, 1, "one line a change");
  }
  const answer = await sendTo(client, room);
  assert.deepEqual([answer.type, answer.code], ["error", "unavailable"]);
  await fleet.redis.command("CONFIG", "SET", "maxmemory", "0");
  await Promise.all(services.map(well));
  assert.equal((await sendTo(client, room)).type, "ack");
  await client.close();
});

test("a Redis in cluster mode: 503 that says so while the gateway waits", async () => {
  const [port, busPort] = await freePorts(2, fleet.address);
  const cluster = new Redis({ folder: join(fleet.folder, "cluster"), logFile: join(fleet.folder, "logs", "cluster.log"), address: fleet.address,
    port, password: fleet.redis.password, lines: ["cluster-enabled yes", `cluster-port ${busPort}`] });
  await cluster.start();
  try {
    await cluster.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    const gateway = await fleet.addGateway({ REDIS_PORT: String(port), STARTUP_TIMEOUT_SECONDS: "3600" });
    const started = gateway.start().catch((error) => error);
    const said = await named(gateway, "cluster_mode");
    assert.equal(said.http, 503);
    assert.match(said.causes[0].remedy, /cluster-enabled no/);
    await gateway.stop();
    await started;
    fleet.gateways.pop();
  } finally {
    await cluster.stop();
  }
});

test("what is tried reaches no topic and no table", async () => {
  const room = newRoom("tried");
  const client = await member(fleet.gateways[0], room);
  await sendTo(client, room);
  await waitForRows(fleet, room, 1);
  for (const topic of ["MESSAGES", "MESSAGES.dead"]) {
    assert.deepEqual((await readTopic(fleet, topic)).filter(({ key }) => key.startsWith("trial/")), []);
  }
  for (const table of ["messages", "void_numbers"]) {
    assert.deepEqual(await fleet.postgres.query(`SELECT room FROM ${table} WHERE room LIKE 'trial/%'`), []);
  }
  await client.close();
});
