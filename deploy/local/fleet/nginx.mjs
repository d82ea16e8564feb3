// NGINX with a configuration rendered from deploy/nginx, in a folder of its own: nothing under /etc or /var is used.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxLocations, nginxRoutesTemplate, nginxTemplate, webFolder } from "./paths.mjs";
import { accepts } from "./ports.mjs";
import { Process, isRoot, runToEnd } from "./process.mjs";

export class Nginx {
  // folder: configuration, pid and temporary files; webPort: serves the page; port: balances the gateways;
  // gateways: [{id, address, port}], read anew at each start and reload; hosts: under which browsers find it;
  // tls: {certificateFile, keyFile} for both ports; gatewayTls: {caFile, name}, where the gateways have certificates that this authority signed for this name.
  constructor({ folder, logFile, address = "127.0.0.1", hosts = ["localhost", address], webPort, port, gateways, webRoot = webFolder, tls = null, gatewayTls = null }) {
    Object.assign(this, { folder, address, hosts, webPort, port, gateways, webRoot, tls, gatewayTls });
    this.accessLog = logFile.replace(/(\.log)?$/, "-access.log");
    this.process = new Process({
      name: "NGINX",
      command: nginxCommand(),
      args: this.#args(),
      logFile,
      pidFile: join(folder, "pid"),
    });
  }

  get pid() {
    return this.process.pid;
  }

  get webUrl() {
    return `http${this.#s}://${this.address}:${this.webPort}/`;
  }

  get socketUrl() {
    return `ws${this.#s}://${this.address}:${this.port}/ws`;
  }

  // Of https and wss.
  get #s() {
    return this.tls ? "s" : "";
  }

  async start() {
    mkdirSync(this.folder, { recursive: true });
    await this.#writeConfiguration();
    await this.process.start(async () => (await accepts(this.port, this.address)) && (await accepts(this.webPort, this.address)));
  }

  stop() {
    return this.process.stop();
  }

  kill(signal) {
    this.process.kill(signal);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  // Takes over a changed list of gateways or certificate; connections that are open stay with the old workers.
  async reload() {
    await this.#writeConfiguration();
    this.kill("SIGHUP");
  }

  readAccessLog() {
    return existsSync(this.accessLog) ? readFileSync(this.accessLog, "utf8") : "";
  }

  #args() {
    return ["-p", `${this.folder}/`, "-c", join(this.folder, "nginx.conf"), "-e", "stderr"];
  }

  async #writeConfiguration() {
    const values = {
      // As root the workers stay root, or they could not read a page below root's home.
      USER_LINE: isRoot ? "user root;" : "",
      ACCESS_LOG: JSON.stringify(this.accessLog),
      GATEWAY_LOCATIONS: JSON.stringify(join(this.folder, "gateway_locations.conf")),
      GATEWAY_ROUTES: JSON.stringify(join(this.folder, "gateways.conf")),
      LISTEN_ADDRESS: `${this.address}:`,
      WEB_PORT: this.webPort,
      GATEWAY_PORT: this.port,
      WEB_ROOT: JSON.stringify(this.webRoot),
      CONNECT_SOURCES: [...new Set(this.hosts)].map((host) => `ws${this.#s}://${host}:${this.port} http${this.#s}://${host}:${this.port}`).join(" "),
      LISTEN_OPTIONS: this.tls ? " ssl" : "",
      CERTIFICATE_LINES: this.tls ? `ssl_certificate ${JSON.stringify(this.tls.certificateFile)}; ssl_certificate_key ${JSON.stringify(this.tls.keyFile)};` : "",
      GATEWAY_SCHEME: this.gatewayTls ? "https" : "http",
      GATEWAY_AUTHORITY_LINES: this.gatewayTls ? `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${JSON.stringify(this.gatewayTls.caFile)}; proxy_ssl_name ${this.gatewayTls.name};` : "",
      WORKER_SHUTDOWN_TIMEOUT: "24h",
    };
    const gateways = this.gateways.map(({ id, address, port }) => ({ GATEWAY: id, GATEWAY_ADDRESS: `${address}:${port}` }));
    this.#render(nginxLocations, "gateway_locations.conf", values, gateways);
    this.#render(nginxRoutesTemplate, "gateways.conf", values, gateways);
    this.#render(nginxTemplate, "nginx.conf", values, gateways);
    await runToEnd(nginxCommand(), ["-t", "-q", ...this.#args()]);
  }

  // A line that names a gateway is there once for each.
  #render(template, name, values, gateways) {
    const lines = readFileSync(template, "utf8").split("\n").flatMap((line) =>
      /\$\{GATEWAY(_ADDRESS)?\}/.test(line) ? gateways.map((gateway) => fillIn(line, gateway, template)) : fillIn(line, values, template));
    writeFileSync(join(this.folder, name), lines.join("\n"), { mode: 0o600 });
  }
}

function fillIn(line, values, template) {
  return line.replace(/\$\{([A-Z_]+)\}/g, (whole, name) => {
    if (!(name in values)) {
      throw new Error(`${template} uses ${whole}, which is not filled in here.`);
    }
    return values[name];
  });
}

// Debian keeps it in /usr/sbin, which a user's PATH lacks.
function nginxCommand() {
  return existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
}
