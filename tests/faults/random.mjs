// Random numbers from a seed, so that a run can be repeated.

export class Random {
  #state;

  // seed: a number; name: gives every fault its own sequence, whether it runs alone or after others.
  constructor(seed, name = "") {
    this.#state = [...name].reduce((state, letter) => Math.imul(state ^ letter.charCodeAt(0), 16777619), (seed ^ 2166136261) | 0);
  }

  // From 0 up to, but without, 1.
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  // An integer from `least` to `most`.
  integer(least, most) {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)];
  }
}
