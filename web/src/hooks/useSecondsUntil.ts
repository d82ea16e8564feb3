// A countdown in whole seconds.
import { useEffect, useState } from "react";

/** Seconds, rounded up and never negative, until `until` (ms since 1970); counts down by itself. */
export function useSecondsUntil(until: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
