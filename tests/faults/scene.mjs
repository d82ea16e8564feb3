// What a fault is given to strike with: the fleet, the load, random moments, and proofs that each strike hit.
import { setTimeout as delay } from "node:timers/promises";
import { isFrozen, stopAtBreakPoint } from "../support/break_points.mjs";
import { until } from "../system/support/until.mjs";
import { committedOffsets, endOffsets } from "./kafka_offsets.mjs";

export class Scene {
  strikes = [];
  notes = [];
  // Further clients that the fault added: they are stopped at the end.
  leaving = [];
  // Strikes after which no ack has come yet.
  #unanswered = [];

  // random: of this fault; short: the quick form; sql: a SqlSession; say(text): for who watches.
  constructor({ fleet, load, ledger, watch, sql, random, short, minutes, say }) {
    Object.assign(this, { fleet, load, ledger, watch, sql, random, short, minutes, say });
    load.watchers.add({ acknowledged: (message, client) => this.#onAck(message, client) });
  }

  // A random moment of the traffic, at most so many messages away.
  async moment(mostMessages = 1500) {
    const target = this.load.sent + this.random.integer(20, mostMessages);
    await until(() => `message ${target}; ${this.load.sent} were sent`, () => this.load.sent >= target, 120_000);
  }

  // How long an outage lasts in "everything at random": at most so many milliseconds.
  outage(mostMs, leastMs = 0) {
    return delay(this.random.integer(leastMs, mostMs));
  }

  // Resolves once all gateways have noticed that a server ("redis", "kafka") is away.
  async noticed(server) {
    for (const gateway of this.fleet.gateways) {
      await until(`${gateway.id} to notice that ${server} is away`, async () => (await degraded(gateway)).includes(server), 60_000);
    }
  }

  // Resolves once clients were refused so many more times.
  async refused(count, code) {
    const target = this.load.refusalsOf(code) + count;
    await until(() => `${target} refusals (${code}); there are ${this.load.refusalsOf(code)}`, () => this.load.refusalsOf(code) >= target, 180_000);
  }

  until(what, condition, deadlineMs = 60_000) {
    return until(what, condition, deadlineMs);
  }

  // Notes a strike of the fault, right before it is dealt. A message is in flight then: one is sent if there is none.
  // hit: whether it is proven; the row is red unless all are. clients: those that the strike concerns, for the time to the
  // first ack; all without it.
  strike(what, { hit = true, clients } = {}) {
    const inFlight = this.load.hasInFlight(clients ?? this.load.clients);
    const strike = { what, at: Date.now(), clients: clients && new Set(clients), hit: hit && inFlight, firstAckMs: null };
    this.strikes.push(strike);
    this.#unanswered.push(strike);
    return strike;
  }

  // SIGKILL. Resolves once the process is gone.
  async kill(server, options) {
    const { process } = server;
    const { pid } = process;
    const strike = this.strike(`${process.name} killed`, options);
    this.watch.expectEnd(pid);
    await process.crash();
    const { signal } = await process.exited;
    strike.hit &&= signal === "SIGKILL";
    return strike;
  }

  // SIGKILL at the service's break point (tests/support/break_points.cpp), which it comes to under the traffic.
  async killAt(service, point, options) {
    await stopAtBreakPoint(service, point);
    return this.kill(service, options);
  }

  // SIGTERM, and all the time that the server takes.
  async stop(server) {
    const strike = this.strike(`${server.process.name} stopped`);
    this.watch.expectEnd(server.pid);
    await server.stop();
    strike.hit &&= !server.process.running;
    return strike;
  }

  // SIGSTOP, until thaw().
  freeze(server, options) {
    const strike = this.strike(`${server.process.name} frozen`, options);
    server.process.freeze();
    return strike;
  }

  thaw(server, strike) {
    strike.hit &&= isFrozen(server.pid);
    server.process.thaw();
  }

  clientsOn(gateway) {
    return this.load.clients.filter(({ gateway: id }) => id === gateway.id);
  }

  note(sentence) {
    this.notes.push(sentence);
    this.say(sentence);
  }

  // How far PostgreSQL is: a map from partition to the next offset to store.
  async positions() {
    return new Map((await this.sql.query("SELECT partition, next_offset FROM positions")).map((row) => row.map(Number)));
  }

  endOffsets() {
    return endOffsets(this.fleet.kafka);
  }

  committedOffsets() {
    return committedOffsets(this.fleet.kafka);
  }

  // Resolves with the seconds until PostgreSQL has all that is in Kafka now.
  async secondsToLagZero(deadlineMs = 120_000) {
    const begin = Date.now();
    let ends = null;
    await until("PostgreSQL to have all that Kafka has", async () => {
      try {
        ends ??= await this.endOffsets();
        const positions = await this.positions();
        return [...ends].every(([partition, end]) => end === 0 || (positions.get(partition) ?? 0) >= end);
      } catch {
        return false;
      }
    }, deadlineMs);
    return (Date.now() - begin) / 1000;
  }

  // The longest time from a strike to the first ack of a message that was sent after it; null where none came.
  get secondsToFirstAck() {
    const times = this.strikes.map(({ firstAckMs }) => firstAckMs);
    return times.length === 0 || times.includes(null) ? null : Math.max(...times) / 1000;
  }

  #onAck(message, client) {
    const answered = ({ at, clients }) => message.lastTryAt > at && (clients?.has(client) ?? true);
    if (this.#unanswered.some(answered)) {
      this.#unanswered.filter(answered).forEach((strike) => (strike.firstAckMs = Date.now() - strike.at));
      this.#unanswered = this.#unanswered.filter(({ firstAckMs }) => firstAckMs === null);
    }
  }
}

async function degraded(service) {
  const { body } = await service.admin("/readyz");
  return body === "" ? [] : JSON.parse(body).degraded ?? [];
}
