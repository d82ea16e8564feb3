// Two builds of the services in one run, in alternating turns; see usage.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../system/support/markdown_table.mjs";
import { median } from "./median.mjs";

const usage = `Usage: tests/load/pair --before DIR [OPTIONS]

Measures two builds of the services side by side: each figure is taken in pairs of turns, one build after the other, the first of a
pair alternating. The machine's speed drifts, so only the ratio after / before of a pair counts; the median of the ratios is printed.
Real Redis, Kafka and PostgreSQL run on free ports of this machine.

  fanout  CPU-seconds of the gateway per million deliveries: 1,000 native members of one room, 100 messages a second
  busy    the same with 500 members and 800 messages a second
  idle    resident KiB of the gateway per idle native connection, of 5,000
  ack     p50 and p99 of send → ack at 1,000 messages a second, 20 clients in 10 rooms
  rows    rows a second of the persister, and its CPU-seconds per million rows, with all records waiting in Kafka

  --before DIR   folder with gateway/chat-gateway and persister/chat-persister before the change
  --after DIR    the same after it (build/release)
  --pairs N      pairs of each figure (7)
  --seconds N    how long a turn counts (8)
  --records N    records of a turn of rows (150000)
  --only NAME,…  some of the figures above
  --help         this text
`;

const names = ["fanout", "busy", "idle", "ack", "rows"];
const options = readOptions();
// Only now: the fleet reads CHAT_BUILD when it is loaded.
const { figures } = await import("./pair_figures.mjs");
const { withBuilds } = await import("./pair_fleet.mjs");
await withBuilds(options, async (fleet) => {
  for (const name of options.only) {
    await measure(name, fleet);
  }
});

function readOptions() {
  try {
    const texts = ["before", "after", "pairs", "seconds", "records", "only"];
    const { values } = parseArgs({ options: { help: { type: "boolean" }, ...Object.fromEntries(texts.map((name) => [name, { type: "string" }])) } });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    if (!values.before) {
      throw new Error("--before is missing");
    }
    const number = (name, preset) => {
      const value = Number(values[name] ?? preset);
      if (!Number.isInteger(value) || value < 1) {
        throw new Error(`--${name} needs a whole number above 0`);
      }
      return value;
    };
    const only = values.only?.split(",") ?? names;
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new Error(`--only knows ${names.join(", ")}, not "${unknown}"`);
    }
    return { only, builds: { before: resolve(values.before), after: resolve(values.after ?? "build/release") }, pairs: number("pairs", 7),
      seconds: number("seconds", 8), records: number("records", 150_000) };
  } catch (error) {
    console.error(`tests/load/pair: ${error.message}; --help lists what there is.`);
    process.exit(2);
  }
}

async function measure(name, fleet) {
  const { title, turn } = figures[name];
  console.log(`== ${name}: ${title}`);
  const turns = [];
  for (let i = 0; i < options.pairs; i++) {
    const pair = {};
    for (const build of i % 2 === 0 ? ["before", "after"] : ["after", "before"]) {
      pair[build] = await turn(fleet, build, options, i);
    }
    turns.push(pair);
    console.log(`  pair ${i + 1}: ${Object.keys(pair.before).map((figure) => `${figure} ${pair.before[figure].toFixed(2)} → ${pair.after[figure].toFixed(2)}`).join(", ")}`);
  }
  const rows = Object.keys(turns[0].before).map((figure) => ({ figure, before: turns.map((pair) => pair.before[figure]), after: turns.map((pair) => pair.after[figure]) }));
  const ratios = ({ before, after }) => after.map((value, i) => value / before[i]);
  console.log(`\n${formatTable([
    [name, ({ figure }) => figure],
    ["before, median", ({ before }) => median(before).toFixed(2)],
    ["after, median", ({ after }) => median(after).toFixed(2)],
    ["after / before, least", (row) => Math.min(...ratios(row)).toFixed(3)],
    ["median", (row) => median(ratios(row)).toFixed(3)],
    ["most", (row) => Math.max(...ratios(row)).toFixed(3)],
  ], rows)}\n`);
}
