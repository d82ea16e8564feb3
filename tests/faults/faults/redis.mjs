// Redis killed, with and without its file, and frozen.
import { rmSync } from "node:fs";
import { join } from "node:path";

export const redisKilled = {
  name: "redis",
  title: "Redis killed, comes back with its file",
  codes: ["unavailable"],
  clientsStay: true,
  async strike(scene) {
    for (let i = 0; i < (scene.short ? 2 : 5); i++) {
      await killAndStart(scene);
    }
  },
};

export const redisEmptied = {
  name: "redis-empty",
  title: "Redis killed, comes back without its file",
  codes: ["unavailable"],
  clientsStay: true,
  idsForgotten: true,
  async strike(scene) {
    const { redis } = scene.fleet;
    for (let i = 0; i < (scene.short ? 2 : 5); i++) {
      await killAndStart(scene, () => rmSync(join(redis.folder, "data"), { recursive: true }));
    }
  },
};

export const redisFrozen = {
  name: "redis-frozen",
  title: "Redis frozen",
  codes: ["unavailable"],
  clientsStay: true,
  async strike(scene) {
    const { redis } = scene.fleet;
    await scene.moment();
    const strike = scene.freeze(redis);
    await scene.noticed("redis");
    await scene.refused(scene.short ? 300 : 3000, "unavailable");
    scene.thaw(redis, strike);
    await scene.load.more(50);
  },
};

async function killAndStart(scene, meanwhile = () => {}) {
  const { redis } = scene.fleet;
  await scene.moment();
  await scene.kill(redis);
  meanwhile();
  if (scene.random.fraction() < 0.5) {
    await scene.noticed("redis");
  }
  await redis.start();
  await scene.load.more(50);
}
