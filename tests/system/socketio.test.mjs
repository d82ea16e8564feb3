// The real socket.io-client through the balancer and two gateways, beside native clients: over long polling, over WebSocket,
// and from the one to the other.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { io as oldIo } from "socket.io-client-old";
import { patience } from "../../deploy/local/fleet/process.mjs";
import { Client } from "./support/client.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { cursorOf, newRoom } from "./support/room.mjs";
import { closeSockets, connect, connectToEach, gatewayOf, gets, modes, openSocket, request, settled, transportOf } from "./support/socketio_client.mjs";
import { assertNoGapNoRepeat, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
afterEach(() => closeSockets());
after(() => fleet?.stop());

const balanced = () => `http://${fleet.address}:${fleet.ports.port}`;
const urlOf = (gateway) => gateway.url.replace(/^ws/, "http").replace(/\/ws$/, "");

// Each of the messages is one row; resolves with the rows.
async function storedOnce(ids) {
  const sent = new Set(ids);
  const rows = await until("all rows", async () => {
    const found = (await waitForRows(fleet, "general", 1)).filter(({ id }) => sent.has(id));
    return found.length >= ids.length && found;
  }, 30_000);
  assert.deepEqual(rows.map(({ id }) => id).sort(), [...ids].sort());
  return rows;
}

const versions = { "socket.io-client 4.8": {}, "socket.io-client 4.1": { connectWith: oldIo } };
for (const [version, client] of Object.entries(versions)) {
  for (const [mode, options] of Object.entries(modes)) {
    test(`${version}, ${mode}: a page that was written for Socket.IO sends and gets messages unchanged, by way of both gateways`, async () => {
      const sockets = await Promise.all(range(8).map(() => connect(balanced(), { ...options, ...client })));
      await settled(sockets, options);
      assert.deepEqual(new Set(sockets.map(gatewayOf)), new Set(["gateway-1", "gateway-2"]));
      const text = `hello ${randomUUID()}`;
      sockets[0].emit("event:message", { message: text });
      const found = ({ got }) => got.filter(({ message }) => message === text);
      await until("the message at all", () => sockets.every((socket) => found(socket).length === 1));
      const [message] = found(sockets[1]);
      assert.deepEqual(Object.keys(message).sort(), ["epoch", "id", "message", "room", "sender", "sender_name", "sent_at", "seq"]);
      assert.equal(message.room, "general");
      const ack = await request(sockets[7], "event:message", { message: "with an ack" });
      assert.equal(ack.seq, message.seq + 1);
      await gets(sockets, ack.id);
      sockets.forEach(({ got }) => assertNoGapNoRepeat(got, version));
    });
  }
}

for (const [mode, options] of Object.entries(modes)) {
  test(`${mode}: join, leave and join without waiting: each callback is called once, that of a join that is overtaken with cancelled`, async () => {
    const socket = await connect(balanced(), options);
    await settled([socket], options);
    const room = newRoom("overtaken");
    const calls = [0, 0, 0, 0];
    const answers = ["join", "leave", "join", "join"].map((event, i) => new Promise((done) => {
      socket.emit(event, { room }, (answer) => {
        calls[i]++;
        done(answer);
      });
    }));
    const [first, left, second, last] = await Promise.race([
      Promise.all(answers),
      until("all callbacks to be called", () => calls.every((count) => count > 0)).then(() => Promise.all(answers)),
    ]);
    // One that Redis answers before the next event is read is not overtaken.
    [first, second].forEach((answer) => assert.ok(answer.code === "cancelled" || answer.complete, JSON.stringify(answer)));
    assert.deepEqual([left.room, last.room, last.complete], [room, room, true]);
    const ack = await request(socket, "event:message", { room, message: "I am in it" });
    await gets([socket], ack.id);
    assert.deepEqual(calls, [1, 1, 1, 1]);
  });

  test(`I1 I2 ${mode}: every client gets every message exactly once and in one order, native clients too, and the ack is the row`, async () => {
    const sockets = await Promise.all(range(6).map(() => connect(balanced(), options)));
    const natives = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
    await Promise.all(natives.map((client) => client.join("general")));
    const ids = range(120).map(() => randomUUID());
    const acks = await Promise.all(ids.map((id, i) => (i % 4 === 3
      ? natives[i % 2].send("general", `native ${i}`, { id })
      : request(sockets[i % 6], "event:message", { message: `text ${i}`, id }))));
    assert.deepEqual(acks.map(({ id }) => id), ids);
    const order = acks.sort((a, b) => a.seq - b.seq).map(({ id }) => id);
    await gets(sockets, order.at(-1));
    await Promise.all(natives.map((client) => client.waitFor((frame) => frame.type === "message" && frame.id === order.at(-1))));
    const sent = new Set(ids);
    for (const seen of [...sockets.map(({ got }) => got), ...natives.map((client) => client.messages("general"))]) {
      assert.deepEqual(seen.filter(({ id }) => sent.has(id)).map(({ id }) => id), order);
    }
    const texts = (list, field) => new Map(list.map((message) => [message.id, message[field]]));
    const [shown, native] = [texts(sockets[0].got, "message"), texts(natives[0].messages("general"), "text")];
    ids.forEach((id) => assert.equal(shown.get(id), native.get(id)));
    await storedOnce(ids);
    await settled(sockets, options);
    await Promise.all(natives.map((client) => client.close()));
  });

  test(`${mode}: join with since gives what was missed, history what was before; errors come through the ack and the connection stays`, async () => {
    const room = newRoom("socketio");
    const [writer, reader] = await connectToEach(balanced(), fleet.gateways, options);
    const refused = await request(writer, "event:message", { message: "x", room });
    assert.equal(refused.code, "not_joined");
    await request(writer, "join", { room });
    const acks = [];
    for (const i of range(5)) {
      acks.push(await request(writer, "event:message", { message: `text ${i}`, room }));
    }
    const joined = await request(reader, "join", { room, since: cursorOf(acks[1]) });
    assert.deepEqual(joined.messages.map(({ message }) => message), ["text 2", "text 3", "text 4"]);
    assert.equal(joined.complete, true);
    const older = await request(reader, "history", { room, before: cursorOf(acks[2]), limit: 10 });
    assert.deepEqual(older.messages.map(({ message }) => message), ["text 0", "text 1"]);
    const large = await request(writer, "event:message", { message: "x".repeat(200_000), room });
    assert.equal(large.code, "too_large");
    assert.equal((await request(writer, "event:message", { message: "", room })).code, "bad_request");
    assert.equal((await request(writer, "nothing", {})).code, "unknown_type");
    assert.equal((await request(writer, "event:message", { message: "after", room })).duplicate, false);
    await until("the message behind the errors", () => reader.got.some(({ message }) => message === "after"));
    assert.deepEqual(await request(reader, "leave", { room }), { room });
  });

  test(`${mode}: a client has the name that it gives, and is told what of its own is stored where it asked for receipts`, async () => {
    const [ada, other] = await connectToEach(balanced(), fleet.gateways, { ...options, auth: { name: "Ada" } });
    const told = [ada, other].map((socket) => {
      const receipts = [];
      socket.on("stored", (fields) => receipts.push(fields));
      return receipts;
    });
    assert.equal((await request(ada, "join", { room: "general", receipts: true })).complete, true);
    const { id, ...ack } = await request(ada, "event:message", { message: "to be stored" });
    await gets([other], id);
    assert.equal(other.got.find((message) => message.id === id).sender, "Ada");
    await request(other, "event:message", { message: "without a receipt" });
    await until("the receipt", () => told[0].length > 0);
    assert.deepEqual(told, [[{ room: "general", ...cursorOf(ack) }], []]);
  });

  test(`I4 ${mode}: the same id again is acknowledged with its first number and shown once`, async () => {
    const [one, two] = await connectToEach(balanced(), fleet.gateways, options);
    const id = randomUUID();
    const first = await request(one, "event:message", { message: "once", id });
    const again = await request(two, "event:message", { message: "once", id });
    assert.deepEqual([again.epoch, again.seq, again.duplicate], [first.epoch, first.seq, true]);
    const { id: last } = await request(one, "event:message", { message: "behind it" });
    await gets([one, two], last);
    assert.equal(two.got.filter((message) => message.id === id).length, 1);
  });

  test(`I1 ${mode}: clients of a gateway that is killed come back on the other by themselves, and what was acknowledged is one row`, async () => {
    const sockets = await Promise.all(range(4).map(() => connect(balanced(), { ...options, retries: 100, ackTimeout: 2000 * patience })));
    await settled(sockets, options);
    const dies = fleet.gateways.find(({ id }) => id === gatewayOf(sockets[0]));
    const ids = range(60).map(() => randomUUID());
    const acks = Promise.all(ids.map((id, i) => sockets[i % 4].emitWithAck("event:message", { message: `retried ${i}`, id })));
    await dies.crash();
    assert.deepEqual((await acks).map(({ id }) => id), ids);
    await until("all on the other gateway", () => sockets.every((socket) => socket.connected && gatewayOf(socket) !== dies.id), 20_000);
    await storedOnce(ids);
    await dies.start();
  });
}

test("I2 what is sent and what comes while a client changes from polling to WebSocket arrives once and in order", async () => {
  const clients = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
  await Promise.all(clients.map((client) => client.join("general")));
  const sockets = range(12).map(() => openSocket(balanced(), modes.upgrade));
  const own = sockets.map((socket) => {
    const acks = [];
    const send = (when) => range(3).forEach((i) => acks.push(request(socket, "event:message", { message: `${when} ${i}` })));
    send("before the connect");
    socket.io.on("open", () => {
      send("polling");
      // The client has paused its polling, and waits for the last poll's answer.
      socket.io.engine.once("upgrading", () => send("upgrading"));
      socket.io.engine.once("upgrade", () => send("upgraded"));
    });
    return acks;
  });
  const isDone = () => sockets.every((socket) => socket.connected && transportOf(socket) === "websocket");
  const others = await Promise.all(clients.map(async (client) => {
    const acks = [];
    while (!isDone()) {
      acks.push(await client.send("general", "from a native client"));
    }
    return acks;
  }));
  const ownAcks = await Promise.all(own.map((acks) => Promise.all(acks)));
  ownAcks.forEach((acks) => {
    assert.equal(acks.length, 12);
    assert.deepEqual(acks.map(({ seq }) => seq), acks.map(({ seq }) => seq).sort((a, b) => a - b), "one client's messages are in its order");
  });
  const { id: last } = await clients[0].send("general", "behind all");
  await gets(sockets, last);
  const order = [...ownAcks, ...others].flat().sort((a, b) => a.seq - b.seq).map(({ id }) => id);
  const ids = new Set(order);
  sockets.forEach((socket, i) => {
    assertNoGapNoRepeat(socket.got, `socket ${i}`);
    const seen = socket.got.filter(({ id }) => ids.has(id)).map(({ id }) => id);
    assert.deepEqual(seen, order.slice(-seen.length));
    assert.ok(ownAcks[i].every(({ id }) => seen.includes(id)), `socket ${i} got all of its own`);
  });
  await Promise.all(clients.map((client) => client.close()));
});

test("an unknown namespace is refused, and what is no handshake is answered as the reference server does", async () => {
  for (const options of Object.values(modes)) {
    const socket = openSocket(`${balanced()}/admin`, { ...options, reconnection: false });
    const error = await new Promise((done) => socket.once("connect_error", done));
    assert.equal(error.message, "Invalid namespace");
  }
  const answers = [
    ["?EIO=4", 0, "Transport unknown"],
    ["?EIO=4&transport=abc", 0, "Transport unknown"],
    ["?EIO=4&transport=websocket&sid=unknown", 1, "Session ID unknown"],
    ["?EIO=4&transport=websocket", 3, "Bad request"],
    ["?EIO=3&transport=polling", 5, "Unsupported protocol version"],
  ];
  for (const [query, code, message] of answers) {
    const response = await fetch(`${urlOf(fleet.gateways[0])}/socket.io/${query}`);
    assert.equal(response.status, 400);
    assert.match(response.headers.get("content-type"), /^application\/json/);
    assert.deepEqual(await response.json(), { code, message });
  }
});
