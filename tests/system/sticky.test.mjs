// Two gateways behind one address: a Socket.IO session stays on its gateway, in long polling, over WebSocket and from the one
// to the other, through NGINX and through HAProxy, and begins anew on the other one when its gateway dies.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { patience } from "../../deploy/local/fleet/process.mjs";
import { Client } from "./support/client.mjs";
import { haproxy } from "./support/balancers.mjs";
import { startFleet } from "./support/fleet.mjs";
import { closeSockets, connect, gatewayOf, gets, modes, request, settled } from "./support/socketio_client.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet, second;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
  const folder = join(fleet.folder, "haproxy");
  mkdirSync(folder);
  chmodSync(folder, 0o711);
  second = await haproxy({ folder, gateways: fleet.gateways });
  await second.start();
});
after(async () => {
  closeSockets();
  await second?.stop();
  await fleet?.stop();
});

const nginxUrl = () => `http://${fleet.address}:${fleet.ports.port}`;
const balancers = () => ({ NGINX: nginxUrl(), "NGINX beside the page": fleet.nginx.webUrl.replace(/\/$/, ""), HAProxy: `http://${fleet.address}:${second.port}` });
const usedBy = (sockets) => fleet.gateways.map(({ id }) => sockets.filter((socket) => gatewayOf(socket) === id).length);

async function connectMany(url, count, options) {
  return Promise.all(range(count).map(() => connect(url, options)));
}

// Connects until each gateway has two of the clients, eight at first. A balancer that counts connections gives fewer to a
// gateway that answers more slowly at the moment.
async function connectToBoth(url, options) {
  const sockets = await connectMany(url, 8, options);
  const isServed = () => usedBy(sockets).every((count) => count >= 2);
  while (!isServed() && sockets.length < 64) {
    sockets.push(...(await connectMany(url, 4, options)));
  }
  assert.ok(isServed(), `${url}: ${usedBy(sockets)}`);
  return sockets;
}

async function messageReachesAll(sockets) {
  const { id } = await request(sockets[0], "event:message", { message: `for all ${randomUUID()}`, id: randomUUID() });
  assert.ok(id);
  await gets(sockets, id);
}

// Resolves once the balancer gives the gateway new clients.
function takesClients(url, gateway) {
  return until(`${url} to use ${gateway.id}`, async () => {
    const client = await Client.connect(`${url.replace(/^http/, "ws")}/ws`);
    await client.close();
    return client.welcome.gateway === gateway.id;
  });
}

for (const [mode, options] of Object.entries(modes)) {
  test(`${mode}: both gateways are served from each balancer's one address, and a message reaches all`, async () => {
    for (const url of Object.values(balancers())) {
      const sockets = await connectToBoth(url, options);
      await settled(sockets, options);
      await messageReachesAll(sockets);
      closeSockets();
    }
  });
}

test("polling clients stay on their gateway over many requests, each with one session", async () => {
  for (const [name, url] of Object.entries(balancers())) {
    const sockets = await connectMany(url, 6, modes.polling);
    const sids = sockets.map((socket) => socket.io.engine.id);
    const losses = [];
    sockets.forEach((socket) => socket.on("disconnect", (reason) => losses.push(reason)));
    const acks = await Promise.all(range(90).map((i) => request(sockets[i % 6], "event:message", { message: `text ${i}` })));
    for (const { id } of acks) {
      await gets(sockets, id);
    }
    assert.deepEqual(losses, [], name);
    assert.deepEqual(sockets.map((socket) => socket.io.engine.id), sids, name);
    closeSockets();
  }
});

test("an id leads to the gateway that it names, as the access log shows", async () => {
  const requests = () => fleet.nginx.readAccessLog().split("\n").filter((line) => line.includes(" /socket.io/ 400 "));
  for (const gateway of fleet.gateways) {
    const before = requests().length;
    const answer = await fetch(`${nginxUrl()}/socket.io/?EIO=4&transport=websocket&sid=${gateway.id}~0~${randomUUID()}`);
    assert.deepEqual(await answer.json(), { code: 1, message: "Session ID unknown" });
    await until("the access log", () => requests().length > before);
    assert.ok(requests()[before].includes(` ${gateway.address}:${gateway.port} `), requests()[before]);
  }
});

test("native WebSockets through HAProxy are spread over both gateways and pass a message", async () => {
  const url = `ws://${fleet.address}:${second.port}/ws`;
  // What HAProxy knows of the gateways is up to a second old: one that it thinks away gets nobody.
  const clients = await until("both gateways to get two of eight", async () => {
    const group = await Promise.all(range(8).map(() => Client.connect(url)));
    if (fleet.gateways.every(({ id }) => group.filter(({ welcome }) => welcome.gateway === id).length >= 2)) {
      return group;
    }
    await Promise.all(group.map((client) => client.close()));
  });
  const room = `haproxy-${randomUUID()}`;
  await Promise.all(clients.map((client) => client.join(room)));
  const { id } = await clients[0].send(room, "hello");
  await Promise.all(clients.map((client) => client.waitFor((frame) => frame.type === "message" && frame.id === id)));
  await Promise.all(clients.map((client) => client.close()));
});

for (const [mode, options] of Object.entries(modes)) {
  test(`I1 ${mode}: the clients of a gateway that is killed are on the other within seconds, and what is sent meanwhile arrives`, async () => {
    for (const [name, url] of Object.entries(balancers())) {
      const dies = fleet.gateways[0];
      await takesClients(url, dies);
      const sockets = await connectToBoth(url, { ...options, retries: 100, ackTimeout: 2000 * patience });
      // A client that loses its gateway amid the upgrade stays paused until its ping timeout (FROM_SOCKETIO.md).
      await settled(sockets, options);
      await dies.crash();
      const ids = range(16).map(() => randomUUID());
      const acks = ids.map((id, i) => sockets[i % sockets.length].emitWithAck("event:message", { message: `meanwhile ${i}`, id }));
      await until(`${name}: all on the other gateway`, () => sockets.every((socket) => socket.connected && gatewayOf(socket) !== dies.id));
      assert.deepEqual((await Promise.all(acks)).map(({ id }) => id), ids);
      await messageReachesAll(sockets);
      closeSockets();
      await dies.start();
    }
  });
}

test("no log of a balancer has session ids", async () => {
  const logs = fleet.nginx.readAccessLog() + fleet.nginx.process.readLog() + second.log();
  assert.ok(logs.includes(" /socket.io/ "));
  assert.ok(!/sid=|EIO=|gateway-\d~/.test(logs));
});
