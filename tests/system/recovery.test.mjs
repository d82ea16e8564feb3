// Connection state recovery of the real socket.io-client: one that lost its connection gets what it missed, from any gateway,
// and its retries are one message.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { patience } from "../../deploy/local/fleet/process.mjs";
import { Client } from "./support/client.mjs";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { ExampleClient } from "./support/example_client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { cursorOf, fill, newRoom } from "./support/room.mjs";
import { closeSockets, connect, connectToEach, gatewayOf, gets, modes, openSocket, request, settled } from "./support/socketio_client.mjs";
import { assertNoGapNoRepeat, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet, natives;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
// A killed gateway takes its native client along, so that each test has its own.
async function writers() {
  natives = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
  await Promise.all(natives.map((client) => client.join("general")));
  return natives;
}
afterEach(async () => {
  closeSockets();
  await Promise.all((natives ?? []).map((client) => client.close()));
});
after(() => fleet?.stop());

const balanced = () => `http://${fleet.address}:${fleet.ports.port}`;
const urlOf = (gateway) => gateway.url.replace(/^ws/, "http").replace(/\/ws$/, "");
const allModes = Object.entries(modes);
const cursors = (messages) => messages.map(({ epoch, seq }) => `${epoch}-${seq}`);

// The transport ends; the client would come back by itself, but only comeBack() lets it.
async function lose(socket) {
  socket.lastId = socket.id;
  socket.io.reconnection(false);
  socket.io.engine.close();
  await until("the loss", () => !socket.connected);
}

// Through the address that it had, or straight to a gateway.
async function comeBack(socket, gateway) {
  socket.io.uri = gateway ? urlOf(gateway) : socket.io.uri;
  socket.io.reconnection(true);
  socket.connect();
  await until("it to come back", () => socket.connected);
}

function assertRecovered(socket, who) {
  assert.equal(socket.recovered, true, who);
  assert.equal(socket.id, socket.lastId, who);
}

// The numbers that it got follow each other, once each, from its connect to the last acknowledged one.
async function assertNothingMissed(socket, last, who) {
  await gets([socket], last.id);
  assertNoGapNoRepeat(socket.got, who);
}

// A client that has got nothing yet is lost once more, and then given just what was sent meanwhile.
async function assertRecoveredFromHere(socket, writer) {
  await lose(socket);
  const last = await writer.send("general", "missed");
  await comeBack(socket);
  assertRecovered(socket);
  await gets([socket], last.id);
  assert.deepEqual(socket.got.map(({ id }) => id), [last.id]);
}

test("I3 what was sent in an empty room before anything was received is recovered, in all modes and from either gateway", async () => {
  const sockets = await Promise.all(allModes.flatMap(([, options]) => fleet.gateways.map((gateway) => connect(urlOf(gateway), options))));
  await Promise.all(sockets.map(lose));
  const [writer] = await writers();
  const acks = await fill(writer, "general", 5);
  await Promise.all(sockets.map((socket, i) => comeBack(socket, fleet.gateways[(i >> 1) % 2])));
  const last = await writer.send("general", "after");
  for (const socket of sockets) {
    assertRecovered(socket);
    await assertNothingMissed(socket, last);
    assert.deepEqual(cursors(socket.got), cursors([...acks, last]).sort((a, b) => a.split("-")[1] - b.split("-")[1]));
  }
});

for (const [mode, options] of allModes) {
  test(`I3 ${mode}: a client that lost its connection gets what it missed once and in order, from its gateway and from the other`, async () => {
    const [one, two] = await writers();
    for (const place of [0, 1]) {
      const socket = await connect(urlOf(fleet.gateways[0]), options);
      await settled([socket], options);
      await gets([socket], (await one.send("general", "before")).id);
      // Twice, since what was recovered has to be a place from which it can be recovered again.
      for (const round of range(2)) {
        await lose(socket);
        await Promise.all([fill(one, "general", 20), fill(two, "general", 20)]);
        // Some while it comes back, so that they are newer than what it missed.
        const [, live] = await Promise.all([comeBack(socket, fleet.gateways[place]), fill(two, "general", 20)]);
        const last = await one.send("general", `behind them ${live.length}`);
        assertRecovered(socket, `${mode}, ${round}`);
        await assertNothingMissed(socket, last, `${mode}, ${round}`);
        assert.equal(gatewayOf(socket), fleet.gateways[place].id);
      }
      assert.equal(socket.got.length, 1 + 2 * 61);
      assert.equal(socket.got.at(-1).message, "behind them 20");
    }
  });

  test(`I3 ${mode}: the clients of a gateway that is killed are recovered on the other by themselves, through the balancer`, async () => {
    const sockets = await Promise.all(range(6).map(() => connect(balanced(), options)));
    await settled(sockets, options);
    const dies = fleet.gateways.find(({ id }) => id === gatewayOf(sockets[0]));
    const writer = (await writers())[1 - fleet.gateways.indexOf(dies)];
    await gets(sockets, (await writer.send("general", "before")).id);
    const known = sockets.map((socket) => ({ id: socket.id, wasLost: gatewayOf(socket) === dies.id }));
    const sending = fill(writer, "general", 100);
    await dies.crash();
    await sending;
    await until("all on the other gateway", () => sockets.every((socket) => socket.connected && gatewayOf(socket) !== dies.id), 20_000);
    const last = await writer.send("general", "after");
    for (const [i, socket] of sockets.entries()) {
      await assertNothingMissed(socket, last, `${mode} ${i}`);
      assert.deepEqual({ id: socket.id, wasLost: socket.recovered }, known[i]);
    }
    await dies.start();
  });
}

test("I3 more than two pages of missed messages come in order, before what is sent meanwhile, in all modes", async () => {
  const [writer, other] = await writers();
  const sockets = await Promise.all(allModes.map(([, options]) => connect(urlOf(fleet.gateways[0]), options)));
  await gets(sockets, (await writer.send("general", "before")).id);
  await Promise.all(sockets.map(lose));
  await fill(writer, "general", 2300, (i) => `${i} ${"x".repeat(400)}`);
  const [live] = await Promise.all([fill(other, "general", 200), ...sockets.map((socket) => comeBack(socket, fleet.gateways[1]))]);
  // What the client itself sends waits until it has all.
  const acks = await Promise.all(sockets.map((socket) => request(socket, "event:message", { message: "of its own" })));
  assert.equal(live.length, 200);
  for (const [i, socket] of sockets.entries()) {
    assertRecovered(socket, allModes[i][0]);
    await gets([socket], acks.reduce((a, b) => (a.seq > b.seq ? a : b)).id);
    assertNoGapNoRepeat(socket.got, allModes[i][0]);
    assert.equal(socket.got.length, 1 + 2300 + 200 + 3);
  }
});

test("a client that had joined another room or left general is told that it is not recovered, and joins again with since", async () => {
  const [writer] = await writers();
  for (const [mode, options] of allModes) {
    const room = newRoom("recovery");
    await writer.join(room);
    const [joined, left] = await Promise.all([connect(balanced(), options), connect(balanced(), options)]);
    await request(joined, "join", { room });
    await request(left, "leave", { room: "general" });
    const { id } = await writer.send(room, "before");
    const before = await writer.send("general", "before");
    await gets([joined], id);
    await gets([joined], before.id);
    await Promise.all([joined, left].map(lose));
    const missed = [await writer.send(room, "missed"), await writer.send("general", "missed")];
    await Promise.all([joined, left].map((socket) => comeBack(socket)));
    for (const socket of [joined, left]) {
      assert.equal(socket.recovered, false, mode);
      assert.notEqual(socket.id, socket.lastId);
    }
    for (const [i, name] of [room, "general"].entries()) {
      const since = cursorOf(joined.got.findLast((message) => message.room === name));
      const answer = await request(joined, "join", { room: name, since });
      assert.deepEqual(answer.messages.map((message) => message.id), [missed[i].id], mode);
      assert.equal(answer.complete, true);
    }
    closeSockets();
  }
});

test("a client that was not recovered is in general alone again, and recovered the next time, also if nothing came between", async () => {
  const [writer] = await writers();
  const socket = await connect(balanced());
  await request(socket, "join", { room: newRoom("recovery") });
  await lose(socket);
  await comeBack(socket);
  assert.equal(socket.recovered, false);
  socket.got = [];
  await assertRecoveredFromHere(socket, writer);
});

test("I3 a client that disconnects and connects by itself is recovered too, one that is made anew is not", async () => {
  const [writer] = await writers();
  const socket = await connect(balanced(), modes.upgrade);
  socket.lastId = socket.id;
  await gets([socket], (await writer.send("general", "before")).id);
  socket.disconnect();
  await writer.send("general", "missed");
  const anew = await connect(balanced(), modes.upgrade);
  await comeBack(socket);
  const last = await writer.send("general", "after");
  assertRecovered(socket);
  await assertNothingMissed(socket, last);
  assert.equal(socket.got.length, 3);
  assert.equal(anew.recovered, false);
  await gets([anew], last.id);
  assert.equal(anew.got.length, 1);
});

test("I3 a client that reads general in pages of its own is not recovered amid them, and behind them from where they ended", async () => {
  const [writer] = await writers();
  const first = await writer.send("general", "before");
  await fill(writer, "general", 1100);
  const socket = await connect(balanced());
  const page = await request(socket, "join", { room: "general", since: cursorOf(first) });
  assert.equal(page.more, true);
  await lose(socket);
  await comeBack(socket);
  // Else nobody would tell it that the rest of what it reads is missing.
  assert.equal(socket.recovered, false);

  const again = await request(socket, "join", { room: "general", since: cursorOf(first) });
  assert.equal(again.more, true);
  const amid = await writer.send("general", "amid the pages");
  const rest = await request(socket, "join", { room: "general", since: cursorOf(again.messages.at(-1)) });
  assert.equal(rest.more, undefined);
  assert.equal(rest.messages.at(-1).id, amid.id);
  await assertRecoveredFromHere(socket, writer);
});

test("I3 the clients of a gateway that is stopped are told to come back, and recovered on the other by themselves", async () => {
  for (const [mode, options] of allModes) {
    const [stops, lives] = fleet.gateways;
    const [socket] = await connectToEach(balanced(), fleet.gateways, options);
    await settled([socket], options);
    const [, writer] = await writers();
    await gets([socket], (await writer.send("general", "before")).id);
    const told = [];
    socket.on("reconnect", (fields) => told.push(fields));
    const { id } = socket;
    const sending = fill(writer, "general", 100);
    await stops.stop();
    await sending;
    await until("it to come back", () => socket.connected && gatewayOf(socket) === lives.id);
    await stops.start();
    await assertNothingMissed(socket, await writer.send("general", "after"), mode);
    assert.deepEqual([socket.recovered, socket.id], [true, id], mode);
    // A client that is between two polls then may find the gateway closed with its next one.
    assert.ok(mode === "polling" ? told.length <= 1 : told.length === 1, `${mode}: ${told.length}`);
    assert.ok(told.every(({ after_ms }) => Number.isInteger(after_ms)));
    closeSockets();
  }
});

test("values that are none of ours, or of a place that no room has reached, recover nothing", async () => {
  const [writer] = await writers();
  const { epoch, seq } = await writer.send("general", "before");
  const strange = [
    ["kBx3qvyZZ0yXhPnrAAAB", "1691-0"],
    [`${randomUUID()}.1-x`, "1-1"],
    [`${randomUUID()}.${epoch}-${seq}`, "no-place"],
    [`${randomUUID()}.${epoch}-${seq}`, `${epoch}-${seq + 1_000_000}`],
    [`${randomUUID()}.${epoch + 1e9}-1`, `${epoch + 1e9}-1`],
  ];
  for (const [mode, options] of allModes) {
    for (const [pid, offset] of strange) {
      const socket = openSocket(balanced(), { ...options, autoConnect: false, auth: { pid, offset } });
      socket._pid = pid;
      await comeBack(socket);
      assert.equal(socket.recovered, false, `${mode} ${pid} ${offset}`);
      const after = await writer.send("general", "after");
      await gets([socket], after.id);
      assert.deepEqual(socket.got.map(({ id }) => id), [after.id]);
      closeSockets();
    }
  }
});

test("I3 after Redis lost its data a client is recovered with all of it, since PostgreSQL has the rest", async () => {
  const [writer, other] = await writers();
  const sockets = await Promise.all(allModes.map(([, options]) => connect(urlOf(fleet.gateways[0]), options)));
  const before = await writer.send("general", "before");
  await gets(sockets, before.id);
  await Promise.all(sockets.map(lose));
  const missed = await fill(writer, "general", 10);
  await fleet.redis.command("FLUSHALL");
  const later = await fill(other, "general", 10);
  assert.ok(later[0].epoch > missed[0].epoch);
  await Promise.all(sockets.map((socket, i) => comeBack(socket, fleet.gateways[i % 2])));
  const last = await writer.send("general", "after");
  for (const socket of sockets) {
    assertRecovered(socket);
    await assertNothingMissed(socket, last);
    assert.equal(socket.got.length, 1 + 10 + 10 + 1);
  }
});

test("without PostgreSQL nothing is called recovered that is not complete, and what is new comes all the same", async () => {
  const [writer] = await writers();
  const gateway = await fleet.addGateway({ DATABASE_URL: "" });
  fleet.gateways.pop();
  await gateway.start();
  try {
    const sockets = await Promise.all(allModes.map(([, options]) => connect(urlOf(gateway), options)));
    const before = await writer.send("general", "before");
    await gets(sockets, before.id);
    await Promise.all(sockets.map(lose));
    await fleet.redis.command("FLUSHALL");
    // More than a page, none of which it is given.
    await fill(writer, "general", 1100);
    await Promise.all(sockets.map((socket) => comeBack(socket)));
    sockets.forEach((socket) => assert.equal(socket.recovered, false));
    const last = await writer.send("general", "after");
    await gets(sockets, last.id);
    sockets.forEach(({ got }) => assert.deepEqual(got.map(({ id }) => id), [before.id, last.id]));
  } finally {
    closeSockets();
    await gateway.stop();
  }
});

test("a client is connected only once it is in general: not while Redis is away", async () => {
  const [writer] = await writers();
  const room = newRoom("away");
  await fleet.redis.stop();
  await until("the gateways to notice", async () => {
    const answers = await Promise.all(natives.map((client) => client.request({ type: "join", room })));
    return answers.every(({ code }) => code === "unavailable");
  });
  const sockets = allModes.map(([, options]) => openSocket(balanced(), options));
  await until("the handshakes", () => sockets.every((socket) => socket.io.engine?.id));
  const answers = await Promise.all(natives.map((client) => client.request({ type: "join", room })));
  assert.deepEqual(answers.map(({ code }) => code), ["unavailable", "unavailable"]);
  sockets.forEach((socket) => assert.equal(socket.connected, false));
  // What it sends waits in the client until it is connected.
  const sent = sockets.map((socket, i) => request(socket, "event:message", { message: `early ${i}` }));
  await fleet.redis.start();
  await until("all connected", () => sockets.every((socket) => socket.connected), 20_000);
  const acks = await Promise.all(sent);
  const last = await until("Redis for the writer", () => writer.send("general", "after").catch(() => null));
  await gets(sockets, last.id);
  acks.forEach(({ id }) => assert.ok(id));
  sockets.forEach((socket) => acks.forEach(({ id }) => assert.ok(socket.got.filter((message) => message.id === id).length <= 1)));
});

test("the example of 20 lines sends its message, and shows all that was sent while its gateway was killed once and in order", async () => {
  const own = await writers();
  const example = await ExampleClient.start("example.ts", balanced(), fleet.gateways);
  let dies;
  try {
    await example.prints("connected", "logged: hello", "Ann: hello");
    dies = await example.findGateway();
    const writer = own[1 - fleet.gateways.indexOf(dies)];
    const sending = fill(writer, "general", 100);
    await dies.crash();
    await sending;
    await example.prints("recovered");
    await writer.send("general", "the last");
    await until(() => `the last in ${example.shown.length} texts`, () => example.shown.at(-1) === "the last");
    const [hello, ...others] = example.shown;
    assert.equal(hello, "hello");
    assert.deepEqual(others, writer.messages("general").map(({ text }) => text).slice(-101));
  } finally {
    example.end();
    await dies?.start();
  }
});

test("I1 I4 the client's retries with an id are one row and one delivery, also when the gateway is killed between send and ack", async () => {
  const [dies, lives] = fleet.gateways;
  const senders = [];
  for (const [, options] of allModes) {
    senders.push((await connectToEach(balanced(), fleet.gateways, { ...options, retries: 20, ackTimeout: 3000 * patience }))[0]);
  }
  await Promise.all(allModes.map(([, options], i) => settled([senders[i]], options)));
  const witness = await Client.connect(lives.url);
  await witness.join("general");
  const ids = senders.map(() => randomUUID());
  // Nothing is acknowledged while Kafka does not answer, but everybody is shown what has its number.
  fleet.kafka.process.freeze();
  const acks = senders.map((socket, i) => socket.emitWithAck("event:message", { message: `retried ${i}`, id: ids[i] }));
  await Promise.all(ids.map((id) => witness.waitFor((frame) => frame.type === "message" && frame.id === id)));
  assert.deepEqual(senders.map(gatewayOf), senders.map(() => dies.id));
  await dies.crash();
  fleet.kafka.process.thaw();
  const answers = await Promise.all(acks);
  assert.deepEqual(answers.map(({ id, duplicate }) => ({ id, duplicate })), ids.map((id) => ({ id, duplicate: true })));
  assert.ok(senders.every((socket) => gatewayOf(socket) === lives.id));
  const last = await witness.send("general", "behind them");
  await gets(senders, last.id);
  await witness.waitFor((frame) => frame.type === "message" && frame.id === last.id);
  for (const id of ids) {
    assert.equal(witness.messages("general").filter((message) => message.id === id).length, 1);
    senders.forEach(({ got }) => assert.equal(got.filter((message) => message.id === id).length, 1));
  }
  await until("the rows", async () => (await rowsOf(fleet, "general")).some(({ id }) => id === last.id), 20_000);
  const rows = (await waitForRows(fleet, "general", 1)).filter(({ id }) => ids.includes(id));
  assert.deepEqual(rows.map(({ id }) => id).sort(), [...ids].sort());
  await witness.close();
  await dies.start();
});
