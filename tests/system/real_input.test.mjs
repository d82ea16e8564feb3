// Real texts through the whole system: every one arrives byte for byte or is refused as the protocol says.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { rowsOf, waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";
import { member, newRoom } from "./support/room.mjs";
import { expectedOutcome } from "./support/text_rules.mjs";
import { realTexts } from "./support/texts.mjs";
import { pipelined } from "./support/traffic.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2 });
});
after(() => fleet?.stop());

test("every fortune and every naughty string arrives unchanged at every member and in PostgreSQL, or is refused by its rule", async (context) => {
  const room = newRoom("texts");
  const members = await Promise.all(fleet.gateways.map((gateway) => member(gateway, room)));
  const messages = realTexts().map(({ source, text }) => {
    const frame = { type: "send", id: randomUUID(), room, text };
    return { source, text, frame, id: frame.id, expected: expectedOutcome(text, Buffer.byteLength(JSON.stringify(frame))) };
  });
  assert.ok(messages.length > 5000, `only ${messages.length} texts were found`);

  const sendOne = async ({ frame, expected }, i) => {
    if (expected === "close 1009") {
      return tooLargeAFrame(room, frame);
    }
    const answer = await members[i % 2].request(frame, 30_000);
    return answer.type === "ack" ? "accepted" : answer.code;
  };
  const outcomes = await pipelined(messages, 100, sendOne);
  const wrong = messages.flatMap(({ source, expected }, i) => (outcomes[i] === expected ? [] : [`${source}: ${outcomes[i]} instead of ${expected}`]));
  assert.deepEqual(wrong, []);

  const accepted = new Map(messages.filter((_, i) => outcomes[i] === "accepted").map(({ id, text }) => [id, text]));
  for (const client of members) {
    const seen = await client.waitForMessages(room, accepted.size, 30_000);
    assertSameTexts(seen, accepted, `the member on ${client.welcome.gateway}`);
  }
  await waitForRows(fleet, room, accepted.size, 30_000);
  assertSameTexts(await rowsOf(fleet, room), accepted, "PostgreSQL");

  context.diagnostic(`${messages.length} texts: ${countOf(outcomes)}`);
  await Promise.all(members.map((client) => client.close()));
});

// A frame that is not read at all ends its connection, so it gets one of its own.
async function tooLargeAFrame(room, frame) {
  const client = await member(fleet.gateways[0], room);
  client.write(frame);
  return `close ${(await client.closed).code}`;
}

function assertSameTexts(found, accepted, where) {
  assert.equal(found.length, accepted.size, `${where} has ${found.length} of ${accepted.size} texts`);
  const changed = found.filter(({ id, text }) => !Buffer.from(text).equals(Buffer.from(accepted.get(id) ?? "\u0000")));
  assert.deepEqual(changed, [], `${where} has other texts than were sent`);
  assert.equal(new Set(found.map(({ id }) => id)).size, accepted.size, `${where} has a text twice`);
}

function countOf(outcomes) {
  const counts = {};
  outcomes.forEach((outcome) => (counts[outcome] = (counts[outcome] ?? 0) + 1));
  return Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}
