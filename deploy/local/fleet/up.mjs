// The command behind deploy/local/up: starts the fleet, waits for Ctrl-C (or makes the check), stops the fleet.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { isIPv4 } from "node:net";
import { isatty } from "node:tty";
import { parseArgs } from "node:util";
import { EnvFileError, readEnvFile } from "./env_file.mjs";
import { Fleet } from "./fleet.mjs";
import { takeLock } from "./lock.mjs";
import { root } from "./paths.mjs";
import { anyAddress, describeOwner, isFree, machineAddresses } from "./ports.mjs";

const begin = Date.now();
const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
let isHungUp = false; // the terminal was closed
const secondsSince = (time) => ((Date.now() - time) / 1000).toFixed(1);
const say = (text) => console.log(`  ${text}`);

class UsageError extends Error {}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        gateways: { type: "string", default: "2" },
        persisters: { type: "string", default: "1" },
        port: { type: "string", default: "8000" },
        "web-port": { type: "string", default: "3000" },
        listen: { type: "string", default: "127.0.0.1" },
        folder: { type: "string", default: join(root, ".local") },
        env: { type: "string" },
        check: { type: "boolean", default: false },
        "skip-build": { type: "boolean", default: false },
        "only-options": { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message.split("\n")[0].replace(/\. To specify.*/, "")}; --help lists the options.`);
  }
  const options = {
    gateways: number(values, "gateways", values.check ? 2 : 1, 64),
    persisters: number(values, "persisters", values.check ? 1 : 0, 64),
    port: number(values, "port", 0, 65535),
    webPort: number(values, "web-port", 0, 65535),
    listen: address(values.listen),
    folder: resolve(values.folder),
    env: values.env === undefined ? {} : readEnvFile(values.env),
    check: values.check,
    onlyOptions: values["only-options"],
  };
  if (options.port !== 0 && options.port === options.webPort) {
    throw new UsageError("--port and --web-port must differ.");
  }
  return options;
}

function number(values, name, least, most) {
  const value = values[name];
  if (!/^\d{1,5}$/.test(value) || Number(value) < least || Number(value) > most) {
    throw new UsageError(`--${name} must be a number from ${least} to ${most}${values.check ? " (with --check)" : ""}, not "${value}".`);
  }
  return Number(value);
}

function address(text) {
  const own = [anyAddress, ...machineAddresses()];
  if (own.includes(text) || (isIPv4(text) && text.startsWith("127."))) {
    return text;
  }
  throw new UsageError(`--listen must be an IPv4 address of this machine (${own.slice(1).join(", ") || "it has none but 127.0.0.1"}) or ${anyAddress} for all, not "${text}".`);
}

async function requireFreePort(port, option, address) {
  if (port !== 0 && !(await isFree(port, address))) {
    throw new Error(`Port ${port} is in use by ${describeOwner(port)}: stop it, or give another port with ${option}.`);
  }
}

// One line for each process: where it is, its admin port, its pid.
function printAddresses(fleet) {
  const { port, webPort } = fleet.ports;
  const [host] = fleet.listen.startsWith("127.") ? ["localhost"] : fleet.listen === anyAddress ? [...machineAddresses(), "localhost"] : [fleet.listen];
  const rows = [
    ["Web page", `http://${host}:${webPort}/`, fleet.nginx],
    ["Balanced gateways", `ws://${host}:${port}/ws`, fleet.nginx],
    ...fleet.gateways.map((gateway) => [gateway.id, gateway.url, gateway]),
    ...fleet.persisters.map((persister) => [persister.name, "", persister]),
    ["PostgreSQL", fleet.postgres.where ?? `${fleet.address}:${fleet.postgres.port}, role and database chat`, fleet.postgres],
    ["Redis", fleet.redis.where ?? `${fleet.address}:${fleet.redis.port}`, fleet.redis],
    ["Kafka", fleet.kafka.where ?? fleet.kafka.broker, fleet.kafka],
    ["Passwords", join(fleet.folder, "secrets.json")],
    ["Logs", join(fleet.folder, "logs")],
  ];
  const line = ([name, where, server]) => {
    const admin = server?.adminPort ? `admin port ${server.adminPort}` : "";
    const rest = [where, admin, server?.pid ? `pid ${server.pid}` : ""].filter(Boolean).join(", ");
    return `  ${name.padEnd(20)} ${rest}`;
  };
  console.log(`
Ready after ${secondsSince(begin)} s.

${rows.map(line).join("\n")}
${fleet.listen.startsWith("127.") ? "" : `
WARNING: everybody who can reach ${host} can read and write everything: there is no authentication yet.
`}
Ctrl-C stops everything; the messages stay in ${fleet.folder}.`);
}

async function main() {
  const options = readOptions();
  if (options.onlyOptions) {
    process.exit(0);
  }
  let interrupted;
  const interruption = new Promise((done) => {
    interrupted = done;
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      isHungUp ||= signal === "SIGHUP" && hasTerminal;
      interrupted(signal);
    });
  }
  // Closing the terminal sends SIGHUP, and every write to it fails from then on: that must not end this process before
  // its servers.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => {});
  }
  mkdirSync(options.folder, { recursive: true });
  const release = takeLock(join(options.folder, "lock"));
  try {
    await requireFreePort(options.port, "--port", options.listen);
    await requireFreePort(options.webPort, "--web-port", options.listen);
    await serve(options, interruption);
  } finally {
    release();
  }
}

// Runs the fleet until it is interrupted, checked or broken, and always stops it.
async function serve(options, interruption) {
  console.log("Servers ...");
  const fleet = await Fleet.prepare(options);
  const starting = fleet.start(say);
  try {
    await Promise.race([starting, interruption]);
    if (options.check) {
      await Promise.race([check(fleet), interruption.then(() => Promise.reject(new Error("interrupted before the check was done.")))]);
    } else if (fleet.ready) {
      printAddresses(fleet);
      await fleet.supervise(interruption, say);
    }
  } finally {
    console.log("\nStopping ...");
    await starting.catch(() => {});
    await fleet.stop();
  }
}

async function check(fleet) {
  console.log(`\nReady after ${secondsSince(begin)} s.\n\nCheck ...`);
  const { checkFleet } = await import("./check.mjs");
  await checkFleet(fleet, say);
}

// At its end Node sets the terminal back, and aborts where that is gone: by then everything is stopped.
function exit(code) {
  if (isHungUp) {
    process.kill(process.pid, "SIGKILL");
  }
  process.exit(code);
}

main().then(
  () => {
    console.log(process.argv.includes("--check") ? "ok" : "Stopped.");
    exit(0);
  },
  (error) => {
    console.error(`deploy/local/up: ${error.message}`);
    exit(error instanceof UsageError || error instanceof EnvFileError ? 2 : 1);
  },
);
