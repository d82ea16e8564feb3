// Clients that others bring: libraries of other languages, over each of their transports, on gateways behind NGINX.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { ForeignClient } from "./support/foreign_client.mjs";
import { closeSockets, connectToEach, gatewayOf, request } from "./support/socketio_client.mjs";
import { until } from "./support/until.mjs";

const ways = [
  ...["polling", "websocket", "upgrade"].flatMap((transport) =>
    ["python-socketio", "python-socketio with asyncio", "socket.io-client for Java", "socket.io for Go"].map((library) => [library, transport])),
  ["websockets", "native"],
  ["gorilla/websocket", "native"],
];

let fleet, clients, browsers;
const sent = new Map(); // id -> text, of all messages

before(async () => {
  fleet = await startFleet({ gateways: 2 });
  const url = `http://${fleet.address}:${fleet.ports.port}`;
  browsers = await connectToEach(url, fleet.gateways);
  clients = ways.map(([library, transport]) => new ForeignClient(library, transport, url));
});
after(async () => {
  closeSockets();
  clients?.forEach((client) => client.process.kill("SIGKILL"));
  await fleet?.stop();
});

const metric = async (name) => (await Promise.all(fleet.gateways.filter(({ process }) => process.running).map((gateway) => gateway.metric(name))))
  .reduce((sum, value) => sum + value, 0);

// Each client, and a page on each gateway, sends a message; resolves once all have them all, and the senders their acks.
async function everybodyTalks(when) {
  const ids = new Map(clients.map((client) => [client, randomUUID()]));
  for (const [client, id] of ids) {
    sent.set(id, `${when} from ${client.name}`);
    client.send(id, sent.get(id));
  }
  const isUp = (id) => fleet.gateways.some((gateway) => gateway.id === id && gateway.process.running);
  for (const browser of browsers.filter((each) => each.connected && isUp(gatewayOf(each)))) {
    const id = randomUUID();
    sent.set(id, `${when} from a page`);
    assert.equal((await request(browser, "event:message", { id, message: sent.get(id) })).code, undefined);
  }
  for (const [client, id] of ids) {
    await client.until(`the ack of "${sent.get(id)}"`, () => client.acks.has(id));
  }
  for (const client of clients) {
    await client.until(`all ${sent.size} messages`, () => client.messages.length >= sent.size);
  }
}

test("each client connects over its transport, sends with a durable ack, and gets what pages of all gateways send", async () => {
  for (const client of clients) {
    await client.until("the connect", () => client.isConnected, 60_000);
  }
  const polling = ways.filter(([, transport]) => transport === "polling").length;
  const counts = async () => [await metric("chat_polling_sessions"), await metric("chat_connections")];
  const expected = [polling, clients.length + browsers.length];
  await until(`${expected} polling sessions and connections`, async () => isDeepStrictEqual(await counts(), expected));
  await everybodyTalks("first");
});

test("I1 I3 a client whose gateway is killed comes back, and its messages are neither lost nor doubled", async () => {
  for (const gateway of fleet.gateways) {
    // A gateway counts once a second.
    await until("all to be counted", async () => (await metric("chat_connections")) === clients.length + browsers.length);
    const connects = new Map(clients.map((client) => [client, client.connects]));
    const lost = await gateway.metric("chat_connections");
    await gateway.crash();
    await everybodyTalks(`without ${gateway.id}`);
    // A client sees its loss by the kill, or at the latest by its sends.
    const returned = clients.filter((client) => client.connects > connects.get(client)).length;
    assert.ok(returned > 0 && returned <= lost, `${returned} of ${lost} clients came back`);
    await gateway.start();
    await until("the pages", () => browsers.every(({ connected }) => connected));
    await everybodyTalks(`with ${gateway.id} again`);
  }
  for (const client of clients) {
    assert.ok(client.connects > 1 || client.transport === "polling", `${client.name} never lost its gateway`);
  }
});

test("every message was given to each client once, and is one row", async () => {
  const texts = [...sent.values()].sort();
  for (const client of clients) {
    assert.deepEqual(client.messages.map(({ text }) => text).sort(), texts, client.name);
    assert.ok(client.messages.every(({ id, text }) => sent.get(id) === text), client.name);
  }
  await waitForRows(fleet, "general", sent.size);
  assert.deepEqual((await rowsOf(fleet, "general")).map(({ id }) => id).sort(), [...sent.keys()].sort());
});

test("each client ends in order", async () => {
  const exits = await Promise.all(clients.map((client) => client.end()));
  exits.forEach(({ code }, i) => assert.equal(code, 0, `${clients[i].name}: ${clients[i].complaints}`));
});
