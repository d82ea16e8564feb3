// Records that can never be stored, straight into the topic, between good ones.
import { randomUUID } from "node:crypto";
import { produce, readTopic } from "../../system/support/kafka.mjs";

export const poison = {
  name: "poison",
  title: "poison records",
  clientsStay: true,
  // The counts of dead letters are those of this fault alone.
  fleet: {},
  async strike(scene) {
    scene.poison = [];
    for (let i = 0; i < (scene.short ? 2 : 5); i++) {
      await scene.moment();
      const records = [...badRecords(scene), ...reusedIds(scene)];
      scene.strike(`${records.length} poison records`);
      await produce(scene.fleet, "MESSAGES", records);
      scene.poison.push(...records);
      await scene.load.more(200);
    }
  },
  async verify({ fleet, poison: records, ledger }) {
    const dead = await readTopic(fleet, "MESSAGES.dead");
    const values = new Map();
    dead.forEach(({ value, headers }) => values.set(value, [...(values.get(value) ?? []), headers]));
    for (const { value, what } of records) {
      const headers = values.get(value) ?? [];
      if (headers.length !== 1) {
        ledger.surprise(`${what} became ${headers.length} dead letters`);
      } else if (!/reason:.+/.test(headers[0]) || !/partition:\d+/.test(headers[0]) || !/offset:\d+/.test(headers[0])) {
        ledger.surprise(`the dead letter of ${what} has the headers "${headers[0]}"`);
      }
    }
    if (dead.length !== records.length) {
      ledger.surprise(`${dead.length} dead letters of ${records.length} poison records`);
    }
  },
};

function badRecords({ load, random }) {
  const room = random.pick(load.rooms);
  const good = { v: 1, id: randomUUID(), room, epoch: 1, seq: 1, sender: "p", sender_name: "p", text: "poison", sent_at: 1, gateway: "g" };
  const { text: _, ...withoutText } = good;
  return [
    ["a truncated record", JSON.stringify({ ...good, id: randomUUID() }).slice(0, -20)],
    ["a record without a text", JSON.stringify({ ...withoutText, id: randomUUID() })],
    ["a record with an id that is none", JSON.stringify({ ...good, id: `not-a-uuid ${randomUUID()}` })],
    ["a record with a number as text", JSON.stringify({ ...good, id: randomUUID(), text: random.integer(1, 1e9) })],
    ["a record with a negative number", JSON.stringify({ ...good, id: randomUUID(), seq: -1 })],
    ["a record with NUL in its text", JSON.stringify({ ...good, id: randomUUID(), text: "a\u0000b" })],
    ["an empty object", JSON.stringify({ v: 1, nonce: random.integer(1, 1e9) })],
  ].map(([what, value]) => ({ key: room, value, what }));
}

// Ids of messages that are acknowledged already, with another text.
function reusedIds({ ledger, random }) {
  const acked = [...ledger.messages.values()].filter(({ acks }) => acks.length > 0);
  return Array.from({ length: 3 }, () => random.pick(acked)).map(({ id, room, acks: [{ epoch, seq }] }) => ({
    key: room, what: `the reused id ${id}`,
    value: JSON.stringify({ v: 1, id, room, epoch, seq, sender: "p", sender_name: "p", text: `another text ${random.integer(1, 1e9)}`, sent_at: 1, gateway: "g" }),
  }));
}
