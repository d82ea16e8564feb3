// A topic that takes less than the gateway sends: batches get smaller, and what never fits is answered.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { gatewaysReady } from "./support/ready.mjs";
import { startFleet } from "./support/fleet.mjs";
import { member, newRoom } from "./support/room.mjs";
import { ResendingClient } from "./support/resending_client.mjs";
import { assertStoredOnce, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 1, persisters: 1 });
});
after(() => fleet?.stop());

const configure = (...args) => fleet.kafka.tool("kafka.admin.ConfigCommand",
  ["--bootstrap-server", fleet.kafka.broker, "--alter", "--entity-type", "topics", "--entity-name", "MESSAGES", ...args]);

// Text that compression does not make smaller than half.
const noise = (characters) => randomBytes(characters).toString("base64").slice(0, characters);
// 4,000 characters of 3 bytes, of which compression saves little.
const longest = () => Array.from(randomBytes(8000)).reduce((text, _, i, bytes) => (i % 2 ? text : text + String.fromCharCode(0x4e00 + ((bytes[i] * 256 + bytes[i + 1]) % 0x5000))), "");

test("I1 a limit that is lowered below a batch: smaller batches go through, and all is acknowledged and stored once", async () => {
  const [gateway] = fleet.gateways;
  await gatewaysReady(fleet);
  const room = newRoom("small-batches");
  const clients = await Promise.all(range(4).map(() => new ResendingClient([gateway.url], room).joined()));
  await configure("--add-config", "max.message.bytes=20000");
  const texts = range(300).map(() => noise(3000));
  const acks = await Promise.all(texts.map(async (text, i) => ({ ...(await clients[i % 4].send(text)), text })));
  await assertStoredOnce(fleet, room, acks, 60_000);
  assert.ok((await gateway.metric("chat_journal_batch_bytes")) < 20_000);
  assert.equal(await gateway.metric("chat_journal_undeliverable_total"), 0);
  await Promise.all(clients.map((client) => client.stop()));
});

test("a message over the topic's limit is answered too_large instead of unavailable for ever, and others go on", async () => {
  const [gateway] = fleet.gateways;
  await configure("--add-config", "max.message.bytes=6000");
  const room = newRoom("never-fits");
  const client = await member(gateway, room);
  const id = randomUUID();
  const text = longest();
  const answer = await client.request({ type: "send", id, room, text }, 30_000);
  assert.deepEqual({ type: answer.type, code: answer.code, retry: answer.retry_after_ms }, { type: "error", code: "too_large", retry: undefined }, JSON.stringify(answer));
  await client.send(room, "fits", { deadlineMs: 30_000 });
  await configure("--delete-config", "max.message.bytes");
  const taken = async () => (await client.request({ type: "send", id, room, text }, 30_000)).type === "ack";
  await until("the same message to be acknowledged once the limit is gone", taken, 60_000);
  await client.close();
});
