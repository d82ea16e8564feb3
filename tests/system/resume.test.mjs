// Clients that come back after more than Redis still has: PostgreSQL gives the rest, in pages, in order, once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { cursorOf, fill, member, newRoom, seqs } from "./support/room.mjs";
import { assertNoGapNoRepeat, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2, gatewayEnv: { STREAM_HARD_CAP: "100" }, persisterEnv: { PERSISTER_PAUSE_SECONDS: "0.5" } });
});
after(() => fleet?.stop());

const total = async (name, label) => {
  const values = await Promise.all(fleet.gateways.map((gateway) => gateway.metric(name, label)));
  return values.reduce((sum, value) => sum + value, 0);
};

// Joins page by page and resolves with all messages and the number of pages; the client is live then.
async function resume(client, room, since) {
  const messages = [];
  let pages = 0;
  for (let joined = { more: true }; joined.more; pages++) {
    joined = await client.join(room, { since: messages.length > 0 ? cursorOf(messages.at(-1)) : since });
    assert.equal(joined.complete, true);
    assert.ok(joined.messages.length <= 1000);
    messages.push(...joined.messages);
  }
  return { messages, pages };
}

// A room with `count` messages of which Redis keeps only the last.
async function trimmedRoom(name, count) {
  const room = newRoom(name);
  const writer = await member(fleet.gateways[0], room);
  const acks = await fill(writer, room, count);
  await waitForRows(fleet, room, count);
  assert.ok(Number((await fleet.redis.command("XLEN", `chat:{${room}}:log`)).slice(1)) < count, "the stream is not trimmed");
  return { room, writer, acks };
}

test("I3 a resume over a trimmed stream gives every message once, in order, in pages, then the live ones, on any gateway", async () => {
  const { room, writer, acks } = await trimmedRoom("trimmed", 2500);
  for (const gateway of fleet.gateways) {
    const client = await Client.connect(gateway.url);
    const { messages, pages } = await resume(client, room, cursorOf(acks[0]));
    assert.equal(pages, 3);
    const { seq } = await writer.send(room, "live");
    await client.waitFor((frame) => frame.type === "message" && frame.seq === seq);
    const all = [...messages, ...client.messages(room)];
    assert.deepEqual(seqs(all), range(seq - 1).map((i) => i + 2));
    assert.deepEqual(messages.slice(0, 2499).map(({ id }) => id), acks.slice(1).map(({ id }) => id));
    await client.close();
  }
  const live = writer.messages(room).slice(0, 20);
  const reader = await Client.connect(fleet.gateways[1].url);
  const { messages } = await resume(reader, room, { epoch: acks[0].epoch, seq: 0 });
  assert.deepEqual(messages.slice(0, 20), live, "a message from PostgreSQL is the one that was shown");
  await Promise.all([reader.close(), writer.close()]);
});

test("an id comes back as its sender spelled it: live, in the ack, from memory, from Redis and from PostgreSQL", async () => {
  const room = newRoom("spelling");
  const [writer, other] = await Promise.all(fleet.gateways.map((gateway) => member(gateway, room)));
  const ids = [randomUUID().toUpperCase(), randomUUID(), "AbCdEf01-2345-4789-aBcD-eF0123456789"];
  for (const id of ids) {
    assert.equal((await writer.send(room, "spelled", { id })).id, id);
  }
  // A retry is answered in its own spelling; what was shown stays as the first copy had it.
  const retry = await other.send(room, "spelled", { id: ids[0].toLowerCase() });
  assert.deepEqual([retry.id, retry.duplicate], [ids[0].toLowerCase(), true]);
  const idsOf = (messages) => messages.map(({ id }) => id);
  assert.deepEqual(idsOf(await other.waitForMessages(room, 3)), ids);
  const start = { epoch: retry.epoch, seq: 0 };
  await waitForRows(fleet, room, 3);
  for (const key of ["none", `chat:{${room}}:log`]) {
    await fleet.redis.command("DEL", key); // then PostgreSQL alone has them
    const { messages } = await other.request({ type: "history", room, before: { epoch: retry.epoch, seq: 4 }, limit: 10 });
    assert.deepEqual(idsOf(messages), ids, key);
    const reader = await Client.connect(fleet.gateways[1].url);
    assert.deepEqual(idsOf((await resume(reader, room, start)).messages), ids, key);
    await reader.close();
  }
  await Promise.all([writer.close(), other.close()]);
});

test("I6 who comes back to thirty rooms at once gets all of each, with an outbox that holds three pages", async () => {
  const rooms = range(30).map((i) => newRoom(`many-${i}`));
  const texts = range(60).map((i) => String(i).padEnd(4000, "."));
  const writer = await Client.connect(fleet.gateways[0].url);
  const first = [];
  for (const room of rooms) {
    await writer.join(room);
    first.push((await fill(writer, room, texts.length, (i) => texts[i]))[0]);
  }
  const client = await Client.connect(fleet.gateways[1].url);
  const read = async () => fleet.gateways[1].metric("chat_redis_reads_total", 'cause="resume"');
  const before = await read();
  // What is not read stays in the outbox once the sockets are full.
  client.socket.pause();
  const resumed = rooms.map((room, i) => resume(client, room, cursorOf(first[i])));
  await until("all rooms to be read", async () => (await read()) - before >= rooms.length);
  client.socket.resume();
  for (const { messages } of await Promise.all(resumed)) {
    assert.deepEqual(messages.map(({ text }) => text), texts.slice(1));
  }
  assert.equal(client.closeCode, undefined);
  await Promise.all([client.close(), writer.close()]);
});

test("history pages back to the first message, through Redis and PostgreSQL as one", async () => {
  const { room, writer, acks } = await trimmedRoom("older", 430);
  const client = await Client.connect(fleet.gateways[1].url);
  const joined = await client.join(room, { history: 10 });
  const refused = await client.request({ type: "history", room: newRoom("other"), before: cursorOf(joined), limit: 5 });
  assert.equal(refused.code, "not_joined");
  let all = joined.messages;
  for (let more = true; more; ) {
    const page = await client.request({ type: "history", room, before: cursorOf(all[0]), limit: 100 });
    assert.deepEqual([page.type, page.room], ["history", room]);
    all = [...page.messages, ...all];
    more = page.more;
  }
  assert.deepEqual(all.map(({ id }) => id), acks.map(({ id }) => id));
  const before = await client.request({ type: "history", room, before: { epoch: 0, seq: 0 }, limit: 5 });
  assert.deepEqual([before.messages, before.more], [[], false]);
  await Promise.all([client.close(), writer.close()]);
});

test("I3 300 clients that resume at once with different cursors are all complete and cost few reads of PostgreSQL", async (context) => {
  const { room, writer, acks } = await trimmedRoom("crowd", 700);
  const clients = await Promise.all(range(300).map((i) => Client.connect(fleet.gateways[i % 2].url)));
  const before = await total("chat_postgres_reads_total", 'cause="resume"');
  await Promise.all(clients.map(async (client, i) => {
    const { messages } = await resume(client, room, cursorOf(acks[i]));
    assert.deepEqual(seqs(messages), range(699 - i).map((n) => n + i + 2));
  }));
  const reads = (await total("chat_postgres_reads_total", 'cause="resume"')) - before;
  context.diagnostic(`${reads} reads of PostgreSQL`);
  assert.ok(reads <= 30, `${reads} reads`);
  const { seq } = await writer.send(room, "for all");
  await Promise.all(clients.map((client) => client.waitFor((frame) => frame.type === "message" && frame.seq === seq)));
  await Promise.all([...clients, writer].map((client) => client.close()));
});

test("I3 who left an empty room gets its first messages at once, without a wait for PostgreSQL", async () => {
  const room = newRoom("was-empty");
  const leaves = await Client.connect(fleet.gateways[0].url);
  const empty = await leaves.join(room);
  assert.equal(empty.seq, 0);
  await leaves.drop();
  const writer = await member(fleet.gateways[1], room);
  const acks = [await writer.send(room, "first"), await writer.send(room, "second")];
  assert.deepEqual(acks.map(cursorOf), [1, 2].map((seq) => ({ epoch: empty.epoch, seq })));
  const before = await total("chat_postgres_reads_total", 'cause="resume"');
  for (const gateway of fleet.gateways) {
    const back = await Client.connect(gateway.url);
    const { messages } = await resume(back, room, cursorOf(empty));
    assert.deepEqual(messages.map(({ id }) => id), acks.map(({ id }) => id));
    await back.close();
  }
  assert.equal(await total("chat_postgres_reads_total", 'cause="resume"'), before);
  await writer.close();
});

test("I3 PostgreSQL away: unavailable with a time to wait, and with the same cursor complete once it is back", async () => {
  const { room, writer, acks } = await trimmedRoom("away", 400);
  const client = await Client.connect(fleet.gateways[1].url);
  await fleet.postgres.stop();
  const since = cursorOf(acks[0]);
  const refused = await client.request({ type: "join", room, since });
  assert.deepEqual([refused.code, refused.retry_after_ms > 0], ["unavailable", true]);
  const recent = await client.join(room, { since: cursorOf(acks.at(-5)) });
  assert.deepEqual([recent.complete, recent.messages.length], [true, 4]);
  await fleet.postgres.start();
  const joined = await until("the join to be answered", async () => {
    const answer = await client.request({ type: "join", room, since });
    return answer.type === "joined" && answer;
  });
  assert.equal(joined.complete, true);
  assert.deepEqual(seqs(joined.messages), range(399).map((i) => i + 2));
  await Promise.all([client.close(), writer.close()]);
});

// Sends 150 messages, loses Redis by `lose`, sends 20 more; a client from before sees the rest, whoever serves it.
async function resumesOverALostRedis(lose) {
  const room = newRoom("lost");
  const writer = await member(fleet.gateways[0], room);
  const stays = await member(fleet.gateways[1], room);
  const first = await fill(writer, room, 150);
  await waitForRows(fleet, room, 100);
  const unrepaired = await total("chat_gaps_unrepaired_total");
  await lose();
  const quick = await Client.connect(fleet.gateways[1].url);
  const early = await until("a join to be answered", () => resume(quick, room, cursorOf(first[139])).catch(() => null), 20_000);
  assert.deepEqual(early.messages.map(({ id }) => id), first.slice(140).map(({ id }) => id));
  const second = [];
  for (let i = 0; i < 20; i++) {
    second.push(await until("an ack", () => writer.send(room, `later ${i}`).catch(() => null), 20_000));
  }
  assert.ok(second[0].epoch > first[0].epoch);
  // Until a gateway has repaired, it answers from its memory up to the loss, and the rest follows live.
  await Promise.all([writer, stays].map((client) => client.waitForMessages(room, 170, 20_000)));
  for (const gateway of fleet.gateways) {
    const client = await Client.connect(gateway.url);
    const { messages } = await resume(client, room, cursorOf(first[9]));
    assert.deepEqual(messages.map(({ id }) => id), [...first.slice(10), ...second].map(({ id }) => id));
    assertNoGapNoRepeat(messages, gateway.id);
    let all = messages.slice(-3);
    for (let more = true; more; ) {
      const page = await client.request({ type: "history", room, before: cursorOf(all[0]), limit: 60 }, 15_000);
      assert.equal(page.type, "history", JSON.stringify(page));
      all = [...page.messages, ...all];
      more = page.more;
    }
    assert.deepEqual(all.map(({ id }) => id), [...first, ...second].map(({ id }) => id));
    await client.close();
  }
  assertNoGapNoRepeat(stays.messages(room), "the one who stayed");
  assert.equal(await total("chat_gaps_unrepaired_total"), unrepaired, "live members were told of no hole");
  assert.deepEqual((await rowsOf(fleet, room)).map(({ id }) => id), [...first, ...second].map(({ id }) => id));
  await Promise.all([writer, stays, quick].map((client) => client.close()));
}

test("I3 a resume over Redis restarted without its file gives the old epoch from PostgreSQL and then the new one", () =>
  resumesOverALostRedis(async () => {
    await fleet.redis.process.crash();
    rmSync(join(fleet.redis.folder, "data"), { recursive: true });
    await fleet.redis.start();
  }));

test("I3 a resume over Redis restarted with its file", () =>
  resumesOverALostRedis(async () => {
    await fleet.redis.stop();
    await fleet.redis.start();
  }));

test("I3 a resume over a Redis that was flushed", () => resumesOverALostRedis(() => fleet.redis.command("FLUSHALL")));
