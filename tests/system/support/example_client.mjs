// The typed examples of a Socket.IO client, as Node.js 22.18 and later run them themselves: without their types.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../../deploy/local/fleet/paths.mjs";
import { until } from "./until.mjs";

export class ExampleClient {
  // file: in web/socketio/.
  static async start(file, url) {
    const { default: ts } = await import(pathToFileURL(join(root, "web/node_modules/typescript/lib/typescript.js")));
    const source = readFileSync(join(root, "web/socketio", file), "utf8");
    const { outputText } = ts.transpileModule(source, { compilerOptions: { module: "ESNext", target: "ES2022", verbatimModuleSyntax: true } });
    const client = new ExampleClient();
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

  // Resolves with its gateway, where nobody else is but a native client on each. Its upgrade is done by then: who loses the
  // gateway amid it stays paused until the ping timeout.
  gatewayAmong(gateways) {
    return until("the example's gateway", async () => {
      const figures = (name) => Promise.all(gateways.map((gateway) => gateway.metric(name)));
      const [polling, all] = [await figures("chat_polling_sessions"), await figures("chat_connections")];
      return polling.every((count) => count === 0) && gateways[all.indexOf(2)];
    });
  }

  end() {
    this.process.kill("SIGKILL");
  }
}
