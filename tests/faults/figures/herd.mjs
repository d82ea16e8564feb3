// A process with thousands of members of room `general`, native or Socket.IO ones: started by rolling_herds.mjs, which sends
// the orders.
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../random.mjs";
import { nativeMember, socketIoMember, webSocketMember } from "./herd_member.mjs";
import { hasSeen } from "./native_member.mjs";

const connectingAtOnce = 50;
const tenthMs = 100;

const members = [];
// Connects that were begun in each tenth of a second since 1970.
const connects = new Map();

function onConnecting() {
  const tenth = Math.floor(Date.now() / tenthMs);
  connects.set(tenth, (connects.get(tenth) ?? 0) + 1);
}

const isUpToDate = ({ present, seen }, newest) => present && hasSeen(seen.cursor, newest);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

async function met(condition, deadline) {
  while (!condition()) {
    if (Date.now() > deadline) {
      return false;
    }
    await delay(50);
  }
  return true;
}

const orders = {
  // kind: native, or a Socket.IO client that begins with a websocket, or polls first and will upgrade; urls: of the balancers.
  async connect({ kind, urls, count, seed, deadline }) {
    const random = new Random(seed, kind);
    const makeMember = { native: nativeMember, websocket: webSocketMember, upgrade: socketIoMember }[kind];
    for (let i = 0; i < count; i += connectingAtOnce) {
      for (let more = Math.min(connectingAtOnce, count - i); more > 0; more--) {
        members.push(makeMember(urls[members.length % urls.length], random, onConnecting));
      }
      if (!(await met(() => members.every(({ present }) => present), deadline))) {
        break;
      }
    }
    connects.clear();
    return { present: members.filter(({ present }) => present).length };
  },
  // How many are connected and have seen this message.
  async seen({ newest, deadline }) {
    await met(() => members.every((member) => isUpToDate(member, newest)), deadline);
    return { seen: members.filter((member) => isUpToDate(member, newest)).length };
  },
  async present() {
    return { present: members.filter(({ present }) => present).length };
  },
  async report() {
    return {
      longestMs: members.map(({ absences }) => absences.longestMs),
      absences: sum(members.map(({ absences }) => absences.count)),
      gaps: sum(members.map(({ seen }) => seen.gaps)),
      repeats: sum(members.map(({ seen }) => seen.repeats)),
      recovered: sum(members.map(({ recoveries }) => recoveries.whole)),
      notRecovered: sum(members.map(({ recoveries }) => recoveries.failed)),
      reasons: [...new Set(members.flatMap(({ reasons = [] }) => reasons))],
      connects: [...connects],
    };
  },
};

process.on("message", async (order) => {
  const [name, value] = Object.entries(order)[0];
  process.send(await orders[name](value).catch((error) => ({ error: error.message })));
});
process.on("disconnect", () => process.exit());
