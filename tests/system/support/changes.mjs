// What a raw client has got so far, and waiting for more of it: looked at with each change, not from time to time.
import { deadlineOf } from "./until.mjs";

export class Changes {
  #checks = new Set();

  notify() {
    this.#checks.forEach((check) => check());
  }

  // Resolves with what `condition` gives once that is truthy; fails after the deadline. `what` as for until().
  until(what, condition, deadlineMs = 10_000) {
    return new Promise((done, fail) => {
      const check = () => {
        const result = condition();
        if (result) {
          finish();
          done(result);
        }
      };
      const timer = setTimeout(() => {
        finish();
        fail(new Error(`Waited in vain for ${typeof what === "function" ? what() : what} (${deadlineOf(deadlineMs) / 1000} s).`));
      }, deadlineOf(deadlineMs));
      const finish = () => {
        clearTimeout(timer);
        this.#checks.delete(check);
      };
      this.#checks.add(check);
      check();
    });
  }
}
