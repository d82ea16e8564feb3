// How long ten thousand clients take to be back and complete when their gateway was killed.
import { fork } from "node:child_process";
import { join } from "node:path";
import { until } from "../../system/support/until.mjs";
import { Ledger } from "../ledger.mjs";
import { Load } from "../load.mjs";
import { Random } from "../random.mjs";
import { percentiles } from "./percentiles.mjs";
import { tellAll } from "./tell_all.mjs";

const goalSeconds = 10;
const processes = 2;
const roomCount = 20;
const backWithinMs = 120_000;

export const resume = {
  name: "resume",
  title: "10,000 clients resume after their gateway was killed",
  fleet: { test: false, quick: false },
  async measure(fleet, { seed, short, say }) {
    const clients = short ? 2000 : 10_000;
    const [dies, lives] = fleet.gateways;
    // These stay: they send, and see everything.
    const load = new Load({ urls: [lives.url], ledger: new Ledger(), random: new Random(seed, "resume"), name: "resume",
      clients: roomCount, rooms: roomCount, roomsEach: 1, inFlight: 4, perSecond: 20, finishPerSecond: 20 });
    await load.joined();
    load.start();
    const crowds = Array.from({ length: processes }, () => fork(join(import.meta.dirname, "crowd.mjs")));
    try {
      const began = Date.now();
      await tellAll(crowds, (i) => ({ connect: { first: dies, then: lives, clients: clients / processes, rooms: load.rooms, seed: seed + i } }), backWithinMs);
      say(`${clients} clients in ${roomCount} rooms were connected after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      // Every member has seen its room go on, so each comes back with a cursor.
      await until("a message in each room", () => load.ledger.views.every(({ seen }) => seen.length > 0), 60_000);
      await tellAll(crowds, () => ({ waitUntilSeen: { newest: newestOf(load) } }), backWithinMs);
      const killedAt = Date.now();
      await dies.crash();
      const deadline = Date.now() + backWithinMs;
      await tellAll(crowds, () => ({ waitUntilBack: { deadline } }), backWithinMs + 5000);
      const sent = load.sent;
      await load.finish(sent);
      const newest = newestOf(load);
      await tellAll(crowds, () => ({ waitUntilSeen: { newest, deadline: Date.now() + backWithinMs } }), backWithinMs + 5000);
      const reports = await tellAll(crowds, () => ({ report: { newest } }), 30_000);
      const seconds = reports.flatMap(({ backAt }) => backAt).map((at) => (at - killedAt) / 1000);
      const missing = clients - seconds.length;
      const incomplete = reports.reduce((sum, report) => sum + report.incomplete, 0);
      say(`kill → joined, complete  ${percentiles(seconds, "s")} clients; ${missing} not back, ${incomplete} incomplete`);
      const met = missing === 0 && incomplete === 0 && Math.max(...seconds) <= goalSeconds;
      say(`goal: all within ${goalSeconds} s, ${met ? "met" : "missed"}`);
      await dies.start();
      return { passed: missing === 0 && incomplete === 0, rooms: load.rooms };
    } finally {
      load.stop();
      crowds.forEach((crowd) => crowd.kill("SIGKILL"));
    }
  },
};

// Each room's last message that its sender has seen.
function newestOf(load) {
  return Object.fromEntries(load.ledger.views.map(({ room, seen }) => [room, seen.at(-1)]));
}
