// What PostgreSQL holds.
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
