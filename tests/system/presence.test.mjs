// Who is in a room and who types in it, told to native and Socket.IO clients on all gateways.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { gatewaysReady } from "./support/ready.mjs";
import { barrier, member, newRoom } from "./support/room.mjs";
import { Roster } from "./support/roster.mjs";
import { closeSockets, connect, modes, request, settled } from "./support/socketio_client.mjs";
import { pipelined, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
afterEach(closeSockets);
after(() => fleet?.stop());

const balanced = () => `http://${fleet.address}:${fleet.ports.port}`;
const closeAll = (...clients) => Promise.all(clients.map((client) => client.close()));

// A native client that is told who is in the room.
async function watcher(gateway, room, name) {
  const client = await Client.connect(gateway.url, { name });
  const roster = new Roster(room);
  client.socket.on("message", (data) => {
    const frame = JSON.parse(data);
    frame.type === "presence" && roster.add(frame);
  });
  await client.join(room, { presence: true });
  return Object.assign(client, { roster });
}

const named = (gateway, room, name) => member(gateway, room, { name });
const typings = ({ frames }) => frames.filter(({ type }) => type === "typing");

test("who asked for it is told who is in the room on all gateways, who comes, goes and takes another name", async () => {
  const [one, two] = fleet.gateways;
  const room = newRoom("presence");
  const bob = await named(two, room, "Bob");
  const ann = await watcher(one, room, "Ann");
  await ann.roster.is(["Ann", "Bob"]);
  const dan = await watcher(two, room, "Dan");
  await Promise.all([ann, dan].map(({ roster }) => roster.is(["Ann", "Bob", "Dan"])));
  const otherBob = await named(one, room, "Bob");
  await Promise.all([ann, dan].map(({ roster }) => roster.is(["Ann", "Bob", "Bob", "Dan"])));
  await bob.leave(room);
  await Promise.all([ann, dan].map(({ roster }) => roster.is(["Ann", "Bob", "Dan"])));
  await otherBob.hello({ name: "Bert" });
  await Promise.all([ann, dan].map(({ roster }) => roster.is(["Ann", "Bert", "Dan"])));
  await otherBob.drop();
  await Promise.all([ann, dan].map(({ roster }) => roster.is(["Ann", "Dan"])));
  assert.equal(bob.frames.filter(({ type }) => type === "presence").length, 0, "who did not ask is told nothing");
  await closeAll(ann, bob, dan);
});

test("the first member on another gateway is told of within seconds, also without a wish of its own", async () => {
  const room = newRoom("first");
  const [one, two] = fleet.gateways;
  const ann = await watcher(one, room, "Ann");
  await ann.roster.is(["Ann"]);
  const bob = await named(two, room, "Bob");
  // Not only when the watching gateway tells again of itself.
  await ann.roster.is(["Ann", "Bob"], 3_500);
  await closeAll(ann, bob);
});

test("a join without presence ends it, and one with it begins it anew", async () => {
  const room = newRoom("again");
  const [one, two] = fleet.gateways;
  const ann = await watcher(one, room, "Ann");
  const dan = await watcher(two, room, "Dan");
  await ann.roster.is(["Ann", "Dan"]);
  await ann.join(room);
  const told = ann.roster.frames.length;
  const bob = await named(two, room, "Bob");
  await dan.roster.is(["Ann", "Bob", "Dan"]);
  assert.equal(ann.roster.frames.length, told);
  await ann.join(room, { presence: true });
  await until("all anew", () => ann.roster.frames.slice(told).some(({ full }) => full));
  await ann.roster.is(["Ann", "Bob", "Dan"]);
  await closeAll(ann, bob, dan);
});

test("presence comes at most once a second a room, however many come and go", async () => {
  const room = newRoom("churn");
  const [one, two] = fleet.gateways;
  const ann = await watcher(one, room, "Ann");
  await ann.roster.is(["Ann"]);
  const before = ann.roster.frames.length;
  const start = Date.now();
  const guests = [];
  for (let i = 0; Date.now() - start < 4000; i++) {
    guests.push(await named(i % 2 === 0 ? one : two, room, `guest ${i}`));
    await (guests.length > 3 && guests.shift().close());
  }
  await closeAll(...guests);
  await ann.roster.is(["Ann"]);
  const seconds = (Date.now() - start) / 1000;
  const frames = ann.roster.frames.length - before;
  assert.ok(frames >= 1 && frames <= seconds + 1, `${frames} frames in ${seconds} s`);
  await ann.close();
});

test("of more than two hundred members only the number is told, and all names again when there are fewer", async () => {
  const room = newRoom("many");
  const [one, two] = fleet.gateways;
  const ann = await watcher(one, room, "Ann");
  const others = await pipelined(range(200), 20, (i) => named(i % 2 === 0 ? one : two, room, `guest ${i}`));
  await until("201 members", () => ann.roster.members === 201);
  const late = await watcher(two, room, "Zoe");
  await until("202 members for both", () => ann.roster.members === 202 && late.roster.members === 202);
  await closeAll(...others.splice(0, 5));
  await ann.roster.is(["Ann", "Zoe", ...others.map((_, i) => `guest ${i + 5}`)].sort());
  await closeAll(ann, late, ...others);
});

test("typing is told to the others on all gateways, not to the one that types, once in two seconds and kept nowhere", async () => {
  const room = newRoom("typing");
  const [one, two] = fleet.gateways;
  const [ann, bob, cyd] = [await named(one, room, "Ann"), await named(one, room, "Bob"), await named(two, room, "Cyd")];
  ann.write({ type: "typing", room });
  ann.write({ type: "typing", room });
  cyd.write({ type: "typing", room });
  await barrier(ann, room, [ann, bob, cyd]);
  const told = (user) => ({ type: "typing", room, user });
  await until("the typing", () => typings(bob).length >= 2 && typings(ann).length >= 1 && typings(cyd).length >= 1);
  await barrier(cyd, room, [ann, bob, cyd]);
  assert.deepEqual([typings(ann), typings(cyd)], [[told("Cyd")], [told("Ann")]]);
  assert.deepEqual(typings(bob).map(({ user }) => user).sort(), ["Ann", "Cyd"]);
  await until("a further one two seconds later", async () => {
    ann.write({ type: "typing", room });
    return typings(cyd).length >= 2;
  });
  const late = await member(two, room);
  const { messages } = await late.join(room, { history: 100 });
  assert.ok(messages.every(({ type }) => type === "message"));
  assert.deepEqual(typings(late), []);
  await closeAll(ann, bob, cyd, late);
});

test("what is no proper wish or typing is refused", async () => {
  const client = await Client.connect(fleet.gateways[0].url);
  const room = newRoom("refused");
  const codes = [];
  for (const frame of [{ type: "typing", room }, { type: "typing" }, { type: "typing", room: "no room" }, { type: "join", room, presence: "yes" }]) {
    codes.push((await client.request(frame)).code);
  }
  assert.deepEqual(codes, ["not_joined", "bad_request", "bad_request", "bad_request"]);
  assert.equal((await client.join(room, { presence: null })).type, "joined");
  await client.close();
});

for (const [mode, options] of Object.entries(modes)) {
  test(`${mode}: Socket.IO clients are told of presence and typing only in rooms that they joined with presence`, async () => {
    const room = newRoom("socketio");
    const [watching, other] = await Promise.all(["Sue", "Tom"].map((name) => connect(balanced(), { ...options, auth: { name } })));
    await settled([watching, other], options);
    const roster = new Roster(room);
    const heard = { watching: [], other: [] };
    watching.on("presence", (fields) => roster.add(fields));
    other.on("presence", () => assert.fail("not asked for"));
    watching.on("typing", (fields) => heard.watching.push(fields));
    other.on("typing", (fields) => heard.other.push(fields));
    await request(watching, "join", { room, presence: true });
    await request(other, "join", { room });
    const ann = await watcher(fleet.gateways[0], room, "Ann");
    await Promise.all([roster.is(["Ann", "Sue", "Tom"]), ann.roster.is(["Ann", "Sue", "Tom"])]);
    assert.deepEqual(await request(other, "typing", { room }), { room });
    assert.deepEqual(await request(other, "typing", { room }), { room }, "a dropped one is no error");
    await until("Tom's typing", () => heard.watching.length > 0 && typings(ann).length > 0);
    ann.write({ type: "typing", room });
    await until("Ann's typing", () => heard.watching.length > 1);
    const { id } = await request(watching, "event:message", { room, message: "behind it" });
    await until("the message", () => other.got.some((message) => message.id === id));
    assert.deepEqual(heard, { watching: [{ room, user: "Tom" }, { room, user: "Ann" }], other: [] });
    assert.equal((await request(other, "typing", { room: newRoom("another") })).code, "not_joined");
    other.disconnect();
    await Promise.all([roster.is(["Ann", "Sue"]), ann.roster.is(["Ann", "Sue"])]);
    await ann.close();
  });
}

test("presence in general leaves a Socket.IO client recoverable, and has to be asked for again by who came back", async () => {
  const socket = await connect(balanced(), { auth: { name: `Ann ${randomUUID()}` } });
  const frames = [];
  socket.on("presence", (fields) => frames.push(fields));
  await request(socket, "join", { presence: true });
  await until("the presence", () => frames.length > 0);
  const writer = await member(fleet.gateways[0], "general");
  await writer.send("general", "before the loss");
  await until("the message", () => socket.got.length > 0);
  socket.io.engine.close();
  await until("the loss", () => !socket.connected);
  const { id } = await writer.send("general", "amid the loss");
  await until("the recovery", () => socket.connected && socket.got.some((message) => message.id === id));
  assert.equal(socket.recovered, true);
  const before = frames.length;
  await request(socket, "join", { presence: true });
  await until("the presence again", () => frames.slice(before).some(({ full }) => full));
  await writer.close();
});

test("the members of a gateway that ends are gone at once, those of one that is killed after fifteen seconds", async () => {
  const room = newRoom("loss");
  const [dies, lives] = fleet.gateways;
  const ann = await watcher(lives, room, "Ann");
  const bob = await watcher(dies, room, "Bob");
  await ann.roster.is(["Ann", "Bob"]);
  await dies.stop();
  await ann.roster.is(["Ann"], 5_000);
  await bob.closed;
  await dies.start();
  const again = await watcher(dies, room, "Bob");
  await ann.roster.is(["Ann", "Bob"]);
  await dies.crash();
  await again.closed;
  await ann.roster.is(["Ann"], 25_000);
  await dies.start();
  const last = await watcher(dies, room, "Cyd");
  await Promise.all([ann, last].map(({ roster }) => roster.is(["Ann", "Cyd"])));
  await closeAll(ann, last);
});

test("a restart of Redis takes nobody out of the room, and what changed meanwhile is told", async () => {
  const room = newRoom("redis");
  const [one, two] = fleet.gateways;
  const [ann, bob, cyd] = [await watcher(one, room, "Ann"), await watcher(two, room, "Bob"), await named(two, room, "Cyd")];
  await Promise.all([ann, bob].map(({ roster }) => roster.is(["Ann", "Bob", "Cyd"])));
  await fleet.redis.stop();
  await cyd.close();
  await fleet.redis.start();
  await gatewaysReady(fleet);
  await Promise.all([ann, bob].map(({ roster }) => roster.is(["Ann", "Bob"], 20_000)));
  const left = [ann, bob].map(({ roster }) => roster.frames.flatMap((frame) => frame.left));
  assert.deepEqual(left, [["Cyd"], ["Cyd"]]);
  await closeAll(ann, bob);
});
