// Keeps two starters out of one folder: both would write the same data.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, startTime } from "./process.mjs";

// Takes the lock and returns a function that gives it back; throws if a living process has it.
export function takeLock(file) {
  const mine = `${process.pid} ${startTime(process.pid)}\n`;
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") {
        throw error;
      }
    }
    const [pid, since] = readFileSync(file, "utf8").split(" ").map(Number);
    if (isAlive(pid, since)) {
      throw new Error(`The system already runs from this folder (pid ${pid}): stop it first, or give another --folder.`);
    }
    rmSync(file, { force: true });
  }
}
