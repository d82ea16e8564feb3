// How long a message takes at a steady rate: to its ack, to each member, into PostgreSQL.
import { until } from "../../system/support/until.mjs";
import { Ledger } from "../ledger.mjs";
import { Load } from "../load.mjs";
import { Random } from "../random.mjs";
import { percentiles } from "./percentiles.mjs";

const perSecond = 1000;
const warmUpSeconds = 10;
const membersOfRoom = 4;

export const latency = {
  name: "latency",
  title: `send to ack, delivered and stored at ${perSecond} msg/s`,
  // As they run for users: Kafka compiles all it can, PostgreSQL syncs.
  fleet: { test: false, quick: false },
  async measure(fleet, { seed, short, say }) {
    const times = { ack: [], delivered: [], stored: [] };
    const load = new Load({ urls: fleet.gateways.map(({ url }) => url), ledger: new Ledger(), random: new Random(seed, "latency"), name: "latency",
      clients: 20, rooms: 10, roomsEach: 2, inFlight: 64, perSecond, finishPerSecond: perSecond });
    await load.joined();
    load.start();
    await load.more(warmUpSeconds * perSecond, 60_000);
    load.watchers.add(watcher(load.ledger, times));
    const sentBefore = load.sent;
    const began = performance.now();
    await load.more((short ? 10 : 60) * perSecond, 600_000);
    const rate = (load.sent - sentBefore) / ((performance.now() - began) / 1000);
    await load.finish(load.sent);
    const messages = [...load.ledger.messages.values()];
    const shown = () => load.ledger.views.reduce((sum, { seen }) => sum + seen.length, 0);
    await until("every member to see every message", () => shown() >= messages.length * membersOfRoom, 60_000);
    await until("every message to be stored", () => messages.every(({ claimedAt }) => claimedAt !== null), 60_000);
    load.stop();
    say(`${rate.toFixed(0)} messages a second were sent, on two gateways, 20 clients in 10 rooms of ${membersOfRoom} members`);
    say(`send → ack        ${percentiles(times.ack, "ms")} (goal p99 ≤ 25 ms)`);
    say(`send → delivered  ${percentiles(times.delivered, "ms")}`);
    say(`send → stored     ${times.stored.length === 0 ? "no stored frame came" : `${percentiles(times.stored, "ms")} (goal p99 ≤ 250 ms)`}`);
    const refused = [...load.refusals.values()].reduce((sum, count) => sum + count, 0);
    return { passed: load.unanswered === 0 && refused === 0, rooms: load.rooms };
  },
};

function watcher({ messages }, times) {
  const since = (message) => performance.now() - message.sentAt;
  return {
    acknowledged: (message) => times.ack.push(since(message)),
    shown: ({ id }) => times.delivered.push(since(messages.get(id))),
    stored: (message) => times.stored.push(since(message)),
  };
}
