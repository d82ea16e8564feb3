// deploy/docker-compose.yml in the Docker daemon that DOCKER_HOST names, by its own commands.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { until } from "../system/support/until.mjs";

const run = promisify(execFile);
const file = join(root, "deploy/docker-compose.yml");

// All of the file's services but Grafana, which has no stand-in.
export const services = ["nginx", "gateway", "persister", "redis", "kafka", "postgres", "prometheus"];

export class Stack {
  // docker: the command; envFile: what deploy/docker/init-env wrote.
  constructor({ docker, envFile }) {
    this.command = docker;
    this.envFile = envFile;
  }

  docker(...args) {
    return execute(this.command, args);
  }

  compose(...args) {
    return execute("docker-compose", ["--project-name", "chat", "--env-file", this.envFile, "--file", file, ...args]);
  }

  up(gateways = 2) {
    return this.compose("up", "--detach", "--no-build", "--no-recreate", "--scale", `gateway=${gateways}`, ...services);
  }

  // The running containers of a service, as docker inspect has them.
  async containers(service) {
    const ids = (await this.docker("ps", "--quiet", "--no-trunc", "--filter", `label=com.docker.compose.service=${service}`)).split("\n");
    return ids[0] ? JSON.parse(await this.docker("inspect", ...ids)) : [];
  }

  // The ids of the gateways, as clients see them.
  async gateways() {
    return (await this.containers("gateway")).map(({ Id }) => Id.slice(0, 12)).sort();
  }

  // Resolves once each of these services has only containers of that health.
  async health(state, names = services, deadlineMs = 60_000) {
    let report = "";
    const look = async () => {
      const found = (await Promise.all(names.map((name) => this.containers(name)))).flat();
      report = found.map(({ Name, State }) => `${Name} ${State.Health?.Status}: ${State.Health?.Log?.at(-1)?.Output?.trim()}`).join("; ");
      return found.length >= names.length && found.every(({ State }) => State.Health?.Status === state);
    };
    await until(() => `all containers to be ${state}; they are: ${report}`, look, deadlineMs);
  }

  // Stops or continues every process of the containers, which stay what Docker calls running.
  async signal(name, names = services) {
    for (const { Id } of (await Promise.all(names.map((service) => this.containers(service)))).flat()) {
      const [, ...lines] = (await this.docker("top", Id, "-o", "pid")).split("\n");
      lines.filter((pid) => isIn(Id, pid)).forEach((pid) => signalIfThere(Number(pid), name));
    }
  }

  // Runs a query as the operator would, and resolves with its lines.
  async rows(sql) {
    const [{ Id }] = await this.containers("postgres");
    const output = await this.docker("exec", Id, "psql", "-h", "/var/run/postgresql", "-U", "chat", "-d", "chat", "-Atc", sql);
    return output === "" ? [] : output.split("\n");
  }

  // Gives the image's name to a new image, which differs by its label chat.test only.
  async relabel(image, label) {
    const folder = mkdtempSync(join(tmpdir(), "chat-image-"));
    writeFileSync(join(folder, "Dockerfile"), `FROM ${image}\nLABEL chat.test=${label}\n`);
    try {
      await this.docker("build", "--quiet", "--tag", image, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  // Prometheus's targets as {job, health}.
  async targets() {
    const [{ NetworkSettings }] = await this.containers("prometheus");
    const address = Object.values(NetworkSettings.Networks)[0].IPAddress;
    const { data } = await (await fetch(`http://${address}:9090/api/v1/targets`)).json();
    return data.activeTargets.map(({ labels, health, lastError }) => ({ job: labels.job, health, lastError }));
  }
}

// The user that the container's first process has on this machine.
export function userOf({ State }) {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${State.Pid}/status`, "utf8"))[1]);
}

async function execute(command, args) {
  try {
    const { stdout } = await run(command, args, { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")} failed: ${(error.stderr || error.message).slice(-3000)}`);
  }
}

// Whether the process is the container's: a health check's may have ended, and its number be another's by now.
function isIn(container, pid) {
  const file = `/proc/${pid.trim()}/cgroup`;
  return existsSync(file) && readFileSync(file, "utf8").includes(container);
}

function signalIfThere(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
