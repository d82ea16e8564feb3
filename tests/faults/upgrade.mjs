// Runs two builds of the services side by side and replaces one by the other under traffic; see tests/upgrade.
import { readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gatewayBinary, persisterBinary } from "../../deploy/local/fleet/paths.mjs";
import { startFleet } from "../system/support/fleet.mjs";
import { socketIoMember } from "./figures/herd_member.mjs";
import { hasSeen } from "./figures/native_member.mjs";
import { runFault } from "./run_fault.mjs";
import { formatFaults } from "./table.mjs";

const { values: options } = parseArgs({ options: { "from-build": { type: "string" }, messages: { type: "string", default: "5000" }, seed: { type: "string" } } });
const old = { gateway: join(resolve(options["from-build"]), "gateway/chat-gateway"), persister: join(resolve(options["from-build"]), "persister/chat-persister") };
const now = { gateway: gatewayBinary, persister: persisterBinary };

const socketIoClients = 24;
let socketIoMembers = [];

// One process ends, and the other build takes its place under the same name.
async function replace(scene, service, binary, what) {
  await scene.moment(200);
  const began = Date.now();
  const strike = scene.strike(`${service.name} ${what}`);
  scene.watch.expectEnd(service.pid);
  const { code } = await service.stop();
  if (code !== 0) {
    scene.ledger.surprise(`${service.name} ended with exit code ${code} on SIGTERM`);
  }
  service.use(binary);
  await service.start();
  strike.hit &&= readlinkSync(`/proc/${service.pid}/exe`) === binary;
  await scene.until("all clients to be back", () => scene.load.clients.every(({ joined }) => joined) && socketIoMembers.every(({ present }) => present));
  scene.say(`${service.name} ${what}, within ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

const upgrade = {
  name: "upgrade",
  title: "rolling upgrade",
  // A gateway that is about to stop takes no more sends.
  codes: ["overloaded", "unavailable"],
  load: { clients: 24, rooms: 8, roomsEach: 2, inFlight: 4, perSecond: 150, mayComeBackAfterMs: 500, throughNginx: true },
  async strike(scene) {
    const { gateways, persisters, nginx } = scene.fleet;
    const writer = scene.load.addClient({ name: "writer", urls: [nginx.socketUrl], rooms: ["general"] });
    scene.load.rooms.push("general");
    scene.load.clients.push(writer);
    socketIoMembers = Array.from({ length: socketIoClients }, () => socketIoMember(`http://${nginx.address}:${nginx.port}`, scene.random, () => {}));
    await scene.until("the Socket.IO clients", () => writer.joined && socketIoMembers.every(({ present }) => present));
    await scene.until("them to see a message", () => socketIoMembers.every(({ seen }) => seen.cursor));
    // Readers of a format come before its writers.
    for (const persister of persisters) {
      await replace(scene, persister, now.persister, "upgraded");
    }
    for (const gateway of gateways) {
      await replace(scene, gateway, now.gateway, "upgraded");
    }
    await replace(scene, gateways[0], old.gateway, "set back to the old version");
    await replace(scene, persisters[0], old.persister, "set back to the old version");
    await replace(scene, gateways[0], now.gateway, "upgraded again");
    await replace(scene, persisters[0], now.persister, "upgraded again");
  },
  async verify({ ledger, load, say, until }) {
    const { cursor: last } = load.clients.at(-1).places.get("general");
    await until("all Socket.IO clients to see the last message", () => socketIoMembers.every(({ seen }) => hasSeen(seen.cursor, last)));
    const recoveries = socketIoMembers.map((member) => member.recoveries);
    const failed = recoveries.reduce((sum, one) => sum + one.failed, 0);
    say(`${recoveries.reduce((sum, { whole }) => sum + whole, 0)} Socket.IO clients were recovered, ${failed} were not`);
    socketIoMembers.filter(({ seen }) => seen.gaps + seen.repeats > 0).forEach(({ seen }) => ledger.surprise(`a Socket.IO client missed ${seen.gaps} and saw ${seen.repeats} twice`));
    if (failed > 0) {
      ledger.surprise(`${failed} Socket.IO clients were not recovered`);
    }
  },
};

const say = (text) => console.log(`  ${text}`);
const fleet = await startFleet({ gateways: 3, persisters: 2, durable: true, prepared(prepared) {
  prepared.gateways.forEach((gateway) => gateway.use(old.gateway));
  prepared.persisters.forEach((persister) => persister.use(old.persister));
} });
let row;
try {
  row = await runFault(upgrade, fleet, { messages: Number(options.messages), seed: Number(options.seed ?? Math.floor(Math.random() * 1e6)), knownRooms: [], say });
} finally {
  socketIoMembers.forEach(({ socket }) => socket.disconnect());
  await fleet.stop();
}
row.examples.forEach(say);
row.misses.forEach(({ what }) => say(`no proof that it struck: ${what}`));
console.log(`\n${formatFaults([row])}\n\n${row.passed ? "passed" : "FAILED"}`);
process.exit(row.passed ? 0 : 1);
