// Orders for the processes of members (crowd.mjs, herd.mjs).
import { once } from "node:events";

// Gives each child process its order, orderOf(index), and resolves with the answers. One that is an {error} rejects.
export function tellAll(children, orderOf, deadlineMs) {
  return Promise.all(children.map(async (child, i) => {
    const answer = once(child, "message", { signal: AbortSignal.timeout(deadlineMs) });
    child.send(orderOf(i));
    const [said] = await answer;
    if (said.error) {
      throw new Error(said.error);
    }
    return said;
  }));
}
