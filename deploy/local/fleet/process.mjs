// One server process: started with a log file, waited for, stopped by its pid, never left behind.
import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export const isRoot = process.getuid() === 0;
const run = promisify(execFile);

// By how much every deadline grows: for slow machines, and for the slow builds of tests/deep.
export const patience = Number(process.env.CHAT_PATIENCE || 1);

export class Process {
  #child = null;
  #exit = null;

  // name: shown in messages; command, args, env, cwd: as for spawn, the environment is not inherited but for a few names;
  // logFile: gets stdout and stderr, appended; pidFile: tells a later start about a process that may still be ending;
  // user: run as this user (root only); stopSignal: asks it to end (SIGTERM).
  constructor(options) {
    Object.assign(this, { args: [], env: {}, cwd: undefined, user: undefined, stopSignal: "SIGTERM", stopDeadlineMs: 10_000 }, options);
    this.stopDeadlineMs *= patience;
  }

  get pid() {
    return this.#child?.pid;
  }

  get running() {
    return this.#child !== null && this.#exit === null;
  }

  // Resolves with {code, signal} when the process has ended.
  get exited() {
    return this.#child.exited;
  }

  // Starts the process and resolves once `isReady` (async, polled) says true. If the process ends first or the deadline
  // passes it is stopped and the error shows the end of its log.
  async start(isReady, deadlineMs = 180_000) {
    if (this.running) {
      throw new Error(`${this.name} already runs (pid ${this.pid}).`);
    }
    await this.#waitForPredecessor();
    const logStart = existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    this.#spawn();
    const deadline = Date.now() + deadlineMs;
    while (this.running) {
      if (await isReady()) {
        return;
      }
      if (Date.now() > deadline) {
        await this.stop();
        throw new Error(`${this.name} was not ready within ${deadlineMs / 1000} s.${this.#logSince(logStart)}`);
      }
      await Promise.race([delay(25), this.exited]);
    }
    throw new Error(`${this.name} ended while starting (${describeExit(this.#exit)}).${this.#logSince(logStart)}`);
  }

  // Asks the process to end, kills it after the deadline, and resolves with {code, signal}.
  async stop() {
    if (!this.#child) {
      return null;
    }
    if (this.running) {
      this.kill(this.stopSignal);
      this.kill("SIGCONT");
      const killer = setTimeout(() => this.kill("SIGKILL"), this.stopDeadlineMs);
      await this.exited;
      clearTimeout(killer);
    }
    return this.#exit;
  }

  // Sends a signal to this process alone. After SIGKILL, `exited` tells when it is gone.
  kill(signal) {
    if (this.running) {
      this.#child.kill(signal);
    }
  }

  // Ends the process at once, as a crash would.
  async crash() {
    this.kill("SIGKILL");
    await this.exited;
  }

  // Freezes the process and all its descendants: connections stay open and nothing answers, until thaw().
  freeze() {
    this.#signalTree("SIGSTOP");
  }

  thaw() {
    this.#signalTree("SIGCONT");
  }

  readLog() {
    return existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
  }

  #spawn() {
    mkdirSync(dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, "a", 0o600);
    // The kernel ends the process when its starter dies, even by SIGKILL. A change of user clears that wish, so it is made after.
    let command = ["setpriv", "--pdeathsig", this.stopSignal.slice(3), this.command, ...this.args];
    let home = userInfo().homedir;
    if (this.user) {
      command = ["setpriv", `--reuid=${this.user}`, `--regid=${this.user}`, "--init-groups", ...command];
      home = "/";
    }
    // A session of its own: Ctrl-C in the terminal reaches only the starter, which stops the servers in order.
    const child = spawn(command[0], command.slice(1), {
      cwd: this.cwd ?? (this.user ? "/" : undefined),
      env: { PATH: process.env.PATH, HOME: home, LANG: "C.UTF-8", ...this.env },
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    this.#exit = null;
    this.#child = child;
    child.exited = new Promise((done) => {
      const finish = (exit) => {
        if (this.#child === child) {
          this.#exit = exit;
        }
        done(exit);
      };
      child.once("exit", (code, signal) => finish({ code, signal }));
      child.once("error", (error) => finish({ code: null, signal: null, error }));
    });
    if (this.pidFile && child.pid) {
      writeFileSync(this.pidFile, `${child.pid} ${startTime(child.pid)}\n`);
    }
  }

  async #waitForPredecessor() {
    if (!this.pidFile || !existsSync(this.pidFile)) {
      return;
    }
    const [pid, since] = readFileSync(this.pidFile, "utf8").split(" ").map(Number);
    const deadline = Date.now() + this.stopDeadlineMs;
    while (isAlive(pid, since)) {
      if (Date.now() > deadline) {
        throw new Error(`${this.name} still runs from an earlier start (pid ${pid}): stop it first.`);
      }
      await delay(50);
    }
    rmSync(this.pidFile, { force: true });
  }

  #signalTree(signal) {
    for (const pid of this.running ? descendants(this.pid) : []) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if (error.code !== "ESRCH") {
          throw error;
        }
      }
    }
  }

  #logSince(start) {
    const lines = readFileSync(this.logFile).subarray(start).toString("utf8").trim().split("\n").slice(-15);
    return ` The end of its log (${this.logFile}):\n  ${lines.join("\n  ")}`;
  }
}

// Runs a program to its end and resolves with its stdout; on failure the error carries the end of its output.
export async function runToEnd(command, args, options = {}) {
  const { input, user, env = {}, timeoutMs = 180_000 } = options;
  const full = user ? ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", command, ...args] : [command, ...args];
  const pending = run(full[0], full.slice(1), {
    cwd: user ? "/" : undefined,
    env: { PATH: process.env.PATH, HOME: user ? "/" : userInfo().homedir, LANG: "C.UTF-8", ...env },
    maxBuffer: 256 * 1024 * 1024,
    timeout: timeoutMs,
  });
  pending.child.stdin.on("error", () => {});
  pending.child.stdin.end(input ?? "");
  try {
    return (await pending).stdout;
  } catch (error) {
    const output = `${error.stdout ?? ""}${error.stderr ?? ""}`.trim().split("\n").slice(-10).join("\n  ");
    throw new Error(`${command} failed (${error.killed ? "too slow" : (error.code ?? error.signal)}):\n  ${output}`);
  }
}

// The clock tick at which a process began: with it a pid names one process for ever, even after the number is used again.
export function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return null;
  }
}

export function isAlive(pid, since) {
  const started = startTime(pid);
  return started !== null && started === since;
}

function descendants(pid) {
  const children = readdirSync(join("/proc", String(pid), "task")).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(descendants)];
}

function describeExit({ code, signal, error }) {
  return error ? error.message : signal ? `signal ${signal}` : `exit code ${code}`;
}
