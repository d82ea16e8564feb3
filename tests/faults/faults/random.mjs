// Everything at random: one blow after the other, and some while the last one is not healed yet.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { holdCommits } from "./hold_commits.mjs";

export const everything = {
  name: "random",
  title: "everything at random",
  codes: ["unavailable", "overloaded"],
  idsForgotten: true,
  // A service may have to start while a server that it waits for is away.
  fleet: { gateways: 3, persisters: 2, gatewayEnv: { STARTUP_TIMEOUT_SECONDS: "120" }, persisterEnv: { STARTUP_TIMEOUT_SECONDS: "120" } },
  load: { perSecond: 300 },
  async strike(scene) {
    const until = Date.now() + scene.minutes * 60_000;
    const counts = {};
    while (Date.now() < until) {
      await scene.moment(900);
      const chosen = [scene.random.pick(blows)];
      if (scene.random.fraction() < 0.3) {
        chosen.push(scene.random.pick(blows.filter((blow) => blow.of !== chosen[0].of)));
      }
      chosen.forEach(({ name }) => (counts[name] = (counts[name] ?? 0) + 1));
      const outcomes = await Promise.allSettled(chosen.map(({ deal }) => deal(scene)));
      for (const { reason } of outcomes.filter(({ status }) => status === "rejected")) {
        throw reason;
      }
      await scene.load.more(50, 120_000);
    }
    scene.note(Object.entries(counts).map(([name, count]) => `${name} ×${count}`).join(", "));
  },
};

// Each strikes one kind of server (`of`) and heals it.
const blows = [
  { of: "gateway", name: "gateway killed", deal: (scene) => killAndStart(scene, scene.random.pick(scene.fleet.gateways), 2000) },
  { of: "gateway", name: "gateway restarted", deal: (scene) => stopAndStart(scene, scene.random.pick(scene.fleet.gateways)) },
  { of: "persister", name: "persister killed", deal: (scene) => killAndStart(scene, scene.random.pick(scene.fleet.persisters), 3000) },
  { of: "persister", name: "persister frozen", deal: (scene) => freeze(scene, scene.random.pick(scene.fleet.persisters), 6000) },
  { of: "redis", name: "Redis killed", deal: (scene) => killAndStart(scene, scene.fleet.redis, 3000) },
  { of: "redis", name: "Redis emptied", deal: (scene) => emptyRedis(scene, scene.fleet.redis) },
  { of: "redis", name: "Redis frozen", deal: (scene) => freeze(scene, scene.fleet.redis, 8000) },
  { of: "kafka", name: "Kafka killed", deal: (scene) => killAndStart(scene, scene.fleet.kafka, 3000) },
  { of: "kafka", name: "Kafka frozen", deal: (scene) => freeze(scene, scene.fleet.kafka, 6000) },
  { of: "postgres", name: "PostgreSQL killed", deal: (scene) => killAndStart(scene, scene.fleet.postgres, 5000) },
  { of: "postgres", name: "PostgreSQL frozen", deal: (scene) => freeze(scene, scene.fleet.postgres, 15_000) },
  { of: "postgres", name: "backend killed at COMMIT", deal: killBackend },
];

async function killAndStart(scene, server, mostMs, meanwhile = () => {}) {
  await scene.kill(server);
  meanwhile();
  await scene.outage(mostMs);
  await server.start();
}

async function stopAndStart(scene, server) {
  await scene.stop(server);
  await server.start();
}

async function freeze(scene, server, mostMs) {
  const strike = scene.freeze(server);
  await scene.outage(mostMs, 200);
  scene.thaw(server, strike);
}

function emptyRedis(scene, redis) {
  return killAndStart(scene, redis, 3000, () => rmSync(join(redis.folder, "data"), { recursive: true }));
}

async function killBackend(scene) {
  const hold = await holdCommits(scene);
  const strike = scene.strike("backend killed at COMMIT");
  const pid = await hold.waitForCommit();
  strike.hit &&= (await scene.sql.query(`SELECT pg_terminate_backend(${pid})`))[0][0] === "t";
  await hold.release();
}
