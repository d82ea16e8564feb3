// The load of one fault: clients on all gateways, members of several rooms each, that send at a steady rate until they are
// told to finish.
import { randomUUID } from "node:crypto";
import { until } from "../system/support/until.mjs";
import { LoadClient } from "./load_client.mjs";

const tickMs = 5;
const words = "the quick brown fox jumps over a lazy dog naïve café Grüße 漢字 Привет 😀 \"quoted\" back\\slash <b>tag</b> tab\there".split(" ");

export class Load {
  #budget = 0;
  #turn = 0;
  #timers = [];
  #counter = 0;

  // urls: the gateways'; clients: how many; rooms, roomsEach: how many there are and how many of them one is in; inFlight:
  // sends of one client that wait for their ack at most; perSecond: sends of all together; texts(n): a message's text.
  constructor({ urls, ledger, random, clients = 12, rooms = 6, roomsEach = 3, inFlight = 16, perSecond = 1000, finishPerSecond = 3 * perSecond, texts, mayComeBackAfterMs, name = "room" }) {
    Object.assign(this, { ledger, random, inFlight, perSecond, finishPerSecond, textOf: texts ?? ((n) => this.#usualText(n)) });
    const run = randomUUID().slice(0, 8);
    this.rooms = Array.from({ length: rooms }, (_, i) => `${name}-${run}-${i}`);
    this.refusals = new Map();
    this.watchers = new Set();
    this.clients = Array.from({ length: clients }, (_, i) => this.addClient({
      name: `member ${i}`,
      urls,
      first: i,
      // Neighbours share rooms, so that every room has members on every gateway.
      rooms: Array.from({ length: roomsEach }, (_, r) => this.rooms[(i + r) % rooms]),
      mayComeBackAfterMs,
    }));
  }

  // A client that is not asked to send, unless it is put into `clients`.
  addClient(options) {
    return new LoadClient({ ledger: this.ledger, random: this.random, ...options, events: {
      acknowledged: (message, client) => this.watchers.forEach((watcher) => watcher.acknowledged?.(message, client)),
      shown: (message, client) => this.watchers.forEach((watcher) => watcher.shown?.(message, client)),
      stored: (message, client) => this.watchers.forEach((watcher) => watcher.stored?.(message, client)),
      refused: (frame) => this.refusals.set(frame.code, (this.refusals.get(frame.code) ?? 0) + 1),
    } });
  }

  async joined(deadlineMs = 60_000) {
    await until(() => `${this.clients.filter(({ joined }) => !joined).length} clients to join`, () => this.clients.every(({ joined }) => joined), deadlineMs);
  }

  // Begins to send.
  start() {
    let last = performance.now();
    this.#timers.push(setInterval(() => {
      const now = performance.now();
      this.#budget = Math.min(this.#budget + ((now - last) / 1000) * this.perSecond, this.perSecond / 10);
      last = now;
      this.#spend();
    }, tickMs));
    this.#timers.push(setInterval(() => this.clients.forEach((client) => client.nudge()), 1000));
  }

  get sent() {
    return this.ledger.messages.size;
  }

  get acked() {
    return this.ledger.acked;
  }

  // How often clients got this error code.
  refusalsOf(code) {
    return this.refusals.get(code) ?? 0;
  }

  // Messages that wait for their ack.
  get unanswered() {
    return this.clients.reduce((sum, { pending }) => sum + pending.size, 0);
  }

  // Whether one of these clients waits for an ack; if none does, one of them sends a message first.
  hasInFlight(clients) {
    const waits = () => clients.some(({ pending }) => pending.size > 0);
    if (!waits()) {
      const client = clients.find(({ joined, rooms }) => joined && rooms.length > 0);
      client?.send(this.random.pick(client.rooms), this.textOf(this.#counter++));
    }
    return waits();
  }

  // Resolves once so many more messages were acknowledged.
  async more(count, deadlineMs = 60_000) {
    const target = this.acked + count;
    await until(() => `${target} acks; there are ${this.acked}`, () => this.acked >= target, deadlineMs);
  }

  // Sends until `count` messages are sent, at `finishPerSecond`, and waits for all acks. Resolves with whether
  // all came before the deadline.
  async finish(count, deadlineMs = 120_000) {
    this.perSecond = this.finishPerSecond;
    const deadline = Date.now() + deadlineMs;
    const met = (condition) => until("", condition, deadline - Date.now()).then(() => true, () => false);
    const all = await met(() => this.sent >= count);
    this.perSecond = 0;
    return (await met(() => this.unanswered === 0)) && all;
  }

  stop() {
    this.#timers.forEach(clearInterval);
    this.clients.forEach((client) => client.stop());
  }

  #spend() {
    for (let idle = 0; this.#budget >= 1 && idle < this.clients.length; ) {
      const client = this.clients[this.#turn++ % this.clients.length];
      if (client.pending.size < this.inFlight && client.rooms.length > 0) {
        client.send(this.random.pick(client.rooms), this.textOf(this.#counter++));
        this.#budget--;
        idle = 0;
      } else {
        idle++;
      }
    }
  }

  #usualText(n) {
    const count = this.random.integer(3, 25);
    return `${n} ${Array.from({ length: count }, () => this.random.pick(words)).join(" ")}`;
  }
}
