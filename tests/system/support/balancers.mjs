// The balancers that this project has a configuration for, each in front of the same gateways.
import { join } from "node:path";
import { Nginx } from "../../../deploy/local/fleet/nginx.mjs";
import { root } from "../../../deploy/local/fleet/paths.mjs";
import { accepts, freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { Process } from "../../../deploy/local/fleet/process.mjs";

export const haproxyConfiguration = join(root, "deploy/haproxy/haproxy.cfg");

// Each has `port`, start(), stop() and log(), all that it wrote to a log.
// folder: for its files; gateways: two of {id, address, port, adminPort}; the balancer takes their address.

// As deploy/local/up starts it.
export async function localNginx({ folder, gateways }) {
  const [{ address }] = gateways;
  const [port, webPort] = await freePorts(2, address);
  const nginx = new Nginx({ folder: join(folder, "nginx"), logFile: join(folder, "nginx.log"), address, port, webPort, gateways, webRoot: folder });
  const log = () => nginx.process.readLog() + nginx.readAccessLog();
  return { port, start: () => nginx.start(), stop: () => nginx.stop(), log };
}

// As the container starts it.
export async function containerNginx({ folder, gateways }) {
  const list = gateways.map((gateway) => `${gateway.id}=${gateway.address}:${gateway.port}`).join(" ");
  return startNginx(folder, gateways[0].address, { GATEWAYS: list });
}

// As the container starts it where a DNS server knows the gateways. address: where NGINX listens; resolver: HOST:PORT of the
// DNS server; service: HOST:PORT under which it has all gateways; names, domain: what it has each gateway under.
export function clusterNginx({ folder, address, resolver, service, names, domain }) {
  return startNginx(folder, address, { RESOLVER: resolver, GATEWAY_SERVICE: service, GATEWAY_NAMES: names, GATEWAY_DOMAIN: domain });
}

async function startNginx(folder, address, gateways) {
  const [port, webPort] = await freePorts(2, address);
  const env = {
    PATH: `${process.env.PATH}:/usr/sbin`,
    NGINX_SOURCES: join(root, "deploy/nginx"),
    NGINX_FOLDER: folder,
    LISTEN_ADDRESS: address,
    GATEWAY_PORT: String(port),
    WEB_PORT: String(webPort),
    WEB_ROOT: folder,
    ...gateways,
  };
  return inProcess({ name: "start-nginx", command: join(root, "deploy/docker/start-nginx"), env, folder, address, port });
}

export async function haproxy({ folder, gateways }) {
  const [{ address }] = gateways;
  const [port] = await freePorts(1, address);
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, CHAT_LISTEN: `${address}:${port}` };
  gateways.forEach((gateway, i) => {
    env[`CHAT_GATEWAY_${i + 1}`] = `${gateway.address}:${gateway.port}`;
    env[`CHAT_GATEWAY_${i + 1}_ADMIN_PORT`] = String(gateway.adminPort);
  });
  return inProcess({ name: "haproxy", command: "haproxy", args: ["-f", haproxyConfiguration], env, folder, address, port });
}

function inProcess({ address, port, folder, ...options }) {
  const process = new Process({ ...options, logFile: join(folder, `${options.name}.log`) });
  return {
    port,
    start: () => process.start(() => accepts(port, address)),
    stop: () => process.stop(),
    log: () => process.readLog(),
  };
}
