// chat-persister prune: old messages go, in batches and under traffic, and every reader is told so.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { quote, rowsOf, waitForRows } from "./support/db.mjs";
import { sanitizerEnv, startFleet } from "./support/fleet.mjs";
import { fill, member, newRoom, seqs } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { closeSockets, connect, request } from "./support/socketio_client.mjs";
import { keepSending, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
let persister;
before(async () => {
  fleet = await startFleet({ gateways: 2, persisterEnv: { HOLE_FINDER_SECONDS: "1", PERSISTER_PAUSE_SECONDS: "0.5" } });
  [persister] = fleet.persisters;
});
afterEach(closeSockets);
after(() => fleet?.stop());

const prune = (...args) => runService(persister.process.command, { args: ["prune", ...args], env: fleet.env, deadlineMs: 60_000 });
const numbers = (first, last) => range(last - first + 1).map((i) => first + i);
const lastLine = ({ stdout }) => stdout.trim().split("\n").at(-1);

const floorOf = async (room) => (await fleet.postgres.query(`SELECT epoch, seq FROM room_floors WHERE room = ${quote(room)}`))[0];
const watermarkOf = async (room) => /(\d+-\d+)/.exec(await fleet.redis.command("GET", `chat:{${room}}:stored`))?.[1];
const isResolved = (room, { epoch, seq }) => until(`the watermark ${epoch}-${seq}`, async () => (await watermarkOf(room)) === `${epoch}-${seq}`, 20_000);

// A room of `count` messages whose first `old` were stored a hundred days ago.
async function agedRoom(name, count, old) {
  const room = newRoom(name);
  const writer = await member(fleet.gateways[0], room);
  const acks = await fill(writer, room, count);
  await waitForRows(fleet, room, count);
  const newest = { epoch: acks[0].epoch, seq: count };
  await isResolved(room, newest);
  await fleet.postgres.psql(`UPDATE messages SET created_at = now() - interval '100 days' WHERE room = ${quote(room)} AND seq <= ${old}`);
  return { room, writer, acks, epoch: newest.epoch, at: (seq) => ({ epoch: newest.epoch, seq }) };
}

// Joins with cursors below, in and above what goes, again and again; every answer has to be true.
function keepJoining({ room, at }, cursors) {
  const seen = { pruned: 0, complete: 0 };
  let finishing = false;
  const joining = fleet.gateways.map(async (gateway) => {
    for (let i = 0; !finishing; i++) {
      const since = cursors[i % cursors.length];
      const client = await Client.connect(gateway.url);
      const { messages, complete, pruned } = await client.join(room, { since: at(since) });
      const found = seqs(messages);
      assert.equal(complete, !pruned);
      assert.deepEqual(found, numbers(found[0], found[0] + found.length - 1), "a hole in a page");
      assert.ok(complete ? found[0] === since + 1 : found[0] > since + 1, `since ${since}, complete ${complete}, from ${found[0]}`);
      seen[pruned ? "pruned" : "complete"]++;
      await client.close();
    }
  });
  const ended = Promise.all(joining);
  ended.catch(() => {});
  return { finish: () => ((finishing = true), ended.then(() => seen)) };
}

test("I3 old messages go in batches under traffic; nothing else is lost, and every answer meanwhile is true", async () => {
  const aged = await agedRoom("aged", 600, 400);
  const { room, writer, at } = aged;
  const other = await member(fleet.gateways[1], room);
  const traffic = keepSending([writer, other].map((client) => ({ send: (text) => client.send(room, text) })));
  const joiners = keepJoining(aged, [0, 150, 399, 400, 500]);
  const { code, stdout, stderr } = await prune("--older-than", "90d", "--batch", "20", "--room", room);
  assert.equal(code, 0, stderr);
  const batches = stdout.split("\n").filter((line) => line.startsWith(`room ${room}: `));
  assert.equal(batches.length, 20);
  assert.match(lastLine({ stdout }), /^400 messages deleted of 1 room$/);
  const seen = await joiners.finish();
  assert.ok(seen.pruned > 0 && seen.complete > 0, JSON.stringify(seen));
  const acks = [...aged.acks, ...(await traffic.finish())];
  assert.deepEqual(await floorOf(room), at(400));
  const newest = Math.max(...seqs(acks));
  const rows = await waitForRows(fleet, room, newest - 400);
  assert.deepEqual(seqs(rows), numbers(401, newest));
  assert.deepEqual(rows.map(({ id }) => id).sort(), acks.filter(({ seq }) => seq > 400).map(({ id }) => id).sort());
  assert.match(await fleet.redis.command("XRANGE", `chat:{${room}}:log`, "-", "+", "COUNT", "1"), /-401\r\n/);
  await Promise.all([writer.close(), other.close()]);
});

test("I3 joins and pages below the floor say so, natively and over Socket.IO, and none above it", async () => {
  const { room, writer, at } = await agedRoom("floor", 60, 40);
  // Its gateway still has them in memory, which it would not after a day.
  await writer.close();
  assert.equal((await prune("--older-than", "90d", "--room", room)).code, 0);
  for (const gateway of fleet.gateways) {
    const client = await Client.connect(gateway.url);
    for (const since of [0, 20, 39]) {
      const page = await client.join(room, { since: at(since) });
      assert.deepEqual([page.complete, page.pruned, page.more], [false, true, undefined]);
      assert.deepEqual(seqs(page.messages), numbers(41, 60));
    }
    for (const since of [40, 41, 59, 60]) {
      const page = await client.join(room, { since: at(since) });
      assert.deepEqual([page.complete, page.pruned], [true, undefined]);
      assert.deepEqual(seqs(page.messages), numbers(since + 1, 60));
    }
    const first = await client.join(room, { history: 100 });
    assert.deepEqual([seqs(first.messages), first.pruned], [numbers(41, 60), true]);
    assert.equal((await client.join(room, { history: 5 })).pruned, undefined);
    const page = (before, limit) => client.request({ type: "history", room, before: at(before), limit });
    const above = await page(61, 10);
    assert.deepEqual([seqs(above.messages), above.more, above.pruned, above.complete], [numbers(51, 60), true, undefined, undefined]);
    for (const [before, found] of [[51, numbers(41, 50)], [41, []], [10, []]]) {
      const last = await page(before, 10);
      assert.deepEqual([seqs(last.messages), last.more, last.pruned, last.complete], [found, false, true, false]);
    }
    await client.close();
    const socket = await connect(`http://${gateway.address}:${gateway.port}`, { transports: ["websocket"] });
    const joined = await request(socket, "join", { room, since: at(5) });
    assert.deepEqual([seqs(joined.messages), joined.complete, joined.pruned], [numbers(41, 60), false, true]);
    const history = await request(socket, "history", { room, before: at(45), limit: 10 });
    assert.deepEqual([seqs(history.messages), history.more, history.pruned, history.complete], [numbers(41, 44), false, true, false]);
    assert.ok((await gateway.metric("chat_pruned_answers_total")) >= 5);
  }
});

test("I1 Kafka read again brings nothing back, and no deleted number counts as lost", async () => {
  const { room, writer, at } = await agedRoom("again", 50, 30);
  assert.equal((await prune("--older-than", "90d", "--room", room)).code, 0);
  await persister.stop();
  await fleet.postgres.psql("DELETE FROM positions");
  await fleet.redis.command("DEL", `chat:{${room}}:stored`);
  await persister.start();
  await until("all deleted messages to be read again", async () => (await persister.metric("chat_persister_pruned_total")) >= 30, 20_000);
  await writer.send(room, "new");
  await isResolved(room, at(51));
  assert.deepEqual(seqs(await rowsOf(fleet, room)), numbers(31, 51));
  assert.equal(await persister.metric("chat_holes_lost_total"), 0);
  assert.equal(await persister.metric("chat_holes_stored_total"), 0);
  const client = await Client.connect(fleet.gateways[1].url);
  const page = await client.join(room, { since: at(0) });
  assert.deepEqual([seqs(page.messages), page.complete, page.pruned], [numbers(31, 51), false, true]);
  await Promise.all([client.close(), writer.close()]);
});

test("a room of which nothing is left goes on with its numbers", async () => {
  const { room, writer, at } = await agedRoom("emptied", 20, 20);
  assert.equal((await prune("--older-than", "90d", "--room", room)).code, 0);
  const client = await Client.connect(fleet.gateways[1].url);
  const empty = await client.join(room, { since: at(3) });
  assert.deepEqual([empty.messages, empty.complete, empty.pruned, empty.seq], [[], false, true, 20]);
  const { seq } = await writer.send(room, "first after the prune");
  assert.equal(seq, 21);
  await client.waitFor((frame) => frame.type === "message" && frame.seq === 21);
  const again = await client.join(room, { since: at(20) });
  assert.deepEqual([seqs(again.messages), again.complete, again.pruned], [[21], true, undefined]);
  await Promise.all([client.close(), writer.close()]);
});

test("a dry run changes nothing, and SIGTERM ends a prune after a batch", async () => {
  const { room, writer } = await agedRoom("stopped", 300, 300);
  const dry = await prune("--older-than", "90d", "--room", room, "--dry-run");
  assert.match(lastLine(dry), /^300 messages would be deleted of 1 room$/);
  assert.equal(await floorOf(room), undefined);
  const child = spawn(persister.process.command, ["prune", "--older-than", "90d", "--room", room, "--batch", "1"],
    { env: { PATH: process.env.PATH, ...sanitizerEnv, ...fleet.env }, stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const [code] = await once(child, "close");
  assert.equal(code, 0, stdout);
  assert.match(lastLine({ stdout }), /^\d+ messages deleted of 1 room; stopped: run it again/);
  const { seq } = await floorOf(room);
  assert.ok(seq < 300);
  assert.deepEqual(seqs(await rowsOf(fleet, room)), numbers(seq + 1, 300));
  assert.match(lastLine(await prune("--older-than", "90d", "--room", room)), new RegExp(`^${300 - seq} messages deleted`));
  await writer.close();
});

test("nothing is deleted while the persister has not stored all, and all rooms are found without a name", async () => {
  const { room, writer } = await agedRoom("late", 20, 10);
  await persister.stop();
  await writer.send(room, "not stored yet");
  const early = await prune("--older-than", "90d", "--timeout", "1");
  assert.equal(early.code, 1);
  assert.match(early.stderr, /^chat-persister prune: PostgreSQL does not have all yet that Kafka has .*caught up\n$/);
  assert.equal((await rowsOf(fleet, room)).length, 20);
  await persister.start();
  await waitForRows(fleet, room, 21);
  assert.match(lastLine(await prune("--older-than", "90d")), /^10 messages deleted of 1 room$/);
  assert.match(lastLine(await prune("--older-than", "90d")), /^0 messages deleted of 0 rooms$/);
  await writer.close();
});
