// stunnel in front of a server that speaks TLS, with the lines that deploy/README.md gives.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../deploy/local/fleet/paths.mjs";
import { accepts, freePort } from "../../../deploy/local/fleet/ports.mjs";
import { Process } from "../../../deploy/local/fleet/process.mjs";

// server: "localhost:port"; resolves with {port, stop()}: the port that speaks clear text.
export async function startStunnel({ folder, address, server, caFile }) {
  const port = await freePort(address);
  const [, documented] = /```ini\n([^`]*client = yes[^`]*)```/.exec(readFileSync(join(root, "deploy/README.md"), "utf8"));
  const filled = { accept: `${address}:${port}`, connect: server, CAfile: caFile, checkHost: "localhost", sni: "localhost" };
  const lines = documented.replace(/^(\w+) = .*$/gm, (line, name) => (filled[name] ? `${name} = ${filled[name]}` : line));
  const config = join(folder, "stunnel.conf");
  writeFileSync(config, `foreground = yes\npid =\n${lines}`);
  const tunnel = new Process({ name: "stunnel", command: "/usr/bin/stunnel4", args: [config], logFile: join(folder, "logs/stunnel.log"), pidFile: join(folder, "run/stunnel") });
  await tunnel.start(() => accepts(port, address));
  return { port, stop: () => tunnel.stop() };
}
