// What the kernel says of a process and of the machine.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

// Clock ticks in /proc are hundredths of a second on every Linux.
const ticksPerSecond = 100;
const pageKib = 4;

// Processor time of all its threads so far, in seconds: {user, system}.
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { user: Number(fields[11]) / ticksPerSecond, system: Number(fields[12]) / ticksPerSecond };
}

export function cpuSecondsSince(pid, before) {
  const { user, system } = cpuSeconds(pid);
  return { user: user - before.user, system: system - before.system };
}

export function residentKib(pid) {
  return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * pageKib;
}

// Processor time of all processes together since the machine began.
export function busySeconds() {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000;
}
