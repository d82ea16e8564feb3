// Waiting for what others do: never a fixed time, always a condition with a deadline.
import { setTimeout as delay } from "node:timers/promises";
import { patience } from "../../../deploy/local/fleet/process.mjs";

// What a test waits for comes long before its deadline, which matters only when the test fails; a busy machine gets the time
// that it needs.
export function deadlineOf(deadlineMs) {
  return 4 * deadlineMs * patience;
}

// Polls `condition` (may be async) until it gives something truthy and resolves with that; fails after the deadline.
// `what` completes the sentence "Waited in vain for …"; a function is called for it at the end.
export async function until(what, condition, deadlineMs = 10_000) {
  const deadline = Date.now() + deadlineOf(deadlineMs);
  for (;;) {
    const result = await condition();
    if (result) {
      return result;
    }
    if (Date.now() > deadline) {
      throw new Error(`Waited in vain for ${typeof what === "function" ? await what() : what} (${deadlineOf(deadlineMs) / 1000} s).`);
    }
    await delay(20);
  }
}
