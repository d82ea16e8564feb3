// How long to wait before trying again.

export interface BackoffLimits {
  baseMs: number;
  maxMs: number;
}

/**
 * Full jitter: a random time between 0 and an upper limit that doubles with every attempt.
 * `attempt` counts from 0; `random` gives [0, 1). Spreads the clients that one lost gateway leaves behind.
 */
export function fullJitter(attempt: number, limits: BackoffLimits, random: () => number): number {
  const ceiling = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  return Math.floor(random() * ceiling);
}
