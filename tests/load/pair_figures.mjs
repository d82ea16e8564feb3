// The figures of tests/load/pair: {title, turn(fleet, build, options, pair)}, a turn resolves with {figure: number}.
import { setTimeout as delay } from "node:timers/promises";
import { Ledger } from "../faults/ledger.mjs";
import { Load } from "../faults/load.mjs";
import { Random } from "../faults/random.mjs";
import { rowsTurn } from "./pair_rows.mjs";
import { residentKib } from "./proc.mjs";
import { startCrowd } from "./start_crowd.mjs";

const senders = 10;
const size = 64;
const idleSessions = 5000;
const firstSessions = 200;

async function fanOut({ address, port, pid }, clients, rate, seconds) {
  const crowd = startCrowd();
  try {
    await crowd.tell("open", { kind: "native", server: { address, port }, count: clients });
    const { delivered, missing, surplus, cpu } = await crowd.tell("fanOut", { pid, rate, warmUpSeconds: 3, seconds, senders, size });
    if (missing > 0 || surplus > 0) {
      throw new Error(`${missing} deliveries are missing, ${surplus} came twice`);
    }
    return { "CPU-s per million": ((cpu.user + cpu.system) * 1e6) / delivered, "user mode": (cpu.user * 1e6) / delivered };
  } finally {
    await crowd.end();
  }
}

async function idle(gateway) {
  await gateway.restart();
  const { address, port, pid } = gateway;
  const crowd = startCrowd();
  const open = (count) => crowd.tell("open", { kind: "native", server: { address, port }, count });
  try {
    await open(firstSessions);
    const before = residentKib(pid);
    await open(idleSessions);
    return { "KiB each": (residentKib(pid) - before) / idleSessions };
  } finally {
    await crowd.end();
  }
}

async function ack(gateway, pair, seconds) {
  const times = [];
  const name = `ack-${gateway.id}-${pair}`;
  const load = new Load({ urls: [gateway.url], ledger: new Ledger(), random: new Random(pair, name), name, clients: 20, rooms: 10, roomsEach: 2,
    inFlight: 64, perSecond: 1000, finishPerSecond: 1000 });
  await load.joined();
  load.start();
  await delay(3000);
  load.watchers.add({ acknowledged: (message) => times.push(performance.now() - message.sentAt), shown() {}, stored() {} });
  await delay(seconds * 1000);
  await load.finish(load.sent);
  load.stop();
  times.sort((a, b) => a - b);
  return { "p50 ms": times[Math.floor(times.length * 0.5)], "p99 ms": times[Math.floor(times.length * 0.99)] };
}

export const figures = {
  fanout: { title: "1,000 members × 100 messages a second", turn: (fleet, build, { seconds }) => fanOut(fleet.gatewayOf(build), 1000, 100, seconds) },
  busy: { title: "500 members × 800 messages a second", turn: (fleet, build, { seconds }) => fanOut(fleet.gatewayOf(build), 500, 800, seconds) },
  idle: { title: `${idleSessions} idle native connections`, turn: (fleet, build) => idle(fleet.gatewayOf(build)) },
  ack: { title: "send → ack at 1,000 messages a second", turn: (fleet, build, { seconds }, pair) => ack(fleet.gatewayOf(build), pair, seconds) },
  rows: { title: "records that wait in Kafka, stored", turn: rowsTurn },
};
