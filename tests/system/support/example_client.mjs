// The typed examples of a Socket.IO client, as Node.js 22.18 and later run them themselves: without their types.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../deploy/local/fleet/paths.mjs";
import { until } from "./until.mjs";

// A gateway counts its polling sessions once a second.
const countedMs = 2_500;

const figures = (gateways, name) => Promise.all(gateways.map((gateway) => gateway.metric(name)));

export class ExampleClient {
  // file: in web/socketio/. Nobody else connects to the gateways until findGateway() has resolved.
  static async start(file, url, gateways) {
    const { default: ts } = await import(pathToFileURL(join(root, "web/node_modules/typescript/lib/typescript.js")));
    const source = readFileSync(join(root, "web/socketio", file), "utf8");
    const { outputText } = ts.transpileModule(source, { compilerOptions: { module: "ESNext", target: "ES2022", verbatimModuleSyntax: true } });
    const client = new ExampleClient();
    client.gateways = gateways;
    client.before = await client.readFigures();
    client.process = spawn(process.execPath, ["--input-type=module", "-", url], { cwd: join(root, "web"), stdio: ["pipe", "pipe", "inherit"] });
    client.process.stdout.setEncoding("utf8").on("data", (text) => (client.output += text));
    client.process.stdin.end(outputText);
    return client;
  }

  output = "";

  get lines() {
    return this.output.split("\n").filter(Boolean);
  }

  // The texts that it has shown.
  get shown() {
    return this.lines.filter((line) => line.includes(": ") && !line.startsWith("logged: ")).map((line) => line.slice(line.indexOf(": ") + 2));
  }

  prints(...expected) {
    return until(() => `${expected} among ${this.lines.slice(-5)}`, () => expected.every((line) => this.lines.includes(line)), 20_000);
  }

  async readFigures() {
    return { total: await figures(this.gateways, "chat_connections_opened_total"), polling: await figures(this.gateways, "chat_polling_sessions") };
  }

  // Resolves with its gateway, once its upgrade is done for certain: who loses the gateway amid it stays paused until the ping
  // timeout.
  async findGateway() {
    let since = Infinity;
    return until("the example's gateway", async () => {
      const { total, polling } = await this.readFigures();
      const index = total.findIndex((count, i) => count > this.before.total[i]);
      const isUpgraded = index >= 0 && polling.every((count, i) => count <= this.before.polling[i]);
      since = isUpgraded ? Math.min(since, Date.now()) : Infinity;
      return Date.now() - since > countedMs && this.gateways[index];
    });
  }

  end() {
    this.process.kill("SIGKILL");
  }
}
