// One of our binaries run to its end, for what it says at start.
import { spawn } from "node:child_process";
import { sanitizerEnv } from "./fleet.mjs";
import { deadlineOf } from "./until.mjs";

// Resolves with {code, stdout, stderr}. env: all settings; only PATH is inherited.
export function runService(binary, { args = [], env = {}, deadlineMs = 20_000 } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(binary, args, { env: { PATH: process.env.PATH, ...sanitizerEnv, ...env }, timeout: deadlineOf(deadlineMs), killSignal: "SIGKILL" });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
    }
    child.once("error", fail);
    child.once("close", (code, signal) => {
      if (signal) {
        fail(new Error(`${binary} did not end within ${deadlineOf(deadlineMs) / 1000} s:\n${output.stdout}${output.stderr}`));
      } else {
        done({ code, ...output });
      }
    });
  });
}
