// Delays the persister's transactions inside their COMMIT, before anything is committed: a deferred trigger waits for a lock
// that we hold.
import { SqlSession } from "../sql_session.mjs";

const lock = 20_000_000;

// Resolves once every COMMIT of a transaction that raises a position waits, with {waitForCommit(), waiting(), release()}.
export async function delayCommits({ fleet, sql, until }) {
  const holder = new SqlSession(fleet.postgres);
  await holder.query(`SELECT pg_advisory_lock(${lock})`);
  await sql.query(`
    CREATE OR REPLACE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock_shared(${lock}); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER wait_in_commit AFTER INSERT OR UPDATE ON positions DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION wait_in_commit()`);
  const waiting = async () => {
    const rows = await sql.query(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND usename = 'chat' AND query ILIKE 'commit%'`);
    return rows.map(([pid]) => Number(pid));
  };
  return {
    waiting,
    waitForCommit: () => until("a COMMIT that waits", async () => (await waiting())[0]),
    async release() {
      holder.close();
      await until("no COMMIT to wait", async () => (await waiting()).length === 0);
      await sql.query("DROP TRIGGER wait_in_commit ON positions");
    },
  };
}
