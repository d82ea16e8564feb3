// Holds the persister's transactions at their COMMIT: PostgreSQL has written it and waits for a replica that does not exist, so
// the outcome is certain and the persister does not know it.

// Resolves once commits are held, with {waitForCommit(), release()}.
export async function holdCommits({ sql, until }) {
  await sql.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  await sql.query("SELECT pg_reload_conf()");
  await until("the setting to count", async () => (await sql.query("SHOW synchronous_standby_names"))[0]?.[0] === "nobody");
  return {
    // Resolves with the pid of a backend that waits so.
    waitForCommit: () => until("a COMMIT that waits", async () => (await waiting(sql))[0], 120_000),
    async release() {
      await sql.query("SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names");
      await sql.query("SELECT pg_reload_conf()");
      await until("no COMMIT to wait", async () => (await waiting(sql)).length === 0);
    },
  };
}

// The backends that wait so in a transaction that has raised a position: the pipeline's, not the hole finder's.
export async function waiting(sql) {
  const rows = await sql.query(`SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE wait_event = 'SyncRep' AND usename = 'chat'
    AND relation = 'positions'::regclass AND mode = 'RowExclusiveLock'`);
  return rows.map(([pid]) => Number(pid));
}
