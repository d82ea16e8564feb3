// Memory of a server per session that does nothing; see usage.
import { setTimeout as delay } from "node:timers/promises";
import { formatTable } from "../system/support/markdown_table.mjs";
import { median } from "./median.mjs";
import { readOptions } from "./options.mjs";

const pollingGoalKib = 12;
// Opened first, so that what a server makes only once is not counted.
const firstSessions = 200;
const scrapes = 21;

const usage = `Usage: tests/load/idle [OPTIONS]

Starts Redis, Kafka, PostgreSQL, the persister, one gateway with one worker, and the Node server of socketio_peer.mjs, all on free
ports of this machine. Opens ${firstSessions} sessions, then those that count, lets them rest for longer than a ping takes to come
round, and prints by how much the server's resident memory grew per session. The server is started anew for each kind of session. A
polling session has its held GET. "scrape ms" is the median time of GET /metrics meanwhile. Exit code 1 if a session was refused, or lost meanwhile.

  --sessions N  sessions of each kind (5000); this process needs as many open files, and so does the server
  --seconds N   how long they rest (60)
  --only NAME,… some of: native, socketio, polling, peer-socketio, peer-polling
  --build DIR   build folder of the services (build/release); or CHAT_BUILD
  --help        this text
`;

const sides = [
  { name: "native", title: "gateway, native WebSocket", kind: "native", server: "gateway" },
  { name: "socketio", title: "gateway, Socket.IO WebSocket", kind: "socketio", server: "gateway" },
  { name: "polling", title: "gateway, Socket.IO long polling", kind: "polling", server: "gateway" },
  { name: "peer-socketio", title: "Node server, Socket.IO WebSocket", kind: "socketio", server: "peer" },
  { name: "peer-polling", title: "Node server, Socket.IO long polling", kind: "polling", server: "peer" },
];

const columns = [
  ["idle sessions", ({ title }) => title],
  ["KiB each", ({ kib }) => kib.toFixed(1)],
  ["KiB when opened", ({ kibOpened }) => kibOpened.toFixed(1)],
  ["CPU ms to open one", ({ openMs }) => openMs.toFixed(2)],
  ["cores while idle", ({ cores }) => cores.toFixed(3)],
  ["scrape ms", ({ scrapeMs }) => scrapeMs?.toFixed(1)],
  ["lost", ({ lost }) => lost],
];

const options = readOptions("tests/load/idle", usage, { sessions: 5000, seconds: 60 }, sides.map(({ name }) => name));
// Only now: the fleet reads CHAT_BUILD when it is loaded.
const { cpuSeconds, cpuSecondsSince, residentKib } = await import("./proc.mjs");
const { withServers } = await import("./servers.mjs");
const { startCrowd } = await import("./start_crowd.mjs");
process.exitCode = (await withServers(main)) ? 0 : 1;

async function main(servers) {
  const rows = [];
  const failures = [];
  for (const side of sides.filter(({ name }) => options.only.includes(name))) {
    console.log(`  ${side.title}: ${options.sessions} sessions rest for ${options.seconds} s`);
    await measure(side.kind, servers[side.server]).then(
      (row) => rows.push({ ...side, ...row }),
      (error) => failures.push(`${side.title}: ${error.message}`),
    );
  }
  console.log(`\n${formatTable(columns, rows)}\n`);
  failures.forEach((failure) => console.log(failure));
  rows.filter(({ lost }) => lost > 0).forEach(({ title, lost, refusal }) => console.log(`${title}: ${lost} sessions were lost. ${refusal ?? ""}`));
  const polling = rows.find(({ name }) => name === "polling");
  if (polling) {
    console.log(`idle polling session: ${polling.kib.toFixed(1)} KiB, goal at most ${pollingGoalKib}, ${polling.kib <= pollingGoalKib ? "met" : "missed"}`);
  }
  return failures.length === 0 && rows.every(({ lost }) => lost === 0);
}

async function measure(kind, server) {
  await server.restart();
  const { address, port, pid } = server;
  const crowd = startCrowd();
  const open = (count) => crowd.tell("open", { kind, server: { address, port }, count });
  try {
    await open(firstSessions);
    const [kibBefore, cpuBefore] = [residentKib(pid), cpuSeconds(pid)];
    await open(options.sessions);
    const [kibOpened, cpuOpened] = [residentKib(pid), cpuSeconds(pid)];
    const opening = total(cpuSecondsSince(pid, cpuBefore));
    await delay(options.seconds * 1000);
    const { alive, refusal } = await crowd.tell("state");
    return {
      kibOpened: (kibOpened - kibBefore) / options.sessions,
      kib: (residentKib(pid) - kibBefore) / options.sessions,
      openMs: (opening * 1000) / options.sessions,
      cores: total(cpuSecondsSince(pid, cpuOpened)) / options.seconds,
      scrapeMs: server.admin && (await scrapeTime(server)),
      lost: firstSessions + options.sessions - alive,
      refusal,
    };
  } finally {
    await crowd.end();
  }
}

// The median time of GET /metrics, with the connection that Prometheus would keep.
async function scrapeTime(server) {
  const times = [];
  for (let i = 0; i < scrapes; i++) {
    const begin = performance.now();
    await server.admin("/metrics");
    times.push(performance.now() - begin);
  }
  return median(times);
}

function total({ user, system }) {
  return user + system;
}
