// The command line of a measurement: numbers, loads, a list of names, --build and --help.
import { parseArgs } from "node:util";

// presets: {name: number, or "CxR,…" for loads}; names: those that --only may give. Gives the values, loads as {clients, rate};
// ends the process after --help and after a mistake.
export function readOptions(command, usage, presets, names) {
  const strings = [...Object.keys(presets), "only", "build"];
  try {
    const { values } = parseArgs({ options: { help: { type: "boolean" }, ...Object.fromEntries(strings.map((name) => [name, { type: "string" }])) } });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const only = values.only?.split(",") ?? names;
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new Error(`--only knows ${names.join(", ")}, not "${unknown}"`);
    }
    if (values.build) {
      // Read when the fleet is loaded.
      process.env.CHAT_BUILD = values.build;
    }
    const read = (name, preset) => (typeof preset === "string" ? readLoads(name, values[name] ?? preset) : readNumber(name, values[name] ?? String(preset)));
    return { only, ...Object.fromEntries(Object.entries(presets).map(([name, preset]) => [name, read(name, preset)])) };
  } catch (error) {
    console.error(`${command}: ${error.message}; --help lists what there is.`);
    process.exit(2);
  }
}

function readNumber(name, text) {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new Error(`--${name} needs a whole number above 0`);
  }
  return Number(text);
}

function readLoads(name, text) {
  return text.split(",").map((load) => {
    const [, clients, rate] = /^([1-9]\d*)x([1-9]\d*)$/.exec(load) ?? [];
    if (!rate) {
      throw new Error(`--${name} needs members and messages a second, such as 1000x100`);
    }
    return { clients: Number(clients), rate: Number(rate) };
  });
}
