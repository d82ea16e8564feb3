// Passwords: made once at random and kept in a file that only its owner can read.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

// Returns the secrets of `names` from the file, with new ones for names that it lacks.
export function loadSecrets(file, names) {
  const secrets = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const missing = names.filter((name) => !secrets[name]);
  for (const name of missing) {
    secrets[name] = randomBytes(18).toString("hex");
  }
  if (missing.length > 0) {
    writeFileSync(file, JSON.stringify(secrets, null, 2) + "\n", { mode: 0o600 });
  }
  return secrets;
}
