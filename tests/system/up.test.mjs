// deploy/local/up as a user runs it: its check, its messages, what it keeps and what it leaves behind.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { promisify } from "node:util";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { isAlive, patience } from "../../deploy/local/fleet/process.mjs";
import { Client } from "./support/client.mjs";
import { until } from "./support/until.mjs";

const folder = mkdtempSync(join(tmpdir(), "chat-up-"));
chmodSync(folder, 0o711);
const started = [];
afterEach(() => Promise.all(started.filter((up) => !up.exit).map((up) => up.interrupt())));
after(() => rmSync(folder, { recursive: true, force: true }));

// One run of the command; output has stdout and stderr as they came.
class Up {
  constructor(...options) {
    this.output = "";
    this.child = spawn(join(root, "deploy/local/up"), ["--skip-build", "--folder", folder, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((done) => this.child.once("close", (code, signal) => done((this.exit = { code, signal }))));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.output += text));
    }
    started.push(this);
  }

  async ready() {
    await until(() => `the URL of the page; got:\n${this.output}`, () => this.exit || this.output.includes("Ctrl-C"), 60_000);
    assert.equal(this.exit, undefined, this.output);
    return this;
  }

  // The address after a name that the command prints.
  address(name) {
    return new RegExp(`${name} {2,}([^ ,\n]+)`).exec(this.output)[1];
  }

  // {pid, adminPort} of a process that the command prints.
  process(name) {
    const [, adminPort, pid] = new RegExp(`${name} .*?(?:admin port (\\d+), )?pid (\\d+)`).exec(this.output);
    return { pid: Number(pid), adminPort: Number(adminPort) };
  }

  interrupt() {
    this.child.kill("SIGINT");
    return this.ended;
  }
}

const freePorts = ["--port", "0", "--web-port", "0"];

// [pid, start time] of every server that was started in the folder.
function servers() {
  const files = readdirSync(folder, { recursive: true, withFileTypes: false })
    .filter((path) => /(^|\/)(redis|kafka|nginx|postgres)\/pid$|^run\//.test(path))
    .map((path) => readFileSync(join(folder, path), "utf8"));
  return files.map((text) => text.split(" ").map(Number));
}

test("--check ends with the line ok and leaves no server behind", async () => {
  const up = new Up("--check", ...freePorts);
  const { code } = await up.ended;
  assert.equal(code, 0, up.output);
  assert.equal(up.output.trimEnd().split("\n").at(-1), "ok");
  assert.deepEqual(servers().filter(([pid, since]) => isAlive(pid, since)), []);
});

test("started again it is ready within 20 s and has kept the messages; a second one in its folder is refused", async () => {
  const room = `up-${randomUUID()}`;
  const first = await new Up(...freePorts).ready();
  const writer = await Client.connect(first.address("gateway-1"));
  await writer.join(room);
  await writer.send(room, "to be kept");

  const intruder = new Up(...freePorts);
  assert.equal((await intruder.ended).code, 1);
  assert.match(intruder.output, /already runs from this folder \(pid \d+\)/);

  assert.equal((await first.interrupt()).code, 0, first.output);
  const began = Date.now();
  const second = await new Up(...freePorts).ready();
  const seconds = (Date.now() - began) / 1000;
  assert.ok(seconds < 20, `it took ${seconds} s`);
  const reader = await Client.connect(second.address("gateway-2"));
  const joined = await reader.join(room, { history: 10 });
  assert.deepEqual(joined.messages.map((message) => message.text), ["to be kept"]);
  assert.equal((await fetch(second.address("Web page"))).status, 200);
  await second.interrupt();
});

test("it prints the admin port and the pid of each process; a gateway says what it is", async () => {
  const up = await new Up(...freePorts, "--listen", "0.0.0.0").ready();
  for (const name of ["gateway-1", "gateway-2", "persister-1"]) {
    assert.equal((await fetch(`http://127.0.0.1:${up.process(name).adminPort}/readyz`)).status, 200, name);
  }
  const printed = ["gateway-1", "gateway-2", "persister-1", "Web page", "PostgreSQL", "Redis", "Kafka"].map((name) => up.process(name).pid);
  assert.deepEqual(printed.sort(), servers().map(([pid]) => pid).sort());

  assert.match(up.output, /WARNING: everybody who can reach \S+ can read and write everything/);
  const { port } = new URL(up.address("Web page"));
  assert.equal((await fetch(`http://127.0.0.7:${port}/`)).status, 200, "another address of this machine");
  for (const gateway of [up.address("gateway-1"), up.address("Balanced gateways")]) {
    const answer = await fetch(gateway.replace("ws:", "http:").replace(/ws$/, ""));
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), new RegExp(`This is a gateway of a chat\\..*\\nThe page for people is at http://localhost:${port}/\\n$`));
  }
  await up.interrupt();
});

test("killed without warning it takes all its servers with it", async () => {
  const up = await new Up(...freePorts).ready();
  assert.ok(servers().length >= 7);
  up.child.kill("SIGKILL");
  await until("the servers to end", () => servers().every(([pid, since]) => !isAlive(pid, since)), 20_000);
});

test("closing its terminal stops everything in order", async () => {
  // Python has the terminal; Node has none. When the terminal is closed, the kernel sends SIGHUP and every write fails.
  const terminal = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
output = b""
while b"Ctrl-C" not in output:
    output += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const { stdout } = await promisify(execFile)("python3", ["-c", terminal, join(root, "deploy/local/up"), "--skip-build", "--folder", folder, ...freePorts], { timeout: 120_000 * patience });
  assert.equal(stdout.trim(), "-9", "it ends itself when all is stopped");
  assert.deepEqual(servers().filter(([pid, since]) => isAlive(pid, since)), []);
  for (const name of ["gateway-1", "persister-1"]) {
    assert.match(readFileSync(join(folder, "logs", `${name}.log`), "utf8").trim().split("\n").at(-1), /"message":"stopped"/);
  }
});

test("a port in use is named together with the process that has it", async (t) => {
  const holder = createServer();
  t.after(() => holder.close());
  await new Promise((done) => holder.listen(0, "127.0.0.1", done));
  const { port } = holder.address();
  const up = new Up("--port", String(port), "--web-port", "0");
  assert.equal((await up.ended).code, 1);
  assert.match(up.output, new RegExp(`Port ${port} is in use by node \\(pid ${process.pid}\\)`));
});

test("a wrong option is refused with code 2 and a sentence", async () => {
  const up = new Up("--gateways", "none");
  assert.equal((await up.ended).code, 2);
  assert.match(up.output, /--gateways must be a number/);
  const elsewhere = new Up("--listen", "192.0.2.1");
  assert.equal((await elsewhere.ended).code, 2);
  assert.match(elsewhere.output, /--listen must be an IPv4 address of this machine .* not "192.0.2.1"/);
});
