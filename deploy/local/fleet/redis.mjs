// A Redis server with a password and an append-only file.
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Process } from "./process.mjs";

export class Redis {
  // folder: data, configuration and pid file; logFile; address and port to listen on; password; lines: more of its configuration.
  constructor({ folder, logFile, address = "127.0.0.1", port, password, lines = [] }) {
    Object.assign(this, { folder, address, port, password, lines });
    this.process = new Process({
      name: "Redis",
      command: "redis-server",
      args: [join(folder, "redis.conf")],
      logFile,
      pidFile: join(folder, "pid"),
    });
  }

  get pid() {
    return this.process.pid;
  }

  get env() {
    return { REDIS_HOST: this.address, REDIS_PORT: String(this.port), REDIS_PASSWORD: this.password, REDIS_DB: "0" };
  }

  async start() {
    mkdirSync(join(this.folder, "data"), { recursive: true });
    const lines = [
      `bind ${this.address}`,
      `port ${this.port}`,
      "protected-mode yes",
      `requirepass ${this.password}`,
      `dir ${JSON.stringify(join(this.folder, "data"))}`,
      "appendonly yes",
      "appendfsync everysec",
      'save ""',
      "daemonize no",
      'logfile ""',
      ...this.lines,
    ];
    writeFileSync(join(this.folder, "redis.conf"), lines.join("\n") + "\n", { mode: 0o600 });
    await this.process.start(() => this.#answersPing());
  }

  stop() {
    return this.process.stop();
  }

  kill(signal) {
    this.process.kill(signal);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  async #answersPing() {
    try {
      return (await this.command("PING")) === "+PONG\r\n";
    } catch {
      return false;
    }
  }

  // Sends one command and resolves with the raw reply's first part: enough for PING, FLUSHALL, DBSIZE and the like.
  command(...words) {
    const encode = (list) => `*${list.length}\r\n${list.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
    return new Promise((done, fail) => {
      const socket = connect({ port: this.port, host: this.address });
      let received = "";
      socket.setEncoding("utf8");
      socket.setTimeout(2000, () => socket.destroy(new Error("Redis did not answer within 2 s.")));
      socket.once("error", fail);
      socket.once("close", () => fail(new Error("Redis closed the connection.")));
      socket.on("data", (chunk) => {
        received += chunk;
        const ok = "+OK\r\n";
        if (received.startsWith(ok) && received.length > ok.length) {
          done(received.slice(ok.length));
          socket.destroy();
        } else if (!ok.startsWith(received) && !received.startsWith(ok)) {
          fail(new Error(`Redis refused the password: ${received.trim()}`));
          socket.destroy();
        }
      });
      socket.write(encode(["AUTH", this.password]) + encode(words));
    });
  }
}
