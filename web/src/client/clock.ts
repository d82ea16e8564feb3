/** Milliseconds of a clock that nobody sets: for waits, never for dates. */
export const steadyMs = (): number => performance.now();
