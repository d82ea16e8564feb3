// Thousands of members of room `general` in processes of their own, half of them unmodified Socket.IO clients, that come
// through NGINX processes; and a few senders in this process whose every message is in a ledger.
import { fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Nginx } from "../../../deploy/local/fleet/nginx.mjs";
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { check } from "../checker.mjs";
import { Ledger } from "../ledger.mjs";
import { LoadClient } from "../load_client.mjs";
import { Random } from "../random.mjs";
import { readStored } from "../run_fault.mjs";
import { until } from "../../system/support/until.mjs";
import { percentiles } from "./percentiles.mjs";
import { tellAll } from "./tell_all.mjs";

const balancerCount = 4;
const senderCount = 8;
const room = "general";
// Each has so many tenths of its kind.
const processes = [{ kind: "upgrade", parts: 1 }, ...Array(3).fill({ kind: "websocket", parts: 3 }), ...Array(2).fill({ kind: "native", parts: 5 })];
const patienceMs = 240_000;
const tenthsOfASecond = 10;

export class Herds {
  #balancers = [];
  #herds = [];
  #timer;
  ledger = new Ledger();

  // each: how many native and how many Socket.IO members. One in ten of the latter polls first and upgrades, as the client
  // does by itself; that is six requests a connect, and costs the clients' own processes most.
  static async start(fleet, { each, seed, say }) {
    const herds = new Herds();
    Object.assign(herds, { fleet, each, say });
    await herds.#startBalancers();
    const began = Date.now();
    // Each in a session of its own, as the servers are: Linux divides the processors among sessions first. They end with this
    // process.
    for (const { kind, parts } of processes) {
      herds.#herds.push({ kind, count: (each * parts) / 10, child: fork(join(import.meta.dirname, "herd.mjs"), { detached: true }) });
    }
    try {
      await herds.#tellAll(({ kind, count }, i) => ({ connect: { kind, count, urls: herds.#urls, seed: seed + i, deadline: Date.now() + patienceMs } }));
      await until(`${2 * each} members to be there`, async () => (await herds.present()) === 2 * each, 60_000);
      say(`${each} Socket.IO and ${each} native members were connected after ${((Date.now() - began) / 1000).toFixed(0)} s`);
      herds.#startSenders(seed);
      await until("the senders to join", () => herds.senders.every(({ joined }) => joined), 30_000);
    } catch (error) {
      await herds.stop();
      throw error;
    }
    return herds;
  }

  // Begins to send at this rate, and resolves once every member has seen a message.
  async send(perSecond) {
    let turn = 0;
    this.#timer = setInterval(() => {
      this.senders[turn % senderCount].send(room, `message ${turn++}`);
      this.senders.forEach((sender) => sender.nudge());
    }, 1000 / perSecond);
    await until("a message", () => this.ledger.acked > 0, 30_000);
    await this.#allSee();
  }

  // How many members are connected.
  async present() {
    return (await this.#tellAll(() => ({ present: {} }))).reduce((sum, { present }) => sum + present, 0);
  }

  // Ends the sending, and resolves with what the table needs once every member has seen the last message and it is stored.
  async finish() {
    clearInterval(this.#timer);
    await until("the acks", () => this.senders.every(({ pending }) => pending.size === 0), 60_000);
    const unseen = await this.#allSee();
    const rows = async () => Number((await this.fleet.postgres.query(`SELECT count(*) AS rows FROM messages WHERE room = '${room}'`))[0].rows);
    await until("the rows", async () => (await rows()) >= this.ledger.messages.size, 60_000);
    const reports = await this.#tellAll(() => ({ report: {} }));
    this.senders.forEach((sender) => sender.stop());
    await readStored(this.fleet, [room], [], this.ledger);
    const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
    const counts = check(this.ledger);
    counts.lost += sum("gaps") + unseen;
    counts.duplicated += sum("repeats");
    const [recovered, notRecovered] = [sum("recovered"), sum("notRecovered")];
    if (notRecovered > 0) {
      counts.unexpected += notRecovered;
      counts.examples.push(`unexpected: ${notRecovered} of ${recovered + notRecovered} Socket.IO clients were not recovered`);
    }
    return { counts, recovered, notRecovered, ...this.#times(reports) };
  }

  // What the members of each kind did without, in words, and the most connects within one second.
  #times(reports) {
    const longestOf = (...wanted) => reports.filter((_, i) => wanted.includes(this.#herds[i].kind)).flatMap(({ longestMs }) => longestMs).filter((ms) => ms > 0);
    const connects = new Map();
    reports.flatMap((report) => report.connects).forEach(([tenth, count]) => connects.set(tenth, (connects.get(tenth) ?? 0) + count));
    const within = (tenth) => Array.from({ length: tenthsOfASecond }, (_, i) => connects.get(tenth + i) ?? 0).reduce((a, b) => a + b, 0);
    const all = longestOf("websocket", "upgrade", "native").sort((a, b) => a - b);
    this.say(`what Socket.IO members noticed: ${[...new Set(reports.flatMap(({ reasons }) => reasons))].join(", ")}`);
    this.say(`longest absence of each Socket.IO member over WebSocket: ${percentiles(longestOf("websocket"), "ms")}`);
    this.say(`longest absence of each Socket.IO member that polls first: ${percentiles(longestOf("upgrade"), "ms")}`);
    this.say(`longest absence of each native member: ${percentiles(longestOf("native"), "ms")}`);
    return { p99Ms: all[Math.floor(all.length * 0.99)] ?? NaN, peakConnects: Math.max(0, ...[...connects.keys()].map(within)) };
  }

  async stop() {
    clearInterval(this.#timer);
    this.senders?.forEach((sender) => sender.stop());
    this.#herds.forEach(({ child }) => child.kill("SIGKILL"));
    await Promise.all(this.#balancers.slice(1).map((nginx) => nginx.stop()));
  }

  // Resolves with the number of members that have not seen the newest message by the deadline.
  async #allSee() {
    const newest = [...this.ledger.messages.values()].filter(({ acks }) => acks.length > 0).at(-1).acks[0];
    const answers = await this.#tellAll(() => ({ seen: { newest, deadline: Date.now() + 60_000 } }));
    return 2 * this.each - answers.reduce((sum, { seen }) => sum + seen, 0);
  }

  get #urls() {
    return this.#balancers.map(({ address, port }) => `http://${address}:${port}`);
  }

  // A process of NGINX may open 20,000 files, and a client takes two of them.
  async #startBalancers() {
    const { nginx, address, folder, gateways } = this.fleet;
    this.#balancers = [nginx];
    for (let i = 1; i < balancerCount; i++) {
      const [port, webPort] = await freePorts(2, address);
      const own = join(folder, `nginx-${i}`);
      mkdirSync(own, { recursive: true });
      const more = new Nginx({ folder: own, logFile: join(folder, "logs", `nginx-${i}.log`), address, port, webPort, gateways });
      await more.start();
      this.#balancers.push(more);
    }
  }

  // They come through NGINX too, and stay until they are closed.
  #startSenders(seed) {
    const random = new Random(seed, "senders");
    this.senders = Array.from({ length: senderCount }, (_, i) => new LoadClient({ name: `sender ${i}`, urls: [this.#balancers[i % balancerCount].socketUrl],
      rooms: [room], ledger: this.ledger, random }));
  }

  // Gives every process its order, orderOf(herd, index), and resolves with the answers.
  #tellAll(orderOf) {
    return tellAll(this.#herds.map(({ child }) => child), (i) => orderOf(this.#herds[i], i), patienceMs + 60_000);
  }
}
