// A process with all members of a measurement, so that what they cost is never taken for the server's: see startCrowd.
import { setTimeout as delay } from "node:timers/promises";
import { dialects } from "./dialects.mjs";
import { PollingMember } from "./polling_member.mjs";
import { busySeconds, cpuSeconds, cpuSecondsSince } from "./proc.mjs";
import { SocketMember } from "./socket_member.mjs";

const openingAtOnce = 200;
const openWithinMs = 60_000;
// No delivery for so long: what is missing will not come.
const silentMs = 10_000;
// In front of a message's number in its text; nothing else in a frame has it.
const mark = "@@";
const digits = 8;

const members = [];
let refusals = [];
let acks = 0;
let joined = 0;
let onNumber = () => {};

const events = {
  onJoined: () => joined++,
  onAck: () => acks++,
  onRefused: (text) => refusals.push(text),
  onMessage(text) {
    const at = text.indexOf(mark) + mark.length;
    onNumber(Number(text.slice(at, at + digits)));
  },
};

const orders = {
  // Adds members and answers once all have joined. kind: native, socketio or polling.
  async open({ kind, server, count }) {
    const Member = kind === "polling" ? PollingMember : SocketMember;
    const dialect = dialects[kind === "polling" ? "socketio" : kind];
    const deadline = Date.now() + openWithinMs;
    for (const target = members.length + count; joined < target; ) {
      while (members.length < target && members.length - joined < openingAtOnce) {
        members.push(new Member(server, dialect, events));
      }
      await delay(2);
      if (refusals.length > 0 || Date.now() > deadline) {
        throw new Error(`${joined} of ${target} ${kind} members joined. ${refusals[0] ?? ""}`);
      }
    }
    return {};
  },
  // Sends at a steady rate, first to warm up, and then so that it counts.
  async fanOut({ pid, rate, warmUpSeconds, seconds, senders, size }) {
    const load = { rate, senders: members.slice(0, senders), size };
    await pass({ ...load, seconds: warmUpSeconds, firstNumber: 0 });
    const before = cpuSeconds(pid);
    const ownBefore = cpuSeconds(process.pid);
    const busyBefore = busySeconds();
    const result = await pass({ ...load, seconds, firstNumber: rate * warmUpSeconds });
    return { ...result, cpu: cpuSecondsSince(pid, before), crowdCpu: cpuSecondsSince(process.pid, ownBefore), busySeconds: busySeconds() - busyBefore };
  },
  async state() {
    return { alive: members.filter(({ alive }) => alive).length, refused: refusals.length, refusal: refusals[0] };
  },
};

// Sends rate * seconds messages and waits until every member has each of them, or no more come.
async function pass({ rate, seconds, senders, size, firstNumber }) {
  const count = rate * seconds;
  const seen = new Uint32Array(count);
  const expected = count * members.length;
  let delivered = 0;
  let lastAt = performance.now();
  onNumber = (number) => {
    seen[number - firstNumber]++;
    delivered++;
    lastAt = performance.now();
  };
  acks = 0;
  const began = lastAt;
  for (let sent = 0; sent < count; await delay(1)) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * rate));
    for (; sent < due; sent++) {
      senders[sent % senders.length].send(`${mark}${String(firstNumber + sent).padStart(digits, "0")}`.padEnd(size, "x"));
    }
  }
  while ((delivered < expected || acks < count) && performance.now() - lastAt < silentMs) {
    await delay(5);
  }
  const missing = seen.reduce((sum, times) => sum + Math.max(0, members.length - times), 0);
  const surplus = seen.reduce((sum, times) => sum + Math.max(0, times - members.length), 0);
  return { sent: count, acked: acks, delivered, missing, surplus, refused: refusals.length, refusal: refusals[0], seconds: (lastAt - began) / 1000 };
}

process.on("message", async (order) => {
  const [name, value] = Object.entries(order)[0];
  process.send(await orders[name](value).catch((error) => ({ error: error.message })));
});
process.on("disconnect", () => process.exit());
