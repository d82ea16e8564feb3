// A client that does not read costs a bounded part of the gateway's memory and nobody else's messages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RawWebSocket, opcode } from "../support/raw_websocket.mjs";
import { member, newRoom } from "../support/room.mjs";
import { assertNoGapNoRepeat, pipelined, range } from "../support/traffic.mjs";
import { until } from "../support/until.mjs";

// More than the kernel's buffers of one connection and the gateway's outbox hold together.
const mostMessages = 3000;
const mebibyte = 1024 * 1024;
// CHAT_MEMORY_FACTOR: how many bytes the allocator of a sanitized build takes for one.
const mostGrowth = 24 * Number(process.env.CHAT_MEMORY_FACTOR || 1);

export function slowReaderTests(fleet) {
  test("I6 a client that does not read is closed with 4000, the gateway's memory stays, and others miss nothing", async () => {
    const room = newRoom("slow-reader");
    const [gateway] = fleet().gateways;
    const sender = await member(gateway, room);
    const slow = await Promise.all(range(4).map(() => slowMember(gateway, room)));
    const slowBefore = await gateway.metric("chat_slow_consumers_total");
    const memoryBefore = residentBytes(gateway.pid);
    const text = "😀".repeat(4000);
    let closed = 0;
    let sent = 0;
    let mostMemory = memoryBefore;
    // Each send has a deadline of its own; this one has to be longer than all of them take on a busy machine.
    const watch = until(() => `4000 after ${sent} messages`, async () => {
      closed = (await gateway.metric("chat_slow_consumers_total")) - slowBefore;
      mostMemory = Math.max(mostMemory, residentBytes(gateway.pid));
      return closed === slow.length || sent >= mostMessages;
    }, 600_000);
    await pipelined(range(mostMessages), 16, async () => {
      if (closed < slow.length) {
        await sender.send(room, text);
        sent++;
      }
    });
    await watch;
    assert.equal(closed, slow.length, `after ${sent} messages that they did not read`);
    const grown = (mostMemory - memoryBefore) / mebibyte;
    assert.ok(grown < mostGrowth, `the gateway grew by ${grown.toFixed(1)} MiB`);
    for (const client of slow) {
      client.resume();
      assert.equal(await client.closeCode(), 4000);
      const read = client.messages.filter(({ type }) => type === "message");
      assert.ok(read.length < sent);
      assertNoGapNoRepeat(read, "the slow member, as far as it got");
    }
    const seen = await sender.waitForMessages(room, sent);
    assertNoGapNoRepeat(seen, "the other member");
    assert.equal(seen.length, sent);
    await sender.close();
  });
}

async function slowMember(gateway, room) {
  const client = await RawWebSocket.connect(gateway);
  client.send(opcode.text, JSON.stringify({ type: "join", room }));
  await until("a slow client to be in the room", () => client.messages.some(({ type }) => type === "joined"));
  client.pause();
  return client;
}

function residentBytes(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}
