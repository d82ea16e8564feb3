// Gives a server a wall clock that is ahead or behind (tests/support/shifted_clock.cpp).
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { buildFolder, requireFile } from "../../../deploy/local/fleet/paths.mjs";

const library = join(buildFolder, "tests/support/libshifted_clock.so");

// The server's clock is `ms` milliseconds ahead of the machine's, or behind where that is negative: from its next start on,
// and at once where it was shifted before.
export function shiftClock(server, ms) {
  requireFile(library, "build the target shifted_clock");
  const file = join(server.folder, "clock");
  // In place and of one length: a server that runs has the file mapped.
  const descriptor = openSync(file, constants.O_CREAT | constants.O_WRONLY, 0o600);
  writeSync(descriptor, `${ms}`.padEnd(31) + "\n", 0);
  closeSync(descriptor);
  Object.assign(server.process.env, { LD_PRELOAD: library, SHIFTED_CLOCK: file });
}
