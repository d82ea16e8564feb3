// A PostgreSQL that comes back with less than it had, and a topic that is made again.
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";

const rewinds = (scene, cause) => rewindsOf(scene.fleet.persisters[0], cause);

async function rewindsOf(persister, cause) {
  const { body } = await persister.admin("/metrics");
  const line = body.split("\n").find((text) => text.startsWith(`chat_persister_rewinds_total{cause="${cause}"}`));
  return Number(line?.split(" ")[1] ?? 0);
}

// The persister has noticed, and has stored all that Kafka has.
async function readAgain(scene, strike, cause, before) {
  strike.hit &&= await scene.until(`the persister to read again (${cause})`, async () => (await rewinds(scene, cause)) > before, 60_000)
    .then(() => true, () => false);
  await scene.secondsToLagZero();
}

async function stopQuietly(scene, server) {
  scene.watch.expectEnd(server.pid);
  await server.stop();
}

export const postgresRestored = {
  name: "postgres-restored",
  title: "PostgreSQL restored from an older backup",
  clientsStay: true,
  rowsLost: true,
  fleet: {},
  async strike(scene) {
    const { postgres } = scene.fleet;
    for (let i = 0; i < (scene.short ? 1 : 3); i++) {
      await stopQuietly(scene, postgres);
      const backup = await postgres.saveData();
      await postgres.start();
      await scene.load.more(300);
      await scene.secondsToLagZero();
      await scene.moment(300);
      const before = await rewinds(scene, "behind");
      const strike = await scene.stop(postgres);
      await postgres.replaceData(backup);
      await postgres.start();
      await readAgain(scene, strike, "behind", before);
    }
  },
};

export const postgresPromoted = {
  name: "postgres-promoted",
  title: "a lagging standby of PostgreSQL promoted",
  clientsStay: true,
  rowsLost: true,
  fleet: {},
  async strike(scene) {
    const { postgres } = scene.fleet;
    for (let i = 0; i < (scene.short ? 1 : 2); i++) {
      const [port] = await freePorts(1, postgres.address);
      const standby = await postgres.addStandby(port);
      await scene.until("the standby to receive", () => standby.receives());
      await scene.load.more(200);
      await standby.cutOff();
      await scene.until("the standby to be cut off", async () => !(await standby.receives()));
      await scene.load.more(300);
      await scene.secondsToLagZero();
      await scene.moment(300);
      const before = await rewinds(scene, "behind");
      const strike = await scene.kill(postgres);
      await postgres.replaceData(await standby.promote());
      await postgres.start();
      await readAgain(scene, strike, "behind", before);
    }
  },
};

// The server writes its commits late, as a role's or a database's setting may say; ours ask for more.
export const commitsOff = {
  name: "postgres-commits-off",
  title: "PostgreSQL killed three times with synchronous_commit=off",
  clientsStay: true,
  fleet: {},
  async strike(scene) {
    const { postgres } = scene.fleet;
    await postgres.psql("ALTER SYSTEM SET synchronous_commit = off", { admin: true });
    await postgres.psql("ALTER SYSTEM SET wal_writer_delay = '10s'", { admin: true });
    await postgres.psql("SELECT pg_reload_conf()", { admin: true });
    for (let i = 0; i < 3; i++) {
      await scene.moment();
      await scene.kill(postgres);
      await postgres.start();
      await scene.load.more(200);
    }
  },
};

export const topicMadeAgain = {
  name: "topic-again",
  title: "the topic deleted and made again",
  codes: ["unavailable", "overloaded"],
  clientsStay: true,
  fleet: {},
  async strike(scene) {
    const { kafka, persisters: [persister] } = scene.fleet;
    const topic = (...args) => kafka.tool("org.apache.kafka.tools.TopicCommand", ["--bootstrap-server", kafka.broker, ...args]);
    await scene.secondsToLagZero();
    await stopQuietly(scene, persister);
    const strike = scene.strike("the topic deleted and made again");
    await topic("--delete", "--topic", "MESSAGES");
    await scene.until("the topic to go", async () => !(await topic("--list")).split("\n").includes("MESSAGES"));
    await topic("--create", "--topic", "MESSAGES", "--partitions", "8", "--replication-factor", "1");
    await scene.load.more(300);
    await persister.start();
    await readAgain(scene, strike, "other_topic", 0);
  },
};
