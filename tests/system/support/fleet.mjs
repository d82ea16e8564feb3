// The real servers for one test file: on free ports of a loopback address of their own, in a temporary folder.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet } from "../../../deploy/local/fleet/fleet.mjs";

// What the services of a sanitized build read.
export const sanitizerEnv = Object.fromEntries(
  ["ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"].filter((name) => process.env[name]).map((name) => [name, process.env[name]]),
);

// Of every CHAT_BUG (common/log/bug.cpp).
const bugLine = "this program has a defect";

// Of every fleet that was started here.
const fleets = [];

function endFolders(code) {
  for (const { folder, fleet } of fleets) {
    if (code === 0) {
      [folder, fleet.postgres.clusterFolder].filter(Boolean).forEach((path) => rmSync(path, { recursive: true, force: true }));
    } else {
      console.error(`The logs of the servers are kept in ${join(folder, "logs")}.`);
    }
  }
}

// Starts a fleet; the options are those of Fleet.prepare, and prepared(fleet), awaited before anything is started. Call it in `before` and give the result's stop() to `after`:
//   let fleet;
//   before(async () => { fleet = await startFleet({ gateways: 2 }); });
//   after(() => fleet.stop());
// stop() fails if a service did not end as it should (by itself, or with another exit code than 0), or noticed a defect of
// its own.
// The folder is removed when the file's tests passed, and named when they did not. If the test process dies, so do the servers.
export async function startFleet(options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "chat-test-"));
  // PostgreSQL may run as another user, who has to pass through.
  chmodSync(folder, 0o711);
  const { gatewayEnv, persisterEnv, prepared } = options;
  const fleet = await Fleet.prepare({ folder, address: loopbackAddress(), test: true, ...options,
    gatewayEnv: { ...sanitizerEnv, ...gatewayEnv }, persisterEnv: { ...sanitizerEnv, ...persisterEnv } });
  if (fleets.push({ folder, fleet }) === 1) {
    process.once("exit", endFolders);
  }
  try {
    await prepared?.(fleet);
    await fleet.start();
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  const stop = fleet.stop.bind(fleet);
  fleet.stop = async () => {
    const services = [...fleet.gateways, ...fleet.persisters].filter(({ process }) => process.pid);
    const running = services.filter(({ process }) => process.running);
    await stop();
    for (const service of services) {
      const { code, signal } = await service.process.exited;
      const killedByTest = signal === "SIGKILL" && !running.includes(service);
      assert.ok(code === 0 || killedByTest, `${service.name} ended by ${signal ?? `exit code ${code}`}; see ${service.process.logFile}`);
      assert.ok(!service.process.readLog().includes(bugLine), `${service.name} noticed a defect of its own; see ${service.process.logFile}`);
    }
  };
  return fleet;
}

// Clients connect from 127.0.0.1. On another address a server that comes back never finds its port taken by one of them.
export function loopbackAddress() {
  const byte = (least) => least + Math.floor(Math.random() * (255 - least));
  return `127.${byte(1)}.${byte(0)}.${byte(1)}`;
}
