// The watermark of each room in Redis, and how its stream is cut behind it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lockTable, waitForBlockedWriter, waitForRows } from "../support/db.mjs";
import { fill, member, newRoom } from "../support/room.mjs";
import { compareCursors } from "../support/traffic.mjs";
import { until } from "../support/until.mjs";

// Redis cuts a stream by whole nodes of this many entries.
const nodeEntries = 100;

const bulk = (reply) => (reply.startsWith("$-1") ? null : reply.split("\r\n")[1]);
const parse = (place) => {
  const [epoch, seq] = place.split("-").map(Number);
  return { epoch, seq };
};

// The room's watermark; null while there is none.
async function watermark(fleet, room) {
  const place = bulk(await fleet.redis.command("GET", `chat:{${room}}:stored`));
  return place && parse(place);
}

const streamLength = async (fleet, room) => Number((await fleet.redis.command("XLEN", `chat:{${room}}:log`)).slice(1));

async function firstEntry(fleet, room) {
  const reply = await fleet.redis.command("XRANGE", `chat:{${room}}:log`, "-", "+", "COUNT", "1");
  return parse(reply.split("\r\n")[3]);
}

const newest = (acks) => acks.reduce((highest, { epoch, seq }) => (compareCursors(highest, { epoch, seq }) < 0 ? { epoch, seq } : highest),
  { epoch: 0, seq: 0 });

async function waitForWatermark(fleet, room, cursor) {
  let last = null;
  const reached = async () => {
    last = await watermark(fleet, room);
    return last !== null && compareCursors(last, cursor) === 0;
  };
  await until(() => `the watermark of ${room} at ${cursor.epoch}-${cursor.seq}; it is ${JSON.stringify(last)}`, reached, 30_000);
}

// streamKeep: the persister's STREAM_KEEP.
export function watermarkTests(fleet, streamKeep) {
  test("the watermark reaches the newest number though two gateways fill the room's partition out of order", async () => {
    const room = newRoom("watermark");
    const clients = await Promise.all(fleet().gateways.slice(0, 2).map((gateway) => member(gateway, room)));
    const acks = (await Promise.all(clients.map((client) => fill(client, room, 1000)))).flat();
    assert.equal(newest(acks).seq, 2000);
    await waitForWatermark(fleet(), room, newest(acks));
    await waitForRows(fleet(), room, 2000, 0);
    await Promise.all(clients.map((client) => client.close()));
  });

  test("while the persister is paused nothing moves and nothing above the watermark is cut; then the stream is cut to STREAM_KEEP", async () => {
    const room = newRoom("paused");
    const [persister] = fleet().persisters;
    const client = await member(fleet().gateways[0], room);
    await waitForWatermark(fleet(), room, newest(await fill(client, room, 2 * streamKeep)));
    await until("the stream to be cut", async () => (await streamLength(fleet(), room)) <= streamKeep + nodeEntries);
    assert.ok((await streamLength(fleet(), room)) >= streamKeep);

    const before = await watermark(fleet(), room);
    await fleet().postgres.stop();
    const acks = await fill(client, room, 500);
    await until("the persister's pause", async () => (await persister.metric("chat_persister_paused")) === 1, 20_000);
    assert.deepEqual(await watermark(fleet(), room), before);
    assert.ok(compareCursors(await firstEntry(fleet(), room), { ...before, seq: before.seq + 1 }) <= 0, "nothing that is not stored was cut");
    assert.ok((await streamLength(fleet(), room)) >= 500 + streamKeep);

    await fleet().postgres.start();
    await waitForWatermark(fleet(), room, newest(acks));
    await until("the stream to be cut", async () => (await streamLength(fleet(), room)) <= streamKeep + nodeEntries);
    assert.ok((await streamLength(fleet(), room)) >= streamKeep);
    await client.close();
  });

  test("the watermark goes on after a restart of Redis, into the new epoch", async () => {
    const room = newRoom("redis");
    const client = await member(fleet().gateways[0], room);
    const before = newest(await fill(client, room, 20));
    await waitForWatermark(fleet(), room, before);
    await fleet().redis.restart();
    let ack = null;
    const accepted = async () => (ack = await client.send(room, "after the restart").catch(() => null));
    await until("a message after the restart", accepted, 20_000);
    assert.ok(ack.epoch > before.epoch);
    await waitForWatermark(fleet(), room, newest([ack]));
    let said = [];
    const areWell = async () => {
      said = await Promise.all(fleet().gateways.slice(0, 2).map((gateway) => gateway.admin("/readyz")));
      return said.every(({ body }) => body && JSON.parse(body).degraded.length === 0);
    };
    await until(() => `both gateways to be well again; they say ${JSON.stringify(said)}`, areWell, 20_000);
    await client.close();
  });

  test("a persister that was killed moves the watermark over what came meanwhile", async () => {
    const room = newRoom("persister");
    const [persister] = fleet().persisters;
    const client = await member(fleet().gateways[1], room);
    await waitForWatermark(fleet(), room, newest(await fill(client, room, 20)));
    await persister.crash();
    const acks = await fill(client, room, 20);
    await persister.start();
    await waitForWatermark(fleet(), room, newest(acks));
    await client.close();
  });

  test("a Redis that is away does not delay storing, and is told when it is back", async () => {
    const room = newRoom("away");
    const [persister] = fleet().persisters;
    const client = await member(fleet().gateways[0], room);
    const lock = await lockTable(fleet(), "messages");
    const acks = await fill(client, room, 20);
    await waitForBlockedWriter(fleet(), "messages");
    await fleet().redis.stop();
    await until("the persister to miss Redis", async () => (await persister.metric("chat_redis_connections")) === 0, 20_000);
    await lock.release();
    await waitForRows(fleet(), room, 20);
    await until("receipts that wait", async () => (await persister.metric("chat_persister_receipts_waiting")) === 1, 20_000);
    await fleet().redis.start();
    await waitForWatermark(fleet(), room, newest(acks));
    await until("no receipt to wait", async () => (await persister.metric("chat_persister_receipts_waiting")) === 0);
    await client.close();
  });
}
