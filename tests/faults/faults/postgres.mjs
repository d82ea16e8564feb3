// PostgreSQL killed, away, frozen, and its backends killed at COMMIT.
import { holdCommits, waiting } from "./hold_commits.mjs";
import { delayCommits } from "./delay_commits.mjs";

export const postgresKilled = {
  name: "postgres",
  title: "PostgreSQL killed",
  clientsStay: true,
  async strike(scene) {
    const { postgres } = scene.fleet;
    for (let i = 0; i < (scene.short ? 2 : 5); i++) {
      await scene.moment();
      await scene.kill(postgres);
      await scene.moment();
      await postgres.start();
      await scene.load.more(200);
    }
  },
};

export const postgresAway = {
  name: "postgres-away",
  title: "PostgreSQL away for several pauses",
  clientsStay: true,
  async strike(scene) {
    const { postgres, persisters: [persister] } = scene.fleet;
    await scene.moment();
    const pauses = () => persister.metric("chat_persister_pauses_total");
    const before = await pauses();
    const strike = await scene.stop(postgres);
    const wanted = scene.short ? 3 : 8;
    await scene.until(`${wanted} pauses`, async () => (await pauses()) >= before + wanted, 120_000);
    strike.hit &&= (await persister.metric("chat_persister_paused")) === 1;
    const readWhilePaused = await persister.metric("chat_persister_read_while_paused_total");
    if (readWhilePaused > 0) {
      scene.ledger.surprise(`${readWhilePaused} records were read while paused`);
    }
    await postgres.start();
  },
};

export const postgresFrozen = {
  name: "postgres-frozen",
  title: "PostgreSQL frozen",
  clientsStay: true,
  async strike(scene) {
    const { postgres, persisters: [persister] } = scene.fleet;
    await scene.moment();
    const pauses = () => persister.metric("chat_persister_pauses_total");
    const before = await pauses();
    const strike = scene.freeze(postgres);
    const wanted = scene.short ? 1 : 4;
    await scene.until(`${wanted} pauses`, async () => (await pauses()) >= before + wanted, 120_000);
    scene.thaw(postgres, strike);
  },
};

// Half of the transactions are committed though the persister is not told, the other half are not.
export const backendKilled = {
  name: "postgres-commit",
  title: "backend killed at COMMIT",
  clientsStay: true,
  fleet: { persisterEnv: { PERSISTER_PAUSE_SECONDS: "1" } },
  async strike(scene) {
    const each = scene.short ? 3 : 25;
    let committed = 0;
    for (let i = 0; i < each; i++) {
      await scene.moment(300);
      const hold = await holdCommits(scene);
      const pid = await hold.waitForCommit();
      const before = await stored(scene);
      const strike = scene.strike("backend killed when its COMMIT was written");
      strike.hit &&= await terminate(scene, pid);
      await scene.until("the backend to go", async () => !(await waiting(scene.sql)).includes(pid));
      committed += (await stored(scene)) > before ? 1 : 0;
      await hold.release();
    }
    scene.note(`${committed} of ${each} transactions stood though their backend was killed at COMMIT`);
    const delay = await delayCommits(scene);
    for (let i = 0; i < each; i++) {
      await scene.moment(300);
      const pid = await delay.waitForCommit();
      const strike = scene.strike("backend killed in its COMMIT");
      strike.hit &&= await terminate(scene, pid);
      await scene.until("the backend to go", async () => !(await delay.waiting()).includes(pid));
    }
    await delay.release();
  },
};

async function stored({ sql }) {
  return Number((await sql.query("SELECT coalesce(sum(next_offset), 0) FROM positions"))[0][0]);
}

async function terminate({ sql }, pid) {
  return (await sql.query(`SELECT pg_terminate_backend(${pid})`))[0][0] === "t";
}
