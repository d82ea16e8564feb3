// What the gateway and the persister have in common: an environment, an admin port, JSON logs.
import { requireFile } from "./paths.mjs";
import { Process, patience } from "./process.mjs";

export class Service {
  // name: in messages and the log's file name; binary: absolute path; env: all settings; adminPort: where /readyz answers.
  constructor({ name, binary, env, address = "127.0.0.1", adminPort, logFile, pidFile }) {
    Object.assign(this, { name, address, adminPort, env });
    this.process = new Process({
      name,
      command: requireFile(binary, "build it with deploy/local/setup"),
      env: { ADMIN_ADDRESS: address, ADMIN_PORT: String(adminPort), ...env },
      logFile,
      pidFile,
      stopDeadlineMs: 20_000,
    });
  }

  get pid() {
    return this.process.pid;
  }

  // Another build of the service, from the next start on.
  use(binary) {
    this.process.command = requireFile(binary, "build it first");
  }

  // Changed settings count from the next start on.
  setEnv(changes) {
    Object.assign(this.process.env, changes);
  }

  async start() {
    await this.process.start(async () => (await this.admin("/readyz")).status === 200);
  }

  // Asks it to end and resolves with {code, signal}.
  stop() {
    return this.process.stop();
  }

  kill(signal) {
    this.process.kill(signal);
  }

  // Ends it at once (SIGKILL), as a crash would.
  crash() {
    return this.process.crash();
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  // GETs a path of the admin port and resolves with {status, body}; status 0 when nobody answers.
  async admin(path) {
    try {
      const response = await fetch(`http://${this.address}:${this.adminPort}${path}`, { signal: AbortSignal.timeout(2000 * patience) });
      return { status: response.status, body: await response.text() };
    } catch {
      return { status: 0, body: "" };
    }
  }

  // Resolves with the value of one metric, added up over its labels, or over the lines that match the pattern
  // `label` (cause="join"); null if it does not exist.
  async metric(name, label = "") {
    const { body } = await this.admin("/metrics");
    const values = body
      .split("\n")
      .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.search(label) >= 0)
      .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  }
}
