// The gateway's WebSocket, Engine.IO and Socket.IO without a chat (tests/support/echo_server.cpp).
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFolder, requireFile } from "../../../deploy/local/fleet/paths.mjs";
import { Process } from "../../../deploy/local/fleet/process.mjs";
import { sanitizerEnv } from "./fleet.mjs";

// Milliseconds: pingInterval, pingTimeout, connectTimeout. Resolves with {address, port, url, pid, stop()}; stop() fails if
// the server did not end as it should.
export async function startEchoServer({ pingInterval = 25_000, pingTimeout = 20_000, connectTimeout = 45_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "chat-echo-"));
  const server = new Process({
    name: "echo_server",
    command: requireFile(join(buildFolder, "tests/support/echo_server"), "build it with cmake --build --preset release"),
    args: ["--port", 0, "--ping-interval", pingInterval, "--ping-timeout", pingTimeout, "--connect-timeout", connectTimeout].map(String),
    env: sanitizerEnv,
    logFile: join(folder, "echo_server.log"),
  });
  const listening = () => /^listening on (\S+) port (\d+)$/m.exec(server.readLog());
  await server.start(listening);
  const [, address, port] = listening();
  return {
    address,
    port: Number(port),
    url: `http://${address}:${port}`,
    pid: server.pid,
    async stop() {
      const running = server.running;
      const { code, signal } = await server.stop();
      assert.ok(running && code === 0, `echo_server ended by ${signal ?? `exit code ${code}`}:\n${server.readLog()}`);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
