// SIGTERM: what was accepted is kept, clients are told, the exit code is 0.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { waitForRows } from "../support/db.mjs";
import { readTopic } from "../support/kafka.mjs";
import { barrier, member, newRoom } from "../support/room.mjs";
import { assertStoredOnce, range } from "../support/traffic.mjs";
import { until } from "../support/until.mjs";

// Sends one message after the other until the connection ends; acks grows.
async function sendUntilClosed(client, room, acks) {
  for (let i = 0; client.closeCode === undefined; i++) {
    const text = `number ${i}`;
    const answer = await client.request({ type: "send", id: randomUUID(), room, text });
    if (answer.type === "ack") {
      acks.push({ ...answer, text });
    }
  }
}

export function stopTests(fleet) {
  describe("SIGTERM", () => {
    test("I1 a gateway in the middle of traffic tells its clients, logs what it accepted in Kafka, and exits with 0", async () => {
      const room = newRoom("gateway-ends");
      const [gateway, other] = fleet().gateways;
      const clients = await Promise.all(range(8).map(() => member(gateway, room)));
      const witness = await member(other, room);
      const acks = [];
      const sending = clients.map((client) => sendUntilClosed(client, room, acks));
      await until("traffic", () => acks.length >= 100);
      const exit = await gateway.stop();
      assert.deepEqual(exit, { code: 0, signal: null });
      await Promise.all(sending);
      for (const client of clients) {
        const { after_ms: afterMs } = client.frames.find((frame) => frame.type === "reconnect");
        assert.ok(Number.isInteger(afterMs) && afterMs >= 0);
        assert.equal(client.closeCode, 1012);
      }
      const records = (await readTopic(fleet(), "MESSAGES")).filter(({ key }) => key === room);
      const inKafka = new Set(records.map(({ value }) => JSON.parse(value).id));
      assert.deepEqual(acks.filter(({ id }) => !inKafka.has(id)), []);
      // What was shown was accepted, so it is kept too, though its sender may not have heard.
      await witness.waitForMessages(room, inKafka.size);
      await assertStoredOnce(fleet(), room, witness.messages(room));
      assert.deepEqual(new Set(witness.messages(room).map(({ id }) => id)), inKafka);
      await witness.close();
      await gateway.start();
      await (await Client.connect(gateway.url)).close();
    });

    test("no other signal that means no fault ends a service, and SIGHUP opens the log file anew", async () => {
      const { folder } = fleet();
      const [gateway] = fleet().gateways;
      const file = join(folder, "logs", "own.log");
      const linesOf = (path) => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)) : []);
      const says = (path, text) => until(`"${text}" in ${path}`, () => linesOf(path).some(({ message }) => message.includes(text)));
      await gateway.stop();
      gateway.process.env.LOG_FILE = file;
      await gateway.start();
      try {
        await says(file, "ready");
        renameSync(file, `${file}.1`);
        gateway.process.kill("SIGHUP");
        await says(file, "opened anew");
        const client = await member(gateway, newRoom("signals"));
        for (const service of [gateway, fleet().persisters[0]]) {
          for (const signal of ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGPIPE", "SIGHUP", "SIGWINCH", "SIGURG", "SIGCONT"]) {
            service.process.kill(signal);
          }
        }
        await says(file, "a signal was ignored");
        await says(fleet().persisters[0].process.logFile, "nothing to open anew");
        assert.ok(gateway.process.running && fleet().persisters[0].process.running);
        await client.send(client.frames.find(({ type }) => type === "joined").room, "still here");
        await client.close();
      } finally {
        await gateway.stop();
        delete gateway.process.env.LOG_FILE;
        await gateway.start();
      }
    });

    test("I1 a persister in the middle of traffic exits with 0, and the next one goes on where it ended", async () => {
      const room = newRoom("persister-ends");
      const clients = await Promise.all(range(8).map((i) => member(fleet().gateways[i % 2], room)));
      const witness = await member(fleet().gateways[0], room);
      const [persister] = fleet().persisters;
      const acks = [];
      const sending = clients.map((client) => sendUntilClosed(client, room, acks));
      for (const stored of [20, 200, 400]) {
        await waitForRows(fleet(), room, stored);
        assert.deepEqual(await persister.stop(), { code: 0, signal: null });
        await persister.start();
      }
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(sending);
      // The last send of each client may have been accepted without its ack having arrived.
      await barrier(witness, room);
      assert.ok(witness.messages(room).length - 1 - acks.length <= clients.length);
      await assertStoredOnce(fleet(), room, witness.messages(room));
      await witness.close();
    });
  });
}
