// One psql that stays open, for questions that are asked many times a second.
import { spawn } from "node:child_process";
import { join } from "node:path";

const end = "end-of-answer";

export class SqlSession {
  #child = null;
  #output = "";
  #waiting = null;
  #last = Promise.resolve();

  // postgres: of the fleet; the session is the superuser's.
  constructor(postgres) {
    this.postgres = postgres;
  }

  // Resolves with the answer's rows as lists of strings. Rejects when the statement fails, or the connection does twice: the
  // first time it may be that of a server that is gone.
  query(sql) {
    const answer = this.#last.then(() => this.#ask(sql).catch(() => this.#ask(sql)));
    this.#last = answer.catch(() => {});
    return answer;
  }

  close() {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  #ask(sql) {
    this.#child ??= this.#connect();
    return new Promise((done, fail) => {
      this.#output = "";
      this.#waiting = { done, fail };
      this.#child.stdin.write(`${sql};\n\\echo ${end}\n`);
    });
  }

  #connect() {
    const { bin, address, port, adminPassword } = this.postgres;
    const child = spawn(join(bin, "psql"), ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", address, "-p", String(port), "-U", "postgres", "chat"],
      { env: { PATH: process.env.PATH, PGPASSWORD: adminPassword, PGCONNECT_TIMEOUT: "5" } });
    let complaint = "";
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text) => (complaint += text));
    child.stdout.setEncoding("utf8").on("data", (text) => this.#onOutput(text));
    child.once("close", () => {
      if (this.#child === child) {
        this.#child = null;
      }
      this.#waiting?.fail(new Error(`psql ended: ${complaint.trim()}`));
      this.#waiting = null;
    });
    return child;
  }

  #onOutput(text) {
    this.#output += text;
    if (this.#output.endsWith(`${end}\n`)) {
      const lines = this.#output.split("\n").slice(0, -2);
      const { done } = this.#waiting;
      this.#waiting = null;
      done(lines.filter((line) => line !== "").map((line) => line.split("\t")));
    }
  }
}
