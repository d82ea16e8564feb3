// The installed packages under a real systemd: boot.mjs TREE boots the Debian in TREE as a container in this machine's network,
// starts both units there beside real servers, and passes one message. Prints what worked; exits with 1 if something did not.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../../deploy/local/fleet/fleet.mjs";
import { freePorts } from "../../deploy/local/fleet/ports.mjs";
import { runToEnd } from "../../deploy/local/fleet/process.mjs";
import { Client } from "../system/support/client.mjs";
import { waitForRows } from "../system/support/db.mjs";
import { newRoom } from "../system/support/room.mjs";
import { until } from "../system/support/until.mjs";

const [tree] = process.argv.slice(2);
const id = "packaged-1";
const units = { gateway: `chat-gateway@${id}.service`, persister: "chat-persister.service" };
const inTree = (path) => join(tree, path);
const say = (text) => console.log(`          ${text}`);

// Settings and secrets as an operator writes them.
function configure(fleet, ports) {
  const { REDIS_PASSWORD, DATABASE_URL, ...settings } = fleet.env;
  const env = (more) => Object.entries({ ...settings, ...more }).map(([name, value]) => `${name}=${value}\n`).join("");
  writeFileSync(inTree("etc/chat/persister.env"), env({ ADMIN_PORT: ports.persister }));
  writeFileSync(inTree("etc/chat/gateway.env"), env({}));
  writeFileSync(inTree(`etc/chat/gateway-${id}.env`), `PORT=${ports.client}\nADMIN_PORT=${ports.gateway}\nLOG_FILE=/var/log/chat-gateway/log\n`);
  for (const service of Object.keys(units)) {
    const credentials = inTree(`etc/chat/${service}-credentials`);
    writeFileSync(join(credentials, "redis-password"), `${REDIS_PASSWORD}\n`, { mode: 0o600 });
    writeFileSync(join(credentials, "database-url"), `${DATABASE_URL}\n`, { mode: 0o600 });
  }
}

// systemctl --root enables the unit or disables it.
const systemctl = (verb) => runToEnd("systemctl", ["--root", tree, verb, ...Object.values(units)]);

// Boots and resolves with the container's process once both services are ready.
async function boot(ports, log) {
  const container = spawn("systemd-nspawn", ["--quiet", "--register=no", "--keep-unit", "--console=pipe", "--private-users=no", "-D", tree, "--boot"],
    { stdio: ["ignore", "pipe", "pipe"] });
  const file = createWriteStream(log);
  container.stdout.pipe(file);
  container.stderr.pipe(file);
  container.ended = new Promise((done) => container.once("close", done));
  const isReady = (port) => fetch(`http://127.0.0.1:${port}/readyz`).then((answer) => answer.status === 200, () => false);
  const journal = () => (existsSync(log) ? readFileSync(log, "utf8").slice(-3000) : "");
  await until(() => `both services; the console says:\n${journal()}`,
    async () => container.exitCode !== null || ((await isReady(ports.gateway)) && (await isReady(ports.persister))), 120_000);
  assert.equal(container.exitCode, null, journal());
  return container;
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "chat-boot-"));
  const fleet = await Fleet.prepare({ folder, gateways: 0, persisters: 0, test: true });
  let container;
  try {
    await Promise.all([fleet.redis.start(), fleet.kafka.start(), fleet.postgres.start()]);
    const [client, gateway, persister] = await freePorts(3);
    const ports = { client, gateway, persister };
    configure(fleet, ports);
    await systemctl("enable");
    container = await boot(ports, join(folder, "console.log"));
    say("both units are ready under systemd, with their passwords from credentials");

    const room = newRoom("packaged");
    const writer = await Client.connect(`ws://127.0.0.1:${client}/ws`);
    assert.equal(writer.welcome.gateway, id);
    await writer.join(room);
    await writer.send(room, "through the packages");
    await waitForRows(fleet, room, 1);
    say("a message got through the packaged gateway and persister into PostgreSQL");
    await writer.close();

    // It tells the container to power off, which stops the units in order.
    container.kill("SIGTERM");
    await container.ended;
    container = null;
    const gatewayLog = readFileSync(inTree("var/log/private/chat-gateway/log"), "utf8");
    assert.match(gatewayLog.trim().split("\n").at(-1), /"message":"stopped"/);
    say("they stopped in order at the end");
  } finally {
    container?.kill("SIGKILL");
    await container?.ended;
    await systemctl("disable");
    await Promise.all([fleet.redis.stop(), fleet.kafka.stop(), fleet.postgres.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
