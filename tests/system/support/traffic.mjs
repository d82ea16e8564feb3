// Many messages at once, and what must be true of them afterwards.
import assert from "node:assert/strict";
import { rowsOf, waitForRows } from "./db.mjs";

export function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}

// Runs work(item) for all items in order, at most `limit` at a time, and resolves with the results in the items' order.
export async function pipelined(items, limit, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i], i);
    }
  };
  await Promise.all(range(Math.min(limit, items.length)).map(worker));
  return results;
}

export function compareCursors(a, b) {
  return a.epoch - b.epoch || a.seq - b.seq;
}

// The messages' numbers go up by one and begin with 1 in each epoch that began meanwhile (I2).
export function assertNoGapNoRepeat(messages, who) {
  messages.slice(1).forEach((message, i) => {
    const last = messages[i];
    const next = message.epoch === last.epoch ? message.seq === last.seq + 1 : message.epoch > last.epoch && message.seq === 1;
    assert.ok(next, `${who}: after ${last.epoch}/${last.seq} came ${message.epoch}/${message.seq}`);
  });
}

// All lists of messages hold the same messages in the same order (I2).
export function assertSameOrder(lists) {
  const order = (messages) => messages.map(({ epoch, seq, id }) => `${epoch}/${seq} ${id}`);
  const first = order(lists[0]);
  lists.forEach((messages, i) => assert.deepEqual(order(messages), first, `member ${i} saw another order than member 0`));
}

// PostgreSQL holds exactly the acknowledged messages, each once and under the number of its ack (I1); waits for them.
// acks: frames with epoch and seq, and the text where it is to be compared too.
export async function assertStoredOnce(fleet, room, acks, deadlineMs) {
  await waitForRows(fleet, room, acks.length, deadlineMs);
  const rows = await rowsOf(fleet, room);
  const expected = [...acks].sort(compareCursors);
  assert.deepEqual(rows.map(({ epoch, seq, id }) => `${epoch}/${seq} ${id}`), expected.map(({ epoch, seq, id }) => `${epoch}/${seq} ${id}`));
  rows.forEach((row, i) => assert.equal(row.text, expected[i].text ?? row.text));
}

// Every client sends one message after the other until finish() is called, which resolves with all acks and their texts.
// `acks` grows meanwhile. clients: ResendingClient, or anything whose send(text) resolves with an ack.
export function keepSending(clients) {
  const acks = [];
  let finishing = false;
  const sending = clients.map(async (client, c) => {
    for (let i = 0; !finishing; i++) {
      const text = `from ${c}, number ${i}`;
      acks.push({ ...(await client.send(text)), text });
    }
  });
  const ended = Promise.all(sending);
  ended.catch(() => {});
  return {
    acks,
    finish() {
      finishing = true;
      return ended.then(() => acks);
    },
  };
}
