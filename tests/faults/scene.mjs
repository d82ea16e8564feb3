// What a fault is given to strike with: the fleet, the load, random moments, and proofs that each strike hit.
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../system/support/until.mjs";
import { committedOffsets, endOffsets } from "./kafka_offsets.mjs";
import { isFrozen } from "./watch.mjs";

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

  // A random moment under traffic, at most so many milliseconds away.
  async moment(mostMs = 1500) {
    await delay(this.random.integer(20, mostMs));
    await until("messages in flight", () => this.load.unanswered > 0, 30_000);
  }

  pause(ms) {
    return delay(ms);
  }

  until(what, condition, deadlineMs = 60_000) {
    return until(what, condition, deadlineMs);
  }

  // Notes a strike of the fault. hit: whether it is proven; the row is red unless all are. clients: whom it concerns, for the
  // time to the first ack; all without it.
  strike(what, { hit = true, clients } = {}) {
    const inFlight = (clients ?? this.load.clients).some(({ pending }) => pending.size > 0);
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
