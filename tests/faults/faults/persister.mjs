// Persisters that are killed, anywhere and between the commit in PostgreSQL and the commit of the offsets.
import { holdCommits } from "./hold_commits.mjs";

export const persisterKilled = {
  name: "persister",
  title: "persister killed",
  clientsStay: true,
  async strike(scene) {
    const [persister] = scene.fleet.persisters;
    for (let i = 0; i < (scene.short ? 5 : 20); i++) {
      await scene.moment(1000);
      await scene.kill(persister);
      await scene.moment(1000);
      await persister.start();
      await storesAgain(scene);
    }
  },
};

export const persisterKilledBetweenCommits = {
  name: "persister-between",
  title: "persister killed between the two commits",
  clientsStay: true,
  async strike(scene) {
    const [persister] = scene.fleet.persisters;
    for (let i = 0; i < (scene.short ? 3 : 10); i++) {
      await scene.moment();
      const strike = i % 2 === 0 ? await scene.killAt(persister, "offset-commit") : await killInCommit(scene, persister);
      // PostgreSQL kept what it had committed, and Kafka knows nothing of it.
      const [positions, committed] = [await scene.positions(), await scene.committedOffsets()];
      strike.hit &&= [...positions].some(([partition, position]) => position > Math.max(committed.get(partition) ?? 0, 0));
      await persister.start();
      await storesAgain(scene);
    }
  },
};

// Killed while PostgreSQL, which has written the COMMIT, does not answer it.
async function killInCommit(scene, persister) {
  const hold = await holdCommits(scene);
  await hold.waitForCommit();
  const strike = await scene.kill(persister);
  await hold.release();
  return strike;
}

async function storesAgain(scene) {
  const sum = async () => [...(await scene.positions()).values()].reduce((total, position) => total + position, 0);
  const before = await sum();
  await scene.until("PostgreSQL to get further", async () => (await sum()) > before);
}
