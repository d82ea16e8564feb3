// Fan-out to native and to Socket.IO members of the gateway, and to those of an ordinary Node server, in one run; see usage.
import { formatTable } from "../system/support/markdown_table.mjs";
import { median } from "./median.mjs";
import { readOptions } from "./options.mjs";

const socketioGoal = 1.1;
const peerGoal = 4;

const usage = `Usage: tests/load/compare [OPTIONS]

Starts Redis, Kafka, PostgreSQL, the persister, one gateway with one worker, and the Node server that a team would write with
socket.io, ioredis and kafkajs (socketio_peer.mjs), all on free ports of this machine. Each serves the same load in turn: members
of one room on WebSockets, a few of whom send at a steady rate and ask for an ack. Prints the CPU-seconds of the server's process
(all threads, in user mode and in the kernel) per million deliveries, and the ratios. Only what one run measured side by side can
be compared, and only on a machine that does nothing else ("all others" is Redis, Kafka, the persister and whatever else runs: where
it is much more in one turn than in another, they are not of one kind). Exit code 1 if a delivery was missing or came twice, or an ack was
missing.

The kernel's part of a delivery is the same for every server that writes each message by itself, and weighs most where messages
are few. Where they are many, a server that joins those of one moment saves it; so the ratio to the Node server depends on the load.

  --loads CxR,…  members and messages a second (1000x100,500x800)
  --seconds N    how long each turn counts (10), after --warmup N (5) seconds that do not
  --rounds N     turns of each server (3); each round begins with another one
  --senders N    members who send (10)
  --size N       characters of a message (64)
  --only NAME,…  some of: native, socketio, peer
  --build DIR    build folder of the services (build/release); or CHAT_BUILD
  --help         this text
`;

const sides = [
  { name: "native", title: "gateway, native", kind: "native", server: "gateway" },
  { name: "socketio", title: "gateway, Socket.IO", kind: "socketio", server: "gateway" },
  { name: "peer", title: "Node server, Socket.IO", kind: "socketio", server: "peer" },
];

const options = readOptions("tests/load/compare", usage, { loads: "1000x100,500x800", seconds: 10, warmup: 5, rounds: 3, senders: 10, size: 64 },
  sides.map(({ name }) => name));
// Only now: the fleet reads CHAT_BUILD when it is loaded.
const { withServers } = await import("./servers.mjs");
const { startCrowd } = await import("./start_crowd.mjs");
process.exitCode = (await withServers(main)) ? 0 : 1;

async function main(servers) {
  let whole = true;
  for (const load of options.loads) {
    const results = await measure(load, servers);
    tellResults(results);
    whole &&= results.every(({ turns }) => turns.every(isWhole));
  }
  return whole;
}

async function measure({ clients, rate }, servers) {
  const results = sides.filter(({ name }) => options.only.includes(name)).map((side) => ({ ...side, turns: [] }));
  console.log(`== ${clients} members of one room, ${rate} messages of ${options.size} characters a second, ${options.seconds} s a turn`);
  for (let round = 0; round < options.rounds; round++) {
    for (const i of results.keys()) {
      const side = results[(round + i) % results.length];
      const turn = await takeTurn(side.kind, servers[side.server], clients, rate);
      side.turns.push(turn);
      tellTurn(round + 1, side.title, turn);
    }
  }
  return results;
}

async function takeTurn(kind, { address, port, pid }, clients, rate) {
  const { warmup, seconds, senders, size } = options;
  const crowd = startCrowd();
  try {
    await crowd.tell("open", { kind, server: { address, port }, count: clients });
    const turn = await crowd.tell("fanOut", { pid, rate, warmUpSeconds: warmup, seconds, senders, size });
    const millions = turn.delivered / 1e6;
    return { ...turn, perMillion: (turn.cpu.user + turn.cpu.system) / millions, userPerMillion: turn.cpu.user / millions };
  } finally {
    await crowd.end();
  }
}

function isWhole({ missing, surplus, sent, acked, refused }) {
  return missing === 0 && surplus === 0 && acked === sent && refused === 0;
}

function tellTurn(round, title, turn) {
  const [server, crowd] = [turn.cpu, turn.crowdCpu].map(({ user, system }) => user + system);
  const cores = (cpu) => (cpu / turn.seconds).toFixed(2);
  console.log(`  round ${round}, ${title.padEnd(22)}  ${turn.perMillion.toFixed(2)} CPU-s per million; ${turn.delivered} deliveries in ${turn.seconds.toFixed(1)} s, ` +
    `${cores(server)} cores, members ${cores(crowd)}, all others ${cores(Math.max(0, turn.busySeconds - server - crowd))}`);
  if (!isWhole(turn)) {
    console.log(`    missing ${turn.missing}, surplus ${turn.surplus}, acked ${turn.acked} of ${turn.sent}, refused ${turn.refused} ${turn.refusal ?? ""}`);
  }
}

function tellResults(results) {
  console.log(`\n${formatTable(columns(), results)}\n`);
  const turnsOf = (name) => results.find((side) => side.name === name)?.turns;
  const [native, socketio, peer] = sides.map(({ name }) => turnsOf(name));
  tellRatio("gateway, Socket.IO / native", socketio, native, `at most ${socketioGoal}`, (ratio) => ratio <= socketioGoal);
  tellRatio("Node server / gateway, Socket.IO", peer, socketio, `at least ${peerGoal}`, (ratio) => ratio >= peerGoal);
  console.log();
}

function columns() {
  const medianOf = (valueOf) => ({ turns }) => median(turns.map(valueOf));
  const totalOf = (valueOf) => ({ turns }) => turns.map(valueOf).reduce((total, value) => total + value, 0);
  const fixed = (valueOf, digits) => (row) => valueOf(row).toFixed(digits);
  return [
    ["CPU-s per million deliveries", ({ title }) => title],
    ...Array.from({ length: options.rounds }, (_, i) => [`round ${i + 1}`, ({ turns }) => turns[i].perMillion.toFixed(2)]),
    ["median", fixed(medianOf(({ perMillion }) => perMillion), 2)],
    ["user mode", fixed(medianOf(({ userPerMillion }) => userPerMillion), 2)],
    ["deliveries/s", fixed(medianOf(({ delivered, seconds }) => delivered / seconds), 0)],
    ["deliveries", totalOf(({ delivered }) => delivered)],
    ["missing", totalOf(({ missing }) => missing)],
    ["surplus", totalOf(({ surplus }) => surplus)],
    ["unacknowledged", totalOf(({ sent, acked }) => sent - acked)],
  ];
}

function tellRatio(what, above, below, goal, isMet) {
  if (!above || !below) {
    return;
  }
  const ratios = above.map(({ perMillion }, round) => perMillion / below[round].perMillion);
  const middle = median(ratios);
  console.log(`${what}: ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}; median ${middle.toFixed(2)}, goal ${goal}, ${isMet(middle) ? "met" : "missed"}`);
}
