// The typed example of a client, as Node.js 22.18 and later run it themselves: without its types.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { fill } from "./support/room.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  // Without PostgreSQL, so that a Redis that lost its data leaves a client that is not recovered.
  fleet = await startFleet({ gateways: 2, gatewayEnv: { DATABASE_URL: "" } });
});
after(() => fleet?.stop());

async function runExample(url) {
  const { default: ts } = await import(pathToFileURL(join(root, "web/node_modules/typescript/lib/typescript.js")));
  const source = readFileSync(join(root, "web/socketio/example.ts"), "utf8");
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: "ESNext", target: "ES2022", verbatimModuleSyntax: true } });
  const child = spawn(process.execPath, ["--input-type=module", "-", url], { cwd: join(root, "web"), stdio: ["pipe", "pipe", "inherit"] });
  child.output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (child.output += text));
  child.stdin.end(outputText);
  return child;
}

test("the typed example sends its message, and shows what it can get once and in order, also where it is not recovered", async () => {
  const natives = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
  await Promise.all(natives.map((client) => client.join("general")));
  const example = await runExample(`http://${fleet.address}:${fleet.ports.port}`);
  const lines = () => example.output.split("\n").filter(Boolean);
  try {
    await until(() => `its message in ${example.output}`, () => ["logged: hello", "Ann: hello"].every((line) => lines().includes(line)));
    // Its upgrade has to be done too: who loses the gateway amid it stays paused until the ping timeout.
    const counts = await until("its gateway", async () => {
      const polling = await Promise.all(fleet.gateways.map((gateway) => gauge(gateway, "chat_polling_sessions")));
      const found = await Promise.all(fleet.gateways.map((gateway) => gauge(gateway, "chat_connections")));
      return found.includes(2) && polling.every((count) => count === 0) && found;
    });
    const dies = fleet.gateways[counts.indexOf(2)];
    const writer = natives[1 - counts.indexOf(2)];
    example.kill("SIGSTOP");
    await dies.crash();
    await fleet.redis.command("FLUSHALL");
    // More than a page.
    await fill(writer, "general", 1100);
    example.kill("SIGCONT");
    await writer.send("general", "the last");
    await until(() => `the last in ${lines().length} lines`, () => lines().at(-1).endsWith(": the last"));
    // Where not all can be given it is the newest, in more than one page here, and nothing twice.
    const [hello, ...others] = lines().filter((line) => !line.startsWith("logged: ")).map((line) => line.slice(line.indexOf(": ") + 2));
    assert.equal(hello, "hello");
    assert.ok(others.length > 1000);
    assert.deepEqual(others, writer.messages("general").map(({ text }) => text).slice(-others.length));
    await dies.start();
  } finally {
    example.kill("SIGKILL");
    await Promise.all(natives.map((client) => client.close()));
  }
});

async function gauge(gateway, name) {
  const { body } = await gateway.admin("/metrics");
  return Number(new RegExp(`^${name}(?:{\\S*)? (\\d+)`, "m").exec(body)[1]);
}
