// SQL through psql, with a connection named by PG… variables, so that no password is on a command line.
import { join } from "node:path";
import { postgresBinFolder } from "./paths.mjs";
import { runToEnd } from "./process.mjs";

// Runs SQL and resolves with its plain output.
export function psql(sql, env) {
  return runToEnd(join(postgresBinFolder(), "psql"), ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], { input: sql, env: { ...env, PGCONNECT_TIMEOUT: "5" } });
}

// Resolves with the rows of a query as objects, made by the server so that any text survives. run: runs SQL, as psql does.
export async function queryRows(sql, run) {
  return JSON.parse(await run(`SELECT coalesce(json_agg(r), '[]') FROM (${sql}) r`));
}
