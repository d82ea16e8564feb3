// PgBouncer in transaction mode in front of a fleet's PostgreSQL, with one connection for everybody.
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { Process, isRoot, runToEnd } from "../../../deploy/local/fleet/process.mjs";

// Resolves with {url, psql(sql), stop()}: the URL is that of any client, the user and password are the pooler's own.
export async function startPgBouncer({ postgres, address, folder }) {
  const [port] = await freePorts(1, address);
  const own = mkdtempSync(join(tmpdir(), "chat-test-pgbouncer-"));
  const config = join(own, "pgbouncer.ini");
  const user = isRoot ? "postgres" : undefined;
  writeFileSync(config, `[databases]
chat = host=${postgres.address} port=${postgres.port} user=chat password=${postgres.password}
[pgbouncer]
listen_addr = ${address}
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
`, { mode: 0o600 });
  if (user) {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => runToEnd("id", [flag, user])));
    [own, config].forEach((path) => chownSync(path, Number(uid), Number(gid)));
    chmodSync(own, 0o700);
  }
  const pooler = new Process({ name: "PgBouncer", command: "/usr/sbin/pgbouncer", args: [config], user, logFile: join(folder, "logs/pgbouncer.log"),
    pidFile: join(folder, "run/pgbouncer"), stopSignal: "SIGINT" });
  const psql = (sql) => runToEnd(join(postgres.bin, "psql"), ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], {
    input: sql, env: { PGHOST: address, PGPORT: String(port), PGDATABASE: "chat", PGUSER: "chat", PGCONNECT_TIMEOUT: "5" } });
  await pooler.start(() => psql("SELECT 1").then(() => true, () => false));
  return { url: `postgresql://chat@${address}:${port}/chat`, psql, stop: () => pooler.stop().finally(() => rmSync(own, { recursive: true })) };
}
