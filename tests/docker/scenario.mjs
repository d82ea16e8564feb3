// What tests/compose does with the running system; it ends with 1 and the reason at the first thing that is wrong.
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { until } from "../system/support/until.mjs";
import { Conversation } from "./conversation.mjs";
import { Stack, services, userOf } from "./stack.mjs";

const { values } = parseArgs({ options: { "env-file": { type: "string" }, docker: { type: "string" } } });
const stack = new Stack({ docker: values.docker, envFile: values["env-file"] });
const conversation = new Conversation(stack);
const began = Date.now();

async function step(title, work) {
  const from = Date.now();
  const result = await work();
  const seconds = ((Date.now() - from) / 1000).toFixed(1);
  console.log(`  ${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${title}${result ? `: ${result}` : ""} (${seconds} s)`);
}

// Resolves once as many gateways run and are healthy, with their ids.
async function gateways(count) {
  await until(`${count} gateways`, async () => (await stack.gateways()).length === count);
  await stack.health("healthy", ["gateway"]);
  return stack.gateways();
}

async function targetsUp(expected) {
  let seen = [];
  await until(() => `${expected} targets of Prometheus to be up; they are ${JSON.stringify(seen)}`, async () => {
    seen = await stack.targets();
    return seen.length === expected && seen.every(({ health }) => health === "up");
  });
}

async function hardened() {
  for (const container of (await Promise.all(services.map((name) => stack.containers(name)))).flat()) {
    const { Name, HostConfig } = container;
    assert.deepEqual(HostConfig.CapDrop, ["ALL"], `${Name} keeps capabilities`);
    assert.ok(HostConfig.ReadonlyRootfs, `${Name} can write its image`);
    assert.ok(HostConfig.SecurityOpt.some((option) => option.startsWith("no-new-privileges")), `${Name} may gain privileges`);
    assert.ok(HostConfig.Memory > 0, `${Name} has no memory limit`);
    assert.notEqual(userOf(container), 0, `${Name} runs as root`);
  }
}

async function killOne() {
  const [victim] = await stack.gateways();
  await stack.docker("kill", victim);
  await conversation.resume(victim, () => conversation.sendFromAnother(victim));
  await conversation.moved(victim);
  await conversation.talk();
}

// As deploy/README.md has it: the container is stopped in order, and one of the new image comes.
async function upgradeOne() {
  const [{ Id }] = await stack.containers("gateway");
  const old = Id.slice(0, 12);
  const version = `of-${Date.now()}`;
  await stack.relabel("chat-gateway", version);
  await stack.docker("stop", "--time", "40", Id);
  await stack.docker("rm", Id);
  await conversation.resume(old, () => conversation.sendFromAnother(old));
  await conversation.moved(old);
  await stack.up(4);
  await conversation.connect(await gateways(4));
  const versions = (await stack.containers("gateway")).map(({ Config }) => Config.Labels["chat.test"]);
  assert.equal(versions.filter((label) => label === version).length, 1, `the versions are ${versions}`);
  return `${await conversation.talk()} messages between two versions`;
}

async function main() {
  await stack.compose("down", "--volumes");  // what a run that failed may have left in --folder
  await step("up: seven services are started in order", () => stack.up());
  await step("all health checks say healthy", () => stack.health("healthy"));
  await step("no root, no capabilities, no writable image, memory limits", hardened);
  await step("Prometheus reaches the gateways and the persister", () => targetsUp(3));
  await step("native and Socket.IO clients on two gateways; messages are in PostgreSQL", async () => {
    await conversation.connect(await gateways(2));
    return `${await conversation.talk()} messages`;
  });
  await step("a session id leads to no other container", async () => {
    for (const name of ["redis", "prometheus", "example.org", "0123456789ab"]) {
      const { status } = await fetch(`http://127.0.0.1:8000/socket.io/?EIO=4&transport=polling&sid=${name}~0~x`);
      assert.equal(status, 400, name);
    }
  });
  await step("--scale gateway=4: NGINX and Prometheus find the new ones", async () => {
    await stack.up(4);
    await conversation.connect(await gateways(4));
    await targetsUp(5);
    return `${await conversation.talk()} messages`;
  });
  await step("a gateway is killed: its clients go on elsewhere and miss nothing", killOne);
  await step("one is started in its place", async () => {
    await stack.up(4);
    await conversation.connect(await gateways(4));
    return `${await conversation.talk()} messages`;
  });
  await step("a gateway is upgraded: its clients miss nothing", upgradeOne);
  await step("a dump of PostgreSQL has every message", async () => {
    const dump = await stack.compose("exec", "-T", "postgres", "pg_dump", "-U", "chat", "chat");
    assert.ok(conversation.acknowledged.every((id) => dump.includes(id)));
  });
  await step("frozen servers are noticed by every health check", async () => {
    await conversation.leave();
    await stack.signal("SIGSTOP");
    await stack.health("unhealthy");
  });
  await step("and are healthy again when they go on", async () => {
    await stack.signal("SIGCONT");
    await stack.health("healthy");
    await conversation.connect(await gateways(4));
    return `${await conversation.talk()} messages`;
  });
  await step("down, and up with the same volumes: the history is there", async () => {
    const before = await conversation.stored();
    await conversation.leave();
    await stack.compose("down");
    await stack.up(2);
    await stack.health("healthy");
    await conversation.connect(await gateways(2));
    assert.equal(await conversation.stored(), before);
    const pages = await conversation.history();
    await conversation.talk();
    return `${before} rows, ${pages} messages in a join`;
  });
  await step("down with its volumes: nothing is left", async () => {
    await conversation.leave();
    await stack.compose("down", "--volumes");
    assert.equal(await stack.docker("ps", "--all", "--quiet"), "");
    assert.equal(await stack.docker("volume", "ls", "--quiet"), "");
    assert.equal(await stack.docker("network", "ls", "--quiet", "--filter", "type=custom"), "");
  });
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error.stack);
  console.error(await stack.compose("logs", "--no-color", "--tail", "15").catch((also) => also.message));
  process.exit(1);
}
