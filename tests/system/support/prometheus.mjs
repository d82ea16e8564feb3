// Debian's Prometheus, which scrapes a fleet every second, and promtool.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { Process } from "../../../deploy/local/fleet/process.mjs";

// The jobs are called as in deploy/prometheus/prometheus.yml. The rules are read from where they are shipped, unchanged.
const configOf = (fleet, rules) => `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(rules)}]
scrape_configs:
${[["gateway", fleet.gateways], ["persister", fleet.persisters]].map(([job, services]) => `
  - job_name: ${job}
    static_configs: [{ targets: ${JSON.stringify(services.map(({ address, adminPort }) => `${address}:${adminPort}`))} }]`).join("")}
`;

// Resolves with a running Prometheus; stop() ends it.
export async function startPrometheus(fleet, rules) {
  const folder = join(fleet.folder, "prometheus");
  const [port] = await freePorts(1, fleet.address);
  const url = `http://${fleet.address}:${port}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "prometheus.yml"), configOf(fleet, rules));
  const process = new Process({ name: "Prometheus", command: "/usr/bin/prometheus", logFile: join(fleet.folder, "logs/prometheus.log"),
    pidFile: join(fleet.folder, "run/prometheus"),
    args: [`--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=${url.slice(7)}`] });
  await process.start(() => fetch(`${url}/-/ready`).then(({ ok }) => ok, () => false));

  async function get(path) {
    const { status, data, error } = await (await fetch(`${url}/api/v1/${path}`)).json();
    if (status !== "success") {
      throw new Error(`${path}: ${error}`);
    }
    return data;
  }
  return {
    // The series of an expression now: [{metric, value: [time, text]}]. A wrong expression is an error.
    query: async (expression) => (await get(`query?query=${encodeURIComponent(expression)}`)).result,
    rules: async () => (await get("rules")).groups.flatMap((group) => group.rules),
    firing: async () => (await get("alerts")).alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname),
    stop: () => process.stop(),
  };
}

// Runs `promtool check metrics` on what /metrics answered and resolves with its complaints; none: "".
export function checkMetrics(text) {
  return new Promise((resolve) => {
    const child = execFile("promtool", ["check", "metrics"], (error, stdout, stderr) => resolve(`${error ? error.message : ""}${stdout}${stderr}`.trim()));
    child.stdin.end(text);
  });
}
