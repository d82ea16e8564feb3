// A countdown in whole seconds.
import { useEffect, useState } from "react";
import { steadyMs } from "../client/clock";

/** Seconds, rounded up and never negative, until `until` (steadyMs); counts down by itself. */
export function useSecondsUntil(until: number): number {
  const [now, setNow] = useState(steadyMs);
  useEffect(() => {
    setNow(steadyMs());
    const timer = setInterval(() => setNow(steadyMs()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
