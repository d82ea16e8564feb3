// A start that cannot succeed ends soon, with one sentence that names what is wrong.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayBinary, persisterBinary } from "../../../deploy/local/fleet/paths.mjs";
import { freePort } from "../../../deploy/local/fleet/ports.mjs";
import { member, newRoom } from "../support/room.mjs";
import { runService } from "../support/run_service.mjs";
import { until } from "../support/until.mjs";

export function startTests(fleet) {
  // Runs a service with the fleet's settings and some changes; it has to give up with one error that matches.
  async function assertGivesUp(binary, changes, sentence) {
    const { address, env } = fleet();
    const ports = { LISTEN_ADDRESS: address, PORT: "0", ADMIN_ADDRESS: address, ADMIN_PORT: "0", STARTUP_TIMEOUT_SECONDS: "1" };
    const own = binary === gatewayBinary ? ports : { ...ports, PORT: undefined, LISTEN_ADDRESS: undefined };
    const all = { ...own, ...env, ...changes };
    const known = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const { code, stdout, stderr } = await runService(binary, { env: known });
    const said = `${stdout}${stderr}`;
    assert.equal(code, 1, said);
    const errors = said.trim().split("\n").map((line) => JSON.parse(line)).filter(({ level }) => level === "error");
    const matching = errors.filter(({ message }) => sentence.test(message));
    assert.equal(matching.length, 1, said);
    for (const secret of [env.REDIS_PASSWORD, fleet().postgres.password, "wrong-password"]) {
      assert.ok(!said.includes(secret), "a password is in the log");
    }
  }

  describe("a start that cannot succeed", () => {
    test("Redis that is not there", async () => {
      const port = String(await freePort(fleet().address));
      await assertGivesUp(gatewayBinary, { REDIS_PORT: port }, new RegExp(`Redis at .*:${port} .*REDIS_`));
    });

    test("a wrong Redis password", () => assertGivesUp(gatewayBinary, { REDIS_PASSWORD: "wrong-password" }, /Redis .*REDIS_PASSWORD/));

    for (const [name, binary] of [["gateway", gatewayBinary], ["persister", persisterBinary]]) {
      test(`Kafka that is not there, told by the ${name}`, async () => {
        const broker = `${fleet().address}:${await freePort(fleet().address)}`;
        await assertGivesUp(binary, { KAFKA_BROKER: broker }, new RegExp(`Kafka.*${broker}.*KAFKA_BROKER`));
      });

      test(`a topic that cannot be made, told by the ${name}`, () =>
        assertGivesUp(binary, { KAFKA_TOPIC: "REPLICATED", KAFKA_REPLICATION: "3" }, /REPLICATED.*KAFKA_/));
    }

    test("a port that something else or another gateway holds", async () => {
      const [gateway] = fleet().gateways;
      for (const port of [fleet().redis.port, gateway.port]) {
        await assertGivesUp(gatewayBinary, { PORT: String(port) }, new RegExp(`port ${port}: another process has it`));
      }
      await assertGivesUp(gatewayBinary, { ADMIN_PORT: String(gateway.adminPort) }, new RegExp(`\\b${gateway.adminPort}\\b.*another`));
      await assertGivesUp(persisterBinary, { ADMIN_PORT: String(gateway.adminPort) }, new RegExp(`\\b${gateway.adminPort}\\b.*another`));
    });
  });

  test("a persister that starts before PostgreSQL says so, and goes on by itself when it is there", async () => {
    const [persister] = fleet().persisters;
    await persister.stop();
    await fleet().postgres.stop();
    const logged = persister.process.readLog().length;
    const started = persister.start();
    await until("a warning", () => /"level":"warning".*PostgreSQL.*DATABASE_URL/.test(persister.process.readLog().slice(logged)));
    assert.equal((await persister.admin("/readyz")).status, 503);
    await fleet().postgres.start();
    await started;
  });

  test("secrets may come from files", async () => {
    const file = join(fleet().folder, "redis-password");
    writeFileSync(file, `${fleet().redis.password}\n`, { mode: 0o600 });
    const gateway = await fleet().addGateway({ REDIS_PASSWORD: "", REDIS_PASSWORD_FILE: file });
    await gateway.start();
    const room = newRoom("from-file");
    const client = await member(gateway, room);
    await client.send(room, "connected");
    await client.close();
    assert.equal((await gateway.stop()).code, 0);
  });

  test("a setting's former name works, with a warning", async () => {
    const gateway = await fleet().addGateway({ PING_INTERVAL_MS: "5000" });
    await gateway.start();
    const handshake = await fetch(`http://${gateway.address}:${gateway.port}/socket.io/?EIO=4&transport=polling`);
    assert.equal(JSON.parse((await handshake.text()).slice(1)).pingInterval, 5000);
    assert.match(gateway.process.readLog(), /"level":"warning".*PING_INTERVAL_MS is now called SOCKETIO_PING_INTERVAL_MS/);
    assert.equal((await gateway.stop()).code, 0);
  });

  test("a variable with one of our prefixes that is no setting is warned about, without its value", () => {
    for (const [service, variable] of [[fleet().gateways[0], "GATEWAY_COLOUR"], [fleet().persisters[0], "PERSISTER_COLOUR"]]) {
      const warnings = service.process.readLog().trim().split("\n").map((line) => JSON.parse(line)).filter(({ level }) => level === "warning");
      assert.ok(warnings.some(({ message }) => message.includes(variable)));
      assert.ok(!service.process.readLog().includes("a-secret-colour"));
    }
  });
}
