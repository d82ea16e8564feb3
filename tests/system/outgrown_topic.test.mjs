// A topic that is made again while a persister cannot ask for records, and has more of them than before when it can: its next
// request finds its offset, so nothing fails.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFleet } from "./support/fleet.mjs";
import { endOffsets, makeTopicAgain } from "./support/kafka.mjs";
import { fill, member, newRoom } from "./support/room.mjs";
import { assertStoredOnce } from "./support/traffic.mjs";

let fleet;
let gateway;
let persister;
// The group keeps a frozen member.
before(async () => {
  fleet = await startFleet({ gateways: 1, gatewayEnv: { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" },
    persisterEnv: { KAFKA_CONF_SESSION_TIMEOUT_MS: "300000", KAFKA_CONF_MAX_POLL_INTERVAL_MS: "600000", PERSISTER_PAUSE_SECONDS: "1", HOLE_FINDER_SECONDS: "1" } });
  [gateway] = fleet.gateways;
  [persister] = fleet.persisters;
});
after(() => fleet?.stop());

const endsOf = async () => Math.max(...(await endOffsets(fleet, "MESSAGES")).values());

test("I1 a topic that was made again under a running persister and has outgrown its position is read from its beginning", async () => {
  const room = newRoom("outgrown");
  const client = await member(gateway, room);
  const acks = await fill(client, room, 5);
  await assertStoredOnce(fleet, room, acks);
  assert.equal(await endsOf(), 5);
  persister.process.freeze();
  await makeTopicAgain(fleet);
  acks.push(...(await fill(client, room, 60, (i) => `after ${i}`)));
  assert.equal(await endsOf(), 60, "the new topic must have more than the persister stored of the former one");
  // Else the hole finder would store them from the room's stream.
  await fleet.redis.command("FLUSHALL");
  persister.process.thaw();
  // These are stored before anything is noticed, and become the last record that PostgreSQL knows.
  acks.push(...(await fill(client, room, 5, (i) => `later ${i}`)));
  await assertStoredOnce(fleet, room, acks, 15_000);
  assert.ok((await persister.metric("chat_persister_rewinds_total")) >= 1);
  assert.equal(await persister.metric("chat_holes_stored_total"), 0);
  await client.close();
});
