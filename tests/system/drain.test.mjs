// Deploys that nobody notices: a gateway that ends, or gives up a share of its clients, sends them to the others one by one.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { member, newRoom } from "./support/room.mjs";
import { closeSockets, connect, connectToEach, gatewayOf, gets, modes, settled } from "./support/socketio_client.mjs";
import { assertNoGapNoRepeat, assertStoredOnce, keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const spanMs = 3000;
// A client that stays is closed a second after the time that it was told, and within the span.
const graceMs = 1000;
// A timer of a busy machine; the gateway's own is of 10 ms.
const lateMs = 3000;

let fleet, one, two;
before(async () => {
  fleet = await startFleet({ gateways: 2, gatewayEnv: { DRAIN_SECONDS: String(spanMs / 1000) } });
  [one, two] = fleet.gateways;
});
afterEach(closeSockets);
after(() => fleet?.stop());

const balanced = () => `http://${fleet.address}:${fleet.ports.port}`;
const shed = async (query, method = "POST") => {
  const response = await fetch(`http://${one.address}:${one.adminPort}/admin/shed${query}`, { method });
  return { status: response.status, body: await response.text(), allow: response.headers.get("allow") };
};
const statusOf = async (gateway) => JSON.parse((await gateway.admin("/readyz")).body || "{}").status;
const connections = (gateway) => gateway.metric("chat_connections");

// Notes when the client was told to reconnect, when to, and when it was closed.
function watchDeparture(client) {
  const departure = { client };
  client.socket.on("message", (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "reconnect") {
      Object.assign(departure, { toldAt: performance.now(), afterMs: frame.after_ms });
    }
  });
  client.socket.on("close", () => (departure.closedAt = performance.now()));
  return departure;
}

test("I1 I3 a gateway that ends serves its clients until their turn, and tells each a time of its own", async () => {
  const room = newRoom("drain");
  one.setEnv({ DRAIN_DELAY_SECONDS: "4" });
  await one.restart();
  const clients = await Promise.all(range(30).map(() => member(one, room)));
  const departures = clients.map(watchDeparture);
  const witness = await member(two, room);
  const acks = [];
  const sending = clients.slice(0, 5).map(async (client) => {
    for (let i = 0; client.closeCode === undefined; i++) {
      const text = `number ${i}`;
      const answer = await client.request({ type: "send", id: randomUUID(), room, text });
      acks.push(...(answer.type === "ack" ? [{ ...answer, text, at: performance.now() }] : []));
    }
  });
  one.kill("SIGTERM");
  await until("the balancer to be told", async () => (await statusOf(one)) === "draining");
  // New clients are served until the balancer has noticed.
  const late = await member(one, room);
  departures.push(watchDeparture(late));
  await late.send(room, "from a new client");
  assert.deepEqual(await one.process.exited, { code: 0, signal: null });
  await Promise.all(sending);

  departures.forEach(({ client, toldAt, afterMs, closedAt }) => {
    assert.equal(client.closeCode, 1012);
    assert.ok(afterMs >= 0 && afterMs <= spanMs - graceMs, `${afterMs}`);
    const over = closedAt - toldAt - afterMs - graceMs;
    assert.ok(over > -100 && over < lateMs, `closed ${over} ms after its turn`);
  });
  assert.ok(new Set(departures.map(({ afterMs }) => afterMs)).size > 20);
  // What was sent while others were leaving was acknowledged.
  const first = Math.min(...departures.map(({ closedAt }) => closedAt));
  assert.ok(acks.some(({ at }) => at > first), "those that stay are served");
  const messages = await witness.waitForMessages(room, acks.length + 1);
  await assertStoredOnce(fleet, room, messages);
  const seen = new Set(messages.map(({ id }) => id));
  assert.deepEqual(acks.filter(({ id }) => !seen.has(id)), []);
  await witness.close();
  one.setEnv({ DRAIN_DELAY_SECONDS: "0" });
  await one.start();
});

test("a gateway whose clients are leaving takes no new one", async () => {
  const stays = await Client.connect(one.url);
  one.kill("SIGTERM");
  await stays.waitFor(({ type }) => type === "reconnect");
  const refused = await fetch(one.url.replace("ws:", "http:").replace("/ws", "/socket.io/?EIO=4&transport=polling"));
  assert.equal(refused.status, 503);
  assert.deepEqual(await one.process.exited, { code: 0, signal: null });
  await one.start();
});

test("I3 unmodified Socket.IO clients of a gateway that ends are recovered on the other, in all modes, and miss nothing", async () => {
  const sockets = (await Promise.all(Object.values(modes).flatMap((mode) => range(4).map(async () => {
    const socket = await connect(balanced(), mode);
    await settled([socket], mode);
    return socket;
  }))));
  sockets.push(...(await connectToEach(balanced(), fleet.gateways)));
  const writer = await member(two, "general");
  await gets(sockets, (await writer.send("general", "before")).id);
  const known = sockets.map((socket) => ({ id: socket.id, moves: gatewayOf(socket) === one.id }));
  assert.ok(known.some(({ moves }) => moves) && known.some(({ moves }) => !moves));
  const reasons = [];
  sockets.forEach((socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
  const traffic = keepSending([{ send: (text) => writer.send("general", text) }]);
  assert.deepEqual(await one.stop(), { code: 0, signal: null });
  await until("all on the other gateway", () => sockets.every((socket) => socket.connected && gatewayOf(socket) === two.id), 20_000);
  await traffic.finish();
  const last = await writer.send("general", "after");
  await gets(sockets, last.id);
  sockets.forEach((socket, i) => {
    assert.deepEqual({ id: socket.id, moves: socket.recovered }, known[i]);
    assertNoGapNoRepeat(socket.got, `client ${i}`);
  });
  assert.ok(!reasons.includes("io server disconnect"), "after which a client does not reconnect");
  await writer.close();
  await one.start();
});

test("a second SIGTERM ends a gateway at once, in the delay and while clients leave", async () => {
  for (const delay of ["60", "0"]) {
    one.setEnv({ DRAIN_DELAY_SECONDS: delay, DRAIN_SECONDS: "60" });
    await one.restart();
    const client = await Client.connect(one.url);
    one.kill("SIGTERM");
    await until("the drain", async () => (await statusOf(one)) === "draining");
    if (delay === "0") {
      await client.waitFor(({ type }) => type === "reconnect");
    }
    one.kill("SIGTERM");
    assert.deepEqual(await one.process.exited, { code: 143, signal: null });
  }
  one.setEnv({ DRAIN_DELAY_SECONDS: "0", DRAIN_SECONDS: String(spanMs / 1000) });
  await one.start();
});

test("shed moves a share of the clients, chosen at random, and the gateway stays ready", async () => {
  const natives = await Promise.all(range(20).map(() => member(one, newRoom("shed"))));
  const departures = natives.map(watchDeparture);
  const sockets = await connectToEach(balanced(), fleet.gateways);
  await until("all to be counted", async () => (await connections(one)) === 21);
  const before = await one.metric("chat_shed_clients_total");
  const answer = await shed("?percent=50&seconds=2");
  assert.equal(answer.status, 200, answer.body);
  const { shed: count } = JSON.parse(answer.body);
  assert.ok(count === 10 || count === 11, answer.body);
  assert.equal((await shed("?percent=50")).status, 409);
  assert.equal(await statusOf(one), "ready");
  const stay = await member(one, newRoom("shed-later"));
  await until("the share to leave", () => departures.filter(({ closedAt }) => closedAt !== undefined).length >= count - 1);
  const told = departures.filter(({ toldAt }) => toldAt !== undefined);
  assert.ok(told.length === count || told.length === count - 1, "the others hear nothing");
  await Promise.all(told.map(({ client }) => client.closed));
  assert.ok(told.every(({ client }) => client.closeCode === 1012));
  assert.equal(await one.metric("chat_shed_clients_total"), before + count);
  // Again, now all; a Socket.IO client reconnects by itself, perhaps to the same gateway.
  await until("the next to be taken", async () => (await shed("?percent=100&seconds=0")).status === 200);
  await stay.closed;
  await until("the Socket.IO clients", () => sockets.every((socket) => socket.connected));
  await Promise.all(natives.map(({ closed }) => closed));
});

test("shed says what is wrong with a request", async () => {
  for (const query of ["", "?percent=0", "?percent=101", "?percent=half"]) {
    const { status, body } = await shed(query);
    assert.equal(status, 400);
    assert.match(body, /^percent must be a whole number from 1 to 100/);
  }
  assert.match((await shed("?percent=5&seconds=soon")).body, /^seconds must be/);
  const { status, allow } = await shed("?percent=5", "GET");
  assert.equal(status, 405);
  assert.equal(allow, "POST");
});
