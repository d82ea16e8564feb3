// Members in a process of their own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

// tell(name, value) gives one of the orders of crowd.mjs and resolves with its answer; end() drops all members at once.
export function startCrowd() {
  const child = fork(join(import.meta.dirname, "crowd.mjs"));
  const exited = once(child, "exit");
  return {
    async tell(name, value = {}) {
      child.send({ [name]: value });
      const [answer] = await Promise.race([once(child, "message"), exited.then(() => [{ error: "the process of the members ended" }])]);
      if (answer.error) {
        throw new Error(answer.error);
      }
      return answer;
    },
    async end() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
