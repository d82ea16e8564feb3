// Redis replaced by an empty one whose clock is behind.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { shiftClock } from "../../system/support/shifted_clock.mjs";

const minute = 60_000;

// Members stay, and clients of the load come and go; the ledger's order is the one that they, the acks and PostgreSQL share.
export const clockBehind = {
  name: "clock",
  title: "Redis replaced by an empty one, its clock behind",
  fleet: {},
  codes: ["unavailable"],
  clientsStay: true,
  idsForgotten: true,
  async strike(scene) {
    const { redis } = scene.fleet;
    // Each is behind what the one before it gave.
    for (const shiftMs of scene.short ? [-0.5 * minute, -60 * minute] : [-0.5 * minute, -60 * minute, -61 * minute, -600 * minute]) {
      await scene.moment();
      await scene.kill(redis);
      rmSync(join(redis.folder, "data"), { recursive: true });
      shiftClock(redis, shiftMs);
      await redis.start();
      await scene.load.more(50);
    }
  },
};
