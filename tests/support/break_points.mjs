// Stops a service at a break point: a call that it is about to make. The points are in break_points.cpp.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildFolder, requireFile } from "../../deploy/local/fleet/paths.mjs";
import { until } from "../system/support/until.mjs";

export const breakPointLibrary = join(buildFolder, "tests/support/chat_break_points.so");

// From its next start on the service can be stopped at its break points. folder: of the fleet.
export function loadBreakPoints(service, folder) {
  service.breakPoints = join(folder, "break-points", service.name);
  mkdirSync(service.breakPoints, { recursive: true });
  const { ASAN_OPTIONS: asan } = service.process.env;
  service.setEnv({
    LD_PRELOAD: requireFile(breakPointLibrary, "build the target chat_break_points"),
    CHAT_BREAK_POINTS: service.breakPoints,
    // Or the sanitizer's library refuses to be the second that is loaded.
    ...(asan ? { ASAN_OPTIONS: `${asan}:verify_asan_link_order=0` } : {}),
  });
}

// Resolves once the running service has stopped at the point (SIGSTOP). It ends by SIGKILL or goes on with SIGCONT.
export async function stopAtBreakPoint(service, point, deadlineMs = 60_000) {
  const armed = join(service.breakPoints, point);
  const reached = `${armed}.reached`;
  rmSync(reached, { force: true });
  writeFileSync(armed, "");
  await until(`${service.name} to come to the break point ${point}`, () => existsSync(reached) && isFrozen(service.pid), deadlineMs);
}

// Whether a signal has stopped the process.
export function isFrozen(pid) {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
