// A chat client of another language, as tests/clients has it, in a process of its own.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { requireFile, root } from "../../../deploy/local/fleet/paths.mjs";
import { until } from "./until.mjs";

const built = join(root, "build/clients");
const sources = join(root, "tests/clients");
const pythonClient = (file) => [join(built, "venv/bin/python"), join(sources, "python", file)];

// library: its program with the first arguments.
const programs = {
  "python-socketio": pythonClient("threads.py"),
  "python-socketio with asyncio": pythonClient("tasks.py"),
  "websockets": pythonClient("native.py"),
  "socket.io-client for Java": ["java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", `${join(built, "java")}:${join(built, "java/*")}`, "Chat"],
  "socket.io for Go": [join(built, "go/chat")],
  "gorilla/websocket": [join(built, "go/chat")],
};

export class ForeignClient {
  constructor(library, transport, url) {
    Object.assign(this, { name: `${library} over ${transport}`, transport, connects: 0, isConnected: false, messages: [], acks: new Map(), complaints: "" });
    const [program, ...first] = programs[library];
    requireFile(program.includes("/") ? program : join(built, "java/Chat.class"), "make it with tests/clients/setup");
    this.process = spawn(program, [...first, url, transport], { stdio: ["pipe", "pipe", "pipe"] });
    this.process.stdin.on("error", () => {}); // its end is told by `ended`
    this.process.stderr.setEncoding("utf8").on("data", (text) => (this.complaints = (this.complaints + text).slice(-2000)));
    this.ended = new Promise((done) => this.process.once("close", (code, signal) => done((this.exit = { code, signal }))));
    createInterface(this.process.stdout).on("line", (line) => this.#onLine(JSON.parse(line)));
  }

  // It sends the message until it has its ack.
  send(id, text) {
    this.process.stdin.write(`${JSON.stringify({ id, text })}\n`);
  }

  // Resolves once the condition holds; fails when the program ended.
  until(what, condition, deadlineMs = 30_000) {
    return until(() => `${what} of ${this.name}; ${this.messages.length} messages, ${this.acks.size} acks. ${this.complaints}`, () => {
      if (this.exit) {
        throw new Error(`${this.name} ended (${this.exit.signal ?? this.exit.code}): ${this.complaints}`);
      }
      return condition();
    }, deadlineMs);
  }

  // Ends it, and resolves with {code, signal}.
  end() {
    this.process.stdin.end();
    return this.ended;
  }

  #onLine({ event, ...line }) {
    if (event === "connected" || event === "disconnected") {
      this.isConnected = event === "connected";
      this.connects += Number(this.isConnected);
    } else if (event === "message") {
      this.messages.push(line);
    } else if (event === "ack") {
      this.acks.set(line.id, line);
    }
  }
}
