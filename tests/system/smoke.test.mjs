// The whole path once: what one gateway takes reaches the members on all gateways and becomes one row.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { readTopic } from "./support/kafka.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
after(() => fleet?.stop());

test("a message sent on one gateway reaches members on both, once, and becomes one record and one row", async () => {
  const room = `smoke-${randomUUID()}`;
  const [first, second] = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
  assert.notEqual(first.welcome.gateway, second.welcome.gateway);
  await Promise.all([first.join(room), second.join(room)]);

  const id = randomUUID();
  const ack = await first.send(room, "hello, everybody", { id });
  assert.equal(ack.duplicate, false);
  for (const client of [first, second]) {
    const [message] = await client.waitForMessages(room, 1);
    assert.equal(message.id, id);
    assert.equal(message.text, "hello, everybody");
    assert.deepEqual([message.epoch, message.seq], [ack.epoch, ack.seq]);
    await client.ping();
    assert.equal(client.messages(room).length, 1);
  }

  const [row, ...more] = await waitForRows(fleet, room, 1);
  assert.equal(more.length, 0);
  assert.deepEqual([row.id, row.text, row.epoch, row.seq], [id, "hello, everybody", ack.epoch, ack.seq]);
  const records = (await readTopic(fleet, "MESSAGES")).filter((record) => record.key === room);
  assert.equal(records.length, 1);
  assert.equal(JSON.parse(records[0].value).id, id);
  await Promise.all([first.close(), second.close()]);
});

test("NGINX passes a WebSocket to a gateway from both of its ports", async () => {
  for (const port of [fleet.ports.port, fleet.ports.webPort]) {
    const client = await Client.connect(`ws://${fleet.address}:${port}/ws`);
    assert.match(client.welcome.gateway, /^gateway-[12]$/);
    await client.close();
  }
});
