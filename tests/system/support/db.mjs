// What PostgreSQL holds.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "./until.mjs";

// The room's rows in its order.
export function rowsOf(fleet, room) {
  return fleet.postgres.query(`SELECT * FROM messages WHERE room = ${quote(room)} ORDER BY epoch, seq, created_at`);
}

// Resolves with the room's rows once there are at least `count`.
export async function waitForRows(fleet, room, count, deadlineMs = 20_000) {
  let rows = [];
  const enough = async () => {
    rows = await rowsOf(fleet, room).catch(() => rows);
    return rows.length >= count;
  };
  await until(() => `${count} rows of ${room}; there are ${rows.length}`, enough, deadlineMs);
  return rows;
}

export function quote(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

// Keeps everybody from writing to the table (reading goes on) until release() is called.
export async function lockTable(fleet, table) {
  const { postgres } = fleet;
  const child = spawn(join(postgres.bin, "psql"), ["-X", "-q", "-A", "-t", "-h", postgres.address, "-p", String(postgres.port), "-U", "chat", "chat"], {
    env: { PATH: process.env.PATH, PGPASSWORD: postgres.password },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stdin.write(`BEGIN; LOCK TABLE ${table} IN SHARE MODE; SELECT 'locked';\n`);
  await until(`the lock on ${table}`, () => output.includes("locked"));
  return {
    async release() {
      const ended = once(child, "exit");
      child.stdin.end("COMMIT;\n");
      await ended;
    },
  };
}

// Resolves once a transaction waits for a lock on the table.
export function waitForBlockedWriter(fleet, table) {
  const sql = `SELECT pid FROM pg_locks WHERE relation = '${table}'::regclass AND NOT granted`;
  return until(`a transaction that waits for ${table}`, async () => (await fleet.postgres.query(sql)).length > 0, 20_000);
}
