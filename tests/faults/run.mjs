// Strikes the real fleet under load with one fault after the other and prints one table; see usage.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { formatFaults } from "./table.mjs";

const usage = `Usage: tests/faults/run [OPTIONS]

Runs the real gateways, persister, Redis, Kafka and PostgreSQL on free ports of this machine, under load, strikes them with
one fault after the other, heals them, and compares what was acknowledged with what every member saw and with PostgreSQL.
Prints one table; what its columns count stands at the head of checker.mjs, and "struck" is how many strikes there were and of
how many it is proven that they hit something while messages were in flight. "s to first ack" is the longest time from a
strike to the first ack of a message that was sent after it by a client whom the strike concerned; "s to lag zero" the time
from the last healing until PostgreSQL had all that Kafka had then. Exit code 1 unless every fault struck and nothing was lost, duplicated, out of order, unrepaired or unexpected.

  --short            a few thousand messages per fault, the most telling faults
  --only NAME,NAME   these faults alone; also: resume, latency, rolling-herds, drain
  --herd N           members of each kind in rolling-herds, of both in drain (10000; 2000 with --short)
  --messages N       messages per fault at least (20000; 3000 with --short)
  --seed N           the moments at which faults strike (printed; random)
  --minutes N        how long the fault "random" goes on (10; 1 with --short)
  --build DIR        build folder of the services (build/release); or CHAT_BUILD
  --list             the names of all faults
  --help             this text
`;

function parse() {
  const options = Object.fromEntries(["short", "list", "help"].map((name) => [name, { type: "boolean" }])
    .concat(["only", "messages", "seed", "minutes", "herd", "build"].map((name) => [name, { type: "string" }])));
  try {
    const { values } = parseArgs({ options });
    for (const name of ["messages", "seed", "minutes", "herd"]) {
      if (values[name] !== undefined && !/^\d+(\.\d+)?$/.test(values[name])) {
        throw new Error(`--${name} needs a number`);
      }
    }
    return values;
  } catch (error) {
    console.error(`tests/faults/run: ${error.message}; --help lists what there is.`);
    process.exit(2);
  }
}

const options = parse();
if (options.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (options.build) {
  process.env.CHAT_BUILD = options.build;
}
// Only now: the fleet reads CHAT_BUILD when it is loaded.
const { faults, figures, shortFaults } = await import("./faults/index.mjs");
const { Fleets } = await import("./fleets.mjs");
const { runFault } = await import("./run_fault.mjs");

if (options.list) {
  [...faults, ...figures].forEach(({ name, title }) => console.log(`${name.padEnd(20)} ${title}${shortFaults.some((short) => short.name === name) ? " (short form)" : ""}`));
  process.exit(0);
}
process.exitCode = (await main()) ? 0 : 1;

async function main() {
  const short = options.short === true;
  const seed = Number(options.seed ?? Math.floor(Math.random() * 1e6));
  const messages = Number(options.messages ?? (short ? 3000 : 20_000));
  const herd = options.herd && Number(options.herd);
  const minutes = Number(options.minutes ?? (short ? 1 : 10));
  const chosen = choose(short);
  const say = (text) => console.log(`  ${text}`);
  console.log(`tests/faults/run ${process.argv.slice(2).join(" ")}\n${new Date().toISOString()} ${version()}, seed ${seed}`);
  const fleets = new Fleets(say);
  const results = [];
  for (const test of chosen) {
    const began = Date.now();
    console.log(`== ${test.name}: ${test.title}`);
    const result = await runOne(test, fleets, { messages, seed, short, minutes, herd, say });
    console.log(`== ${result.passed ? "passed" : "FAILED"} after ${((Date.now() - began) / 1000).toFixed(0)} s`);
    results.push(result);
    await fleets.done(result);
  }
  await fleets.stop();
  const rows = results.filter(({ fault }) => fault);
  const passed = results.filter((result) => result.passed).length;
  const failed = results.length - passed + fleets.complaints.length;
  console.log(`\n${rows.length > 0 ? `${formatFaults(rows)}\n\n` : ""}${fleets.complaints.map((text) => `${text}\n`).join("")}${passed} passed, ${failed} failed`);
  return failed === 0;
}

// Resolves with what a fault's run or a figure's measurement gave; what stops it from running is a failure too.
async function runOne(test, fleets, run) {
  try {
    const { fleet, knownRooms } = await fleets.with(test.fleet);
    if (test.measure) {
      return await test.measure(fleet, run);
    }
    const row = await runFault(test, fleet, { ...run, knownRooms });
    tell(row);
    return row;
  } catch (error) {
    run.say(error.stack);
    // A row all the same: the table has all that was to be struck.
    return { passed: false, ...(test.measure ? {} : { fault: `${test.title} (did not run)`, hits: 0, strikes: 0 }) };
  }
}

function choose(short) {
  if (!options.only) {
    return short ? shortFaults : [...faults, ...figures];
  }
  return options.only.split(",").map((name) => {
    const fault = [...faults, ...figures].find((candidate) => candidate.name === name);
    if (!fault) {
      console.error(`tests/faults/run: there is no fault or figure "${name}"; --list names all.`);
      process.exit(2);
    }
    return fault;
  });
}

function tell({ examples, misses, again, unknown, strikes }) {
  if (strikes === 0) {
    console.log("  it never struck");
  }
  misses.forEach(({ what }) => console.log(`  no proof that it struck: ${what}`));
  examples.forEach((sentence) => console.log(`  ${sentence}`));
  if (unknown > 0) {
    console.log(`  ${unknown} numbers of which nobody heard, after Redis had forgotten ids`);
  }
  if (again > 0) {
    console.log(`  ${again} showings of a message under a second number, after Redis had forgotten its id`);
  }
}

function version() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8", cwd: import.meta.dirname }).trim();
  } catch {
    return "";
  }
}
