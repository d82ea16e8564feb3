// Settings: help, version, and all that is wrong with them told at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gatewayBinary, persisterBinary } from "../../../deploy/local/fleet/paths.mjs";
import { runService } from "../support/run_service.mjs";

const services = { "chat-gateway": gatewayBinary, "chat-persister": persisterBinary };

export function settingsTests() {
  describe("settings", () => {
    for (const [name, binary] of Object.entries(services)) {
      test(`${name} --version says its name and version, --help every setting with its variable`, async () => {
        const version = await runService(binary, { args: ["--version"] });
        assert.equal(version.code, 0);
        assert.match(version.stdout, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(revision [^,]+, .+\\)\\n$`));
        const help = await runService(binary, { args: ["--help"] });
        assert.equal(help.code, 0);
        for (const word of ["--admin-port", "ADMIN_PORT", "--kafka-broker", "KAFKA_BROKER", "--log-level", "LOG_LEVEL"]) {
          assert.ok(help.stdout.includes(word), word);
        }
      });

      test(`${name} tells all wrong settings at once, without secrets, and exits with 2`, async () => {
        const env = { ADMIN_PORT: "99999", KAFKA_PARTITIONS: "many", LOG_LEVEL: "loud", KAFKA_PASSWORD: "hunter2-hunter2", KAFKA_TOPIC: "no topic" };
        const { code, stderr } = await runService(binary, { env, args: ["--no-such-flag", "--kafka-replication=0"] });
        assert.equal(code, 2);
        const lines = stderr.trimEnd().split("\n");
        for (const word of ["ADMIN_PORT", "KAFKA_PARTITIONS", "LOG_LEVEL", "KAFKA_PASSWORD", "KAFKA_TOPIC", "--no-such-flag", "--kafka-replication"]) {
          assert.equal(lines.filter((line) => line.includes(word)).length, 1, `${word} in:\n${stderr}`);
        }
        assert.ok(!stderr.includes("hunter2"));
      });
    }

    test("the persister pauses for 60 s after a database error unless told otherwise", async () => {
      const { stdout } = await runService(persisterBinary, { args: ["--help-markdown"] });
      assert.match(stdout, /\| `PERSISTER_PAUSE_SECONDS` \| `--[a-z-]+` \| `60` \|/);
    });
  });
}
