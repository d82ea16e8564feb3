// Deploys under ten thousand Socket.IO and ten thousand native clients: every gateway restarted in turn; and how long one
// gateway takes to give up ten thousand clients.
import { setTimeout as delay } from "node:timers/promises";
import { isClean } from "../checker.mjs";
import { until } from "../../system/support/until.mjs";
import { Herds } from "./herds.mjs";

// One gateway may give up 6,700 clients while three restart in turn; the machine has to connect them all anew.
const restartSeconds = 40;
const drainSeconds = 20;
// Each message goes to all members.
const perSecond = 0.5;
const mostReads = 4;
const mostSilentMs = 2000;
const backWithinMs = 120_000;
// Clients do not come back evenly: Socket.IO clients wait 0.5 to 1.5 s.
const unevenness = 1.5;

// Restarts it, or only stops it. Resolves with the reads of PostgreSQL up to its end and the seconds that it took.
async function end(gateway, say) {
  gateway.process.stopDeadlineMs = 120_000;
  const clients = await gateway.metric("chat_connections");
  const began = Date.now();
  const stopped = gateway.stop();
  let reads = 0;
  for (let ended = false; !ended; ) {
    reads = (await gateway.metric("chat_postgres_reads_total", pages)) ?? reads;
    ended = await Promise.race([stopped.then(() => true), delay(200, false)]);
  }
  const { code } = await stopped;
  const seconds = (Date.now() - began) / 1000;
  say(`${gateway.id} ended after ${seconds.toFixed(1)} s under ${clients} clients, with exit code ${code}`);
  return { clients, reads, code, seconds };
}

// Of the counted causes of reads.
const pages = 'cause="(join|resume|history|repair)"';

async function readsOf(gateways) {
  const counts = await Promise.all(gateways.map((gateway) => gateway.metric("chat_postgres_reads_total", pages)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function rowOf(title, { counts, ...figures }, ends, { say, reads, mostASecond }) {
  const cap = Math.ceil(unevenness * mostASecond);
  const { recovered, notRecovered, p99Ms, peakConnects } = figures;
  const allRecovered = notRecovered === 0 && recovered > 0;
  say(`recovered ${recovered} of ${recovered + notRecovered}; reads of PostgreSQL ${reads} (goal ≤ ${mostReads})`);
  say(`p99 of the members' longest absence ${p99Ms.toFixed(0)} ms (goal ≤ ${mostSilentMs} ms), ${p99Ms <= mostSilentMs ? "met" : "missed"}`);
  say(`most connects within a second ${peakConnects} (cap ${cap}), ${peakConnects <= cap ? "met" : "missed"}`);
  const hits = ends.filter(({ code, clients }) => code === 0 && clients > 0).length;
  counts.examples.forEach(say);
  return { fault: title, ...counts, hits, strikes: ends.length, misses: [], secondsToFirstAck: null, secondsToLagZero: null, peakKib: null, rooms: ["general"],
    passed: hits === ends.length && isClean(counts) && allRecovered && reads <= mostReads };
}

export const rollingHerds = {
  name: "rolling-herds",
  title: "rolling restart, 10,000 Socket.IO + 10,000 native",
  fleet: { test: false, quick: false, gateways: 4, gatewayEnv: { DRAIN_SECONDS: String(restartSeconds) } },
  async measure(fleet, { seed, short, herd, say }) {
    const each = herd ?? (short ? 2000 : 10_000);
    const herds = await Herds.start(fleet, { each, seed, say });
    try {
      await herds.send(perSecond);
      const ends = [];
      const before = await readsOf(fleet.gateways);
      let reads = 0;
      for (const gateway of fleet.gateways) {
        ends.push(await end(gateway, say));
        reads += ends.at(-1).reads;
        await gateway.start();
        await until("all members to be back", async () => (await herds.present()) === 2 * each, backWithinMs);
      }
      const result = await herds.finish();
      reads += (await readsOf(fleet.gateways)) - before;
      return rowOf(this.title.replaceAll("10,000", each.toLocaleString("en")), result, ends, { say, reads, mostASecond: Math.max(...ends.map(({ clients }) => clients)) / restartSeconds });
    } finally {
      await herds.stop();
    }
  },
};

export const drainOfHerd = {
  name: "drain",
  title: "one gateway gives up 10,000 clients",
  fleet: { test: false, quick: false, gateways: 2, gatewayEnv: { DRAIN_SECONDS: String(drainSeconds) } },
  async measure(fleet, { seed, short, herd, say }) {
    const each = (herd ?? (short ? 2000 : 10_000)) / 2;
    const [ends, stays] = fleet.gateways;
    await stays.stop();
    const herds = await Herds.start(fleet, { each, seed, say });
    try {
      await herds.send(perSecond);
      await stays.start();
      const began = Date.now();
      const ended = await end(ends, say);
      await until("all members to be back", async () => (await herds.present()) === 2 * each, backWithinMs);
      say(`SIGTERM → the process is gone and all clients are on the other gateway: ${((Date.now() - began) / 1000).toFixed(1)} s (goal 30 s)`);
      const result = await herds.finish();
      const reads = ended.reads + (await readsOf([stays]));
      await ends.start();
      return rowOf(`${this.title.replace("10,000", (2 * each).toLocaleString("en"))}`, result, [ended], { say, reads, mostASecond: ended.clients / drainSeconds });
    } finally {
      await herds.stop();
    }
  },
};
