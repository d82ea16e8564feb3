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
      const hold = await holdCommits(scene);
      await hold.waitForCommit();
      const strike = await scene.kill(persister);
      await hold.release();
      // PostgreSQL kept what it had committed, and Kafka knows nothing of it.
      const committed = await scene.committedOffsets();
      await scene.until("the held commit to be seen", async () => {
        const positions = await scene.positions();
        return [...positions].some(([partition, position]) => position > Math.max(committed.get(partition) ?? 0, 0));
      }, 10_000).catch(() => (strike.hit = false));
      await persister.start();
      await storesAgain(scene);
    }
  },
};

async function storesAgain(scene) {
  const sum = async () => [...(await scene.positions()).values()].reduce((total, position) => total + position, 0);
  const before = await sum();
  await scene.until("PostgreSQL to get further", async () => (await sum()) > before);
}
