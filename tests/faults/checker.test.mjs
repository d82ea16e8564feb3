// The checker says what is wrong with a ledger, and nothing else: one fault at a time in an otherwise clean one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, isClean } from "./checker.mjs";
import { Ledger } from "./ledger.mjs";

const room = "room";
const epoch = 1000;

// Two members of one room, ten messages: sent, acknowledged, seen by both, stored.
function cleanLedger() {
  const ledger = new Ledger();
  const views = ["ann", "bob"].map((member) => Object.assign(ledger.view(member, room), { from: { epoch: 900, seq: 0 } }));
  for (let seq = 1; seq <= 10; seq++) {
    const message = ledger.sent(`id-${seq}`, room, `text ${seq}`, 0);
    ledger.acknowledged(message, { epoch, seq });
    views.forEach((view) => ledger.shown(view, { epoch, seq, id: message.id, text: message.text }));
    ledger.rows.push({ room, id: message.id, epoch, seq, text: message.text, created_ms: 5000 });
  }
  return ledger;
}

// The columns that are not 0, after `spoil` was done to a clean ledger.
function said(spoil, options) {
  const ledger = cleanLedger();
  spoil(ledger);
  const result = check(ledger, options);
  const { lost, duplicated, orderBreaks, gaps, unexpected } = result;
  const counts = Object.entries({ lost, duplicated, orderBreaks, gaps, unexpected }).filter(([, count]) => count > 0);
  assert.equal(isClean(result), counts.length === 0);
  assert.equal(result.examples.length > 0, counts.length > 0, "what is wrong is said in words");
  return Object.fromEntries(counts);
}

const removeAt = (list, i) => list.splice(i, 1)[0];

test("a clean ledger passes, and is counted", () => {
  assert.deepEqual(said(() => {}), {});
  const { sent, acked } = check(cleanLedger());
  assert.deepEqual([sent, acked], [10, 10]);
});

test("an acknowledged message that is not stored is lost", () => {
  assert.deepEqual(said(({ rows }) => removeAt(rows, 9)), { lost: 1 });
});

test("a shown message that is not stored is lost, acknowledged or not", () => {
  const spoil = ({ rows, messages }) => {
    const { id } = removeAt(rows, 9);
    Object.assign(messages.get(id), { acks: [], abandoned: true });
  };
  assert.deepEqual(said(spoil), { lost: 1 });
});

test("a message stored with another text is lost", () => {
  assert.deepEqual(said(({ rows }) => (rows[3].text = "cut")), { lost: 1 });
});

test("the last message that a member was not shown is lost; one in the middle is a gap too", () => {
  assert.deepEqual(said(({ views }) => removeAt(views[1].seen, 9)), { lost: 1 });
  assert.deepEqual(said(({ views }) => removeAt(views[1].seen, 4)), { lost: 1, gaps: 1 });
  assert.deepEqual(said(({ views }) => removeAt(views[1].seen, 0)), { lost: 1, gaps: 1 }, "also the first one");
});

test("a member is not owed what came before it joined", () => {
  const spoil = ({ views }) => {
    views[1].from = { epoch, seq: 4 };
    views[1].seen.splice(0, 4);
  };
  assert.deepEqual(said(spoil), {});
});

test("a message shown twice to one member is duplicated", () => {
  const again = ({ views }) => views[0].seen.push({ epoch, seq: 11, id: "id-3" });
  assert.equal(said(again).duplicated, 1);
  const sameNumber = ({ views }) => views[0].seen.splice(3, 0, { epoch, seq: 3, id: "id-3" });
  assert.deepEqual(said(sameNumber), { duplicated: 1, orderBreaks: 1 });
});

test("two rows of one id, and two messages under one stored number, are duplicated", () => {
  assert.equal(said(({ rows }) => rows.push({ ...rows[2] })).duplicated, 1);
  assert.equal(said(({ rows }) => (rows[2].seq = 4)).duplicated, 1);
});

test("two messages swapped for one member break the order", () => {
  const swapped = ({ views: [, { seen }] }) => ([seen[4], seen[5]] = [seen[5], seen[4]]);
  assert.deepEqual(said(swapped), { orderBreaks: 1 });
});

test("two messages that one member saw under each other's numbers break the order, though they rise", () => {
  const swapped = ({ views: [, { seen }] }) => ([seen[4].id, seen[5].id] = [seen[5].id, seen[4].id]);
  assert.equal(said(swapped).orderBreaks, 4);
});

test("PostgreSQL in another order than the members breaks the order", () => {
  const swapped = ({ rows }) => ([rows[4].seq, rows[5].seq] = [rows[5].seq, rows[4].seq]);
  assert.equal(said(swapped).orderBreaks, 4);
});

test("an acknowledgement with another number than the message has breaks the order", () => {
  assert.equal(said(({ messages }) => messages.get("id-3").acks.push({ epoch, seq: 77 })).orderBreaks, 1);
});

test("a number that nobody was shown is a gap for each member, unless it is void", () => {
  const skip = ({ views, rows, messages }) => {
    views.forEach(({ seen }) => removeAt(seen, 4));
    removeAt(rows, 4);
    messages.delete("id-5");
  };
  assert.deepEqual(said(skip), { gaps: 2 });
  const noted = (ledger) => {
    skip(ledger);
    ledger.voids.push({ room, epoch, seq: 5 });
  };
  assert.deepEqual(said(noted), {});
});

test("an epoch that does not begin with 1 is a gap", () => {
  const spoil = ({ views }) => removeAt(views[0].seen, 0);
  assert.equal(said(spoil).gaps, 1);
});

test("what the gateways could not repair is a gap", () => {
  assert.deepEqual(said(() => {}, { unrepairedByMetric: 3 }), { gaps: 3 });
});

test("a row that nobody sent is unexpected", () => {
  assert.deepEqual(said(({ rows }) => rows.push({ room, id: "foreign", epoch, seq: 11, text: "?" })), { unexpected: 1 });
});

test("a message that nobody sent, or with another text, is unexpected", () => {
  assert.equal(said((ledger) => ledger.shown(ledger.views[0], { epoch, seq: 11, id: "foreign", text: "?" })).unexpected, 1);
  const otherText = (ledger) => {
    const { epoch: e, seq, id } = ledger.views[0].seen.pop();
    ledger.shown(ledger.views[0], { epoch: e, seq, id, text: "other" });
  };
  assert.deepEqual(said(otherText), { unexpected: 1 });
});

test("a send that was never acknowledged is unexpected", () => {
  assert.deepEqual(said((ledger) => ledger.sent("id-11", room, "unanswered", 0)), { unexpected: 1 });
});

test("a message that was called stored before it was is unexpected", () => {
  assert.deepEqual(said(({ messages }) => (messages.get("id-3").claimedAt = 5000)), {});
  assert.deepEqual(said(({ messages }) => (messages.get("id-3").claimedAt = 4999)), { unexpected: 1 });
  const neverStored = ({ messages, rows }) => {
    messages.get("id-10").claimedAt = 6000;
    rows.pop();
  };
  assert.deepEqual(said(neverStored), { lost: 1, unexpected: 1 });
});

test("a member that never got into the room, and any surprise, is unexpected", () => {
  assert.deepEqual(said((ledger) => ledger.view("eve", room)), { unexpected: 1 });
  assert.deepEqual(said((ledger) => ledger.surprise("gateway-1 ended by itself")), { unexpected: 1 });
});

test("I4 a second number in a later epoch is accepted only where Redis forgot the ids", () => {
  const later = epoch + 1;
  const secondNumber = (ledger) => {
    ledger.acknowledged(ledger.messages.get("id-10"), { epoch: later, seq: 1 });
    ledger.views[0].seen.push({ epoch: later, seq: 1, id: "id-10" });
    const next = ledger.sent("id-11", room, "next", 0);
    ledger.acknowledged(next, { epoch: later, seq: 2 });
    ledger.views.forEach((view) => ledger.shown(view, { epoch: later, seq: 2, id: next.id, text: next.text }));
    ledger.rows.push({ room, id: next.id, epoch: later, seq: 2, text: next.text });
  };
  assert.deepEqual(said(secondNumber, { idsForgotten: true }), {}, "shown again to one member, left out for the other");
  assert.deepEqual(said(secondNumber), { duplicated: 1, orderBreaks: 2, gaps: 1 });
  const nobodysNumber = (ledger) => {
    secondNumber(ledger);
    ledger.messages.get("id-10").acks.pop();
    ledger.views[0].seen.splice(-2, 1);
  };
  assert.deepEqual(said(nobodysNumber, { idsForgotten: true }), {}, "the answer to the retry was lost");
  assert.deepEqual(said(nobodysNumber), { gaps: 2 });
  const sameEpoch = ({ views }) => views[0].seen.push({ epoch, seq: 11, id: "id-3" });
  assert.equal(said(sameEpoch, { idsForgotten: true }).duplicated, 1);
});
