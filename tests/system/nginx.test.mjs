// Through the balancer: both gateways are used, a dead one is left, and its log has no secrets.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { newRoom } from "./support/room.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { assertSameOrder, assertStoredOnce, keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
after(() => fleet?.stop());

const urls = () => [fleet.ports.port, fleet.ports.webPort].map((port) => `ws://${fleet.address}:${port}/ws`);

test("connections through both ports are spread over both gateways", async () => {
  for (const url of urls()) {
    const clients = await Promise.all(range(12).map(() => Client.connect(url)));
    const count = (id) => clients.filter(({ welcome }) => welcome.gateway === id).length;
    assert.deepEqual(fleet.gateways.map(({ id }) => count(id) >= 3), [true, true]);
    await Promise.all(clients.map((client) => client.close()));
  }
});

test("I1 I3 clients of a gateway that is killed come back on the other through the balancer, and nothing is lost", async () => {
  const room = newRoom("balanced");
  const [dies, lives] = fleet.gateways;
  const clients = range(6).map(() => new ResendingClient([urls()[0]], room));
  await Promise.all(clients.map((client) => client.joined()));
  const traffic = keepSending(clients);
  await until("traffic", () => traffic.acks.length >= 100);
  await dies.crash();
  await until("a client that came back", () => clients.some(({ reconnects }) => reconnects > 0), 20_000);
  await until("all clients on the gateway that lives", async () => (await lives.metric("chat_connections")) === clients.length, 20_000);
  const before = traffic.acks.length;
  await until("more traffic", () => traffic.acks.length >= before + 100, 20_000);
  const acks = await traffic.finish();
  await Promise.all(clients.map((client) => client.waitForMessages(acks.length)));
  assertSameOrder(clients.map(({ messages }) => messages));
  assert.equal(clients[0].messages.length, acks.length);
  await assertStoredOnce(fleet, room, acks);
  await Promise.all(clients.map((client) => client.stop()));
  await dies.start();
});

// NGINX forgives a gateway its failed connects only when a later connection to it ends, which a WebSocket does not: it let one
// client in two seconds through to a gateway that had been restarted.
test("after a restart of each gateway in turn the balancer lets all clients through at once", async () => {
  for (const gateway of fleet.gateways) {
    await gateway.stop();
    const found = await Promise.all(range(4).map(() => Client.connect(urls()[0])));
    assert.ok(found.every(({ welcome }) => welcome.gateway !== gateway.id), "who comes meanwhile is sent to the other");
    await gateway.start();
    await Promise.all(found.map((client) => client.close()));
  }
  const clients = await Promise.all(range(40).map(() => Client.connect(urls()[0])));
  const count = (id) => clients.filter(({ welcome }) => welcome.gateway === id).length;
  assert.deepEqual(fleet.gateways.map(({ id }) => count(id) >= 10), [true, true]);
  await Promise.all(clients.map((client) => client.close()));
});

test("the access log has paths, but neither queries nor tokens", async () => {
  const client = await Client.connect(`${urls()[0]}?token=query-secret`, { headers: { Authorization: "Bearer header-secret" } });
  await client.close();
  const { accessLog } = fleet.nginx;
  await until("the access log", () => existsSync(accessLog) && readFileSync(accessLog, "utf8").includes(" GET /ws 101 "));
  const log = readFileSync(accessLog, "utf8") + fleet.nginx.process.readLog();
  assert.ok(!/query-secret|header-secret|token/.test(log));
});

test("other paths are not passed to the gateways", async () => {
  for (const path of ["/metrics", "/readyz", "/anything"]) {
    const answer = await fetch(`http://${fleet.address}:${fleet.ports.port}${path}`);
    assert.equal(answer.status, 404);
  }
});
