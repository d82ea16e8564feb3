// The admin port, and what must not be in a log.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { waitForRows } from "../support/db.mjs";
import { member, newRoom } from "../support/room.mjs";

export function adminTests(fleet) {
  describe("the admin port", () => {
    const services = () => [...fleet().gateways.slice(0, 2), ...fleet().persisters];

    test("says that the process lives and that it is ready", async () => {
      for (const service of services()) {
        assert.equal((await service.admin("/livez")).status, 200);
        const { status, body } = await service.admin("/readyz");
        assert.equal(status, 200);
        assert.deepEqual(JSON.parse(body), { status: "ready", degraded: [], causes: [] });
        assert.equal((await service.admin("/nothing")).status, 404);
      }
    });

    test("gives metrics in the text format of Prometheus, with help and type, all ours named chat_…", async () => {
      for (const service of services()) {
        const { status, body } = await service.admin("/metrics");
        assert.equal(status, 200);
        for (const line of body.trimEnd().split("\n")) {
          assert.match(line, /^(# (HELP|TYPE) (chat|process)_[a-z_]+ .+|(chat|process)_[a-z_]+(\{.*\})? [-+0-9.eInfNa]+)$/);
        }
        const samples = body.split("\n").filter((line) => /^chat_/.test(line)).length;
        assert.ok(samples > 8, `only ${samples} samples`);
      }
    });
  });

  test("passwords and the texts of messages are in no log", async () => {
    const room = newRoom("secrets");
    const client = await member(fleet().gateways[0], room, { name: "a-name-nobody-logs" });
    const text = "a-text-nobody-logs";
    const { id } = await client.send(room, text);
    await client.request({ type: "send", id, room, text: `${text}-again` });
    client.write(`{"type":"send","text":"${text}"`);
    await client.waitFor((frame) => frame.type === "error" && frame.id === undefined);
    await waitForRows(fleet(), room, 1);
    await client.close();
    const { redis, postgres, folder } = fleet();
    const logs = join(folder, "logs");
    for (const name of readdirSync(logs)) {
      const log = readFileSync(join(logs, name), "utf8");
      for (const secret of [redis.password, postgres.password, postgres.adminPassword, text, "a-name-nobody-logs"]) {
        assert.ok(!log.includes(secret), `${name} has what must not be in a log`);
      }
    }
  });
}
