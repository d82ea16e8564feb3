// Watches the services of a fleet while a fault runs: peak memory, gaps that gateways gave up, processes that end by
// themselves, reports of sanitizers.
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isFrozen } from "../support/break_points.mjs";

const everyMs = 400;
const report = /AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:/;

export class Watch {
  #expected = new Set();
  #gaps = new Map();
  #running;
  #stopped = false;
  #logStarts = new Map();
  peakKib = { gateway: 0, persister: 0 };

  // Resolves with a watch that has looked once, so that only what comes from now on counts.
  static async start(fleet, ledger) {
    const watch = new Watch();
    Object.assign(watch, { fleet, ledger });
    for (const service of watch.#services) {
      watch.#logStarts.set(service, service.process.readLog().length);
      forgetPeak(service.pid);
    }
    await watch.#look();
    watch.#gaps.forEach((gaps) => (gaps.first = gaps.last));
    watch.#running = watch.#run();
    return watch;
  }

  // This process is about to be ended on purpose.
  expectEnd(pid) {
    this.#expected.add(pid);
  }

  // Resolves with how much chat_gaps_unrepaired_total grew, over all gateways and their restarts.
  async finish() {
    this.#stopped = true;
    await this.#running;
    await this.#look();
    for (const service of this.#services) {
      const log = service.process.readLog().slice(this.#logStarts.get(service) ?? 0);
      log.split("\n").filter((line) => report.test(line)).forEach((line) => this.ledger.surprise(`${service.name}: ${line}`));
    }
    return [...this.#gaps.values()].reduce((sum, { first, last }) => sum + last - first, 0);
  }

  get #services() {
    return [...this.fleet.gateways, ...this.fleet.persisters];
  }

  async #run() {
    while (!this.#stopped) {
      await this.#look();
      await delay(everyMs);
    }
  }

  async #look() {
    await Promise.all(this.#services.map((service) => this.#lookAt(service)));
  }

  async #lookAt(service) {
    const { pid } = service;
    if (pid === undefined) {
      return;
    }
    if (!service.process.running) {
      if (!this.#expected.has(pid)) {
        this.#expected.add(pid);
        const { code, signal } = await service.process.exited;
        this.ledger.surprise(`${service.name} ended by itself (${signal ?? `exit code ${code}`}); see ${service.process.logFile}`);
      }
      return;
    }
    const kind = this.fleet.gateways.includes(service) ? "gateway" : "persister";
    this.peakKib[kind] = Math.max(this.peakKib[kind], peakOf(pid));
    if (kind === "gateway" && !isFrozen(pid)) {
      const gaps = await service.metric("chat_gaps_unrepaired_total").catch(() => null);
      if (gaps !== null && service.pid === pid) {
        this.#gaps.set(pid, { first: this.#gaps.get(pid)?.first ?? 0, last: gaps });
      }
    }
  }
}

// Kilobytes that the process held at most since forgetPeak; 0 when it is gone.
export function peakOf(pid) {
  return statusNumber(pid, "VmHWM");
}

export function residentOf(pid) {
  return statusNumber(pid, "VmRSS");
}

function statusNumber(pid, name) {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
  } catch {
    return 0;
  }
}

function forgetPeak(pid) {
  const peakResidentSize = "5";
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, peakResidentSize);
  } catch {
    // Without that right the peak is that of the process's whole life.
  }
}
