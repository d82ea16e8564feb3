// The typed example that reads on by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "./support/client.mjs";
import { ExampleClient } from "./support/example_client.mjs";
import { startFleet } from "./support/fleet.mjs";
import { fill } from "./support/room.mjs";
import { until } from "./support/until.mjs";

let fleet;
before(async () => {
  // Without PostgreSQL, so that a Redis that lost its data leaves a client that is not recovered.
  fleet = await startFleet({ gateways: 2, gatewayEnv: { DATABASE_URL: "" } });
});
after(() => fleet?.stop());

test("catch_up.ts sends its message, and shows what it can get once and in order, also where it is not recovered", async () => {
  const natives = await Promise.all(fleet.gateways.map((gateway) => Client.connect(gateway.url)));
  await Promise.all(natives.map((client) => client.join("general")));
  const example = await ExampleClient.start("catch_up.ts", `http://${fleet.address}:${fleet.ports.port}`, fleet.gateways);
  try {
    await example.prints("logged: hello", "Ann: hello");
    const dies = await example.findGateway();
    const writer = natives[1 - fleet.gateways.indexOf(dies)];
    example.process.kill("SIGSTOP");
    await dies.crash();
    await fleet.redis.command("FLUSHALL");
    // More than a page.
    await fill(writer, "general", 1100);
    example.process.kill("SIGCONT");
    await writer.send("general", "the last");
    await until(() => `the last in ${example.shown.length} texts`, () => example.shown.at(-1) === "the last");
    // Where not all can be given it is the newest, in more than one page here, and nothing twice.
    const [hello, ...others] = example.shown;
    assert.equal(hello, "hello");
    assert.ok(others.length > 1000);
    assert.deepEqual(others, writer.messages("general").map(({ text }) => text).slice(-others.length));
    await dies.start();
  } finally {
    example.end();
    await Promise.all(natives.map((client) => client.close()));
  }
});
