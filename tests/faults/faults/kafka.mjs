// Kafka killed, away for longer than the gateways' queue holds, and out of disk.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { residentOf } from "../watch.mjs";

export const kafkaKilled = {
  name: "kafka",
  title: "Kafka killed",
  codes: ["unavailable", "overloaded"],
  clientsStay: true,
  async strike(scene) {
    const { kafka } = scene.fleet;
    for (let i = 0; i < (scene.short ? 1 : 5); i++) {
      await scene.moment();
      await scene.kill(kafka);
      if (i % 2 === 0) {
        await scene.noticed("kafka");
      }
      await kafka.start();
      await scene.load.more(200);
    }
  },
};

const smallQueue = 50;
const mostGrowthKib = 16 * 1024;

export const kafkaLongAway = {
  name: "kafka-long-away",
  title: "Kafka away for longer than the queue",
  codes: ["unavailable", "overloaded"],
  clientsStay: true,
  fleet: { gatewayEnv: { JOURNAL_MAX_RECORDS: String(smallQueue) } },
  async strike(scene) {
    const { fleet, load } = scene;
    await scene.moment();
    const strike = await scene.kill(fleet.kafka);
    await scene.refused(1, "overloaded");
    const before = fleet.gateways.map(({ pid }) => residentOf(pid));
    const refusals = scene.short ? 500 : 3000;
    await scene.refused(refusals, "overloaded");
    const grown = Math.max(...fleet.gateways.map(({ pid }, i) => residentOf(pid) - before[i]));
    const depths = await Promise.all(fleet.gateways.map((gateway) => gateway.metric("chat_journal_records")));
    scene.note(`refused ${refusals} sends, journals held ${depths.join(" and ")} records, memory grew by ${grown} KiB`);
    strike.hit &&= depths.every((depth) => depth <= smallQueue);
    if (grown > mostGrowthKib) {
      scene.ledger.surprise(`a gateway grew by ${grown} KiB while Kafka was away`);
    }
    await fleet.kafka.start();
    await load.more(200);
  },
};

const diskMebibytes = 256;
const diskLeftBytes = 512 * 1024;

export const kafkaDiskFull = {
  name: "kafka-disk-full",
  title: "Kafka's disk full",
  codes: ["unavailable", "overloaded"],
  clientsStay: true,
  fleet: { kafkaDiskMebibytes: diskMebibytes },
  // Texts that the producer cannot compress.
  load: { texts: (n) => `${n} ${randomBytes(600).toString("base64")}` },
  async strike(scene) {
    const { kafka } = scene.fleet;
    const ballast = join(kafka.folder, "ballast");
    await scene.moment();
    fill(ballast, kafka.folder, diskLeftBytes);
    const strike = scene.strike("Kafka's disk filled");
    const logged = kafka.process.readLog().length;
    const full = () => kafka.process.readLog().slice(logged).includes("No space left on device");
    strike.hit &&= await scene.until("Kafka to find its disk full", () => full() || !kafka.process.running, 180_000).then(full, () => false);
    scene.note(`Kafka ${kafka.process.running ? "runs on" : "ended"}, ${bytesLeft(kafka.folder)} bytes left`);
    await kafka.stop();
    rmSync(ballast);
    await kafka.start();
    await scene.load.more(200);
  },
};

// Fills the file system of the folder up to so many bytes.
function fill(file, folder, leave) {
  const chunk = Buffer.alloc(1024 * 1024, 1);
  const descriptor = openSync(file, "w");
  for (let left = bytesLeft(folder) - leave; left > 0; left -= chunk.length) {
    writeSync(descriptor, chunk, 0, Math.min(chunk.length, left));
  }
  closeSync(descriptor);
}

function bytesLeft(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

// Gives the folder a small file system of its own, in memory. Needs root. Returns what takes it away again.
export function mountSmallDisk(folder, mebibytes) {
  mkdirSync(folder, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  return () => execFileSync("umount", ["-l", folder]);
}
