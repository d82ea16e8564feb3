// Two persisters, one frozen for longer than its session, so that the other takes its partitions; then it wakes.
import { waitForBlockedWriter, lockTable } from "../../system/support/db.mjs";

export const zombie = {
  name: "zombie",
  title: "persister frozen past its session, then woken",
  clientsStay: true,
  fleet: { persisters: 2 },
  async strike(scene) {
    for (let i = 0; i < (scene.short ? 2 : 6); i++) {
      await scene.moment();
      const sleeper = scene.fleet.persisters[i % 2];
      const insideTransaction = i % 2 === 1;
      const lock = insideTransaction ? await lockTable(scene.fleet, "messages") : null;
      if (lock) {
        await waitForBlockedWriter(scene.fleet, "messages");
      }
      const strike = scene.freeze(sleeper);
      await lock?.release();
      const began = Date.now();
      strike.hit &&= await othersTakeOver(scene);
      scene.note(`${sleeper.name} slept${lock ? " inside a transaction" : ""}, all partitions were taken over after ${((Date.now() - began) / 1000).toFixed(1)} s`);
      scene.thaw(sleeper, strike);
      await scene.load.more(300);
    }
  },
};

// Resolves with whether PostgreSQL got all that Kafka had a moment after the freeze, from the persister that is awake.
async function othersTakeOver(scene) {
  await scene.load.more(100);
  return scene.secondsToLagZero(90_000).then(() => true, (error) => {
    scene.ledger.surprise(`the other persister did not take over: ${error.message}`);
    return false;
  });
}
