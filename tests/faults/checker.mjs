// Counts what went wrong, from a ledger alone. Columns of the table:
//
// sent, acked  messages (ids), however often they were tried.
// lost         an acknowledged or shown message that is not in PostgreSQL with its room and text; and, per member, an
//              acknowledged or stored message that a member was owed and was never shown. A member is owed everything
//              behind the cursor of its first `joined`.
// duplicated   per member, a second showing of an id; a second row of an id; a second message under one stored number.
// orderBreaks  per member, a number that does not rise; a number under which different messages were acknowledged, shown
//              or stored; a message that one of them had under another number. Together: as all numbers rise for all
//              members and each stands for one message everywhere, two members cannot have seen two messages in different
//              order, and the order of PostgreSQL's (epoch, seq) is theirs.
// gaps         per member, a number below the last one it saw of that epoch that it was not shown and that is not in
//              void_numbers; and the growth of the gateways' chat_gaps_unrepaired_total.
// unexpected   rows that nobody sent, sends never acknowledged, messages called stored before their row was begun, and what the ledger calls surprises: another text, an error
//              with a code that the fault does not explain, a process that ended by itself, a sanitizer's report, a
//              disconnect where clients must stay.
//
// idsForgotten: Redis lost its memory of ids in this run (invariant I4). Then a retry may get a second number in a later
// epoch, under which it may be shown once more or, where gateways still knew the id, be left out; and where the answer to
// that retry was lost as well, nobody ever hears whose number it was. `again` counts second showings and `unknown` numbers
// of which neither an ack nor a member nor a row tells; without idsForgotten they are duplicates, order breaks and gaps.
//
// rowsLost: PostgreSQL lost rows in this run and got them again, so that a row may be younger than its receipt.

const mostExamples = 5;

export function check(ledger, { idsForgotten = false, rowsLost = false, unrepairedByMetric = 0 } = {}) {
  const report = new Report();
  const rows = rowsById(ledger, report);
  const numbers = checkNumbers(ledger, report, idsForgotten);
  checkMessages(ledger, rows, report, rowsLost);
  const owed = owedByRoom(ledger, rows);
  const voids = new Set(ledger.voids.map(numberOf));
  ledger.views.forEach((view) => checkView(view, { owed: owed.get(view.room) ?? [], numbers, voids, idsForgotten, rows }, report));
  report.add("gaps", unrepairedByMetric, "chat_gaps_unrepaired_total grew");
  ledger.surprises.forEach((sentence) => report.add("unexpected", 1, sentence));
  return { sent: ledger.messages.size, acked: ledger.acked, ...report.counts, again: report.again, unknown: report.unknown.size, examples: report.examples };
}

export function isClean({ lost, duplicated, orderBreaks, gaps, unexpected }) {
  return lost + duplicated + orderBreaks + gaps + unexpected === 0;
}

class Report {
  counts = { lost: 0, duplicated: 0, orderBreaks: 0, gaps: 0, unexpected: 0 };
  again = 0;
  unknown = new Set();
  examples = [];
  #kept = {};

  add(column, count, sentence) {
    this.counts[column] += count;
    this.#kept[column] ??= 0;
    if (count > 0 && this.#kept[column]++ < mostExamples) {
      this.examples.push(`${column}: ${sentence}`);
    }
  }
}

const keyOf = ({ room, id }) => `${room} ${id}`;
const numberOf = ({ room, epoch, seq }) => `${room} ${epoch}/${seq}`;
const rises = (a, b) => a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);

function rowsById(ledger, report) {
  const rows = new Map();
  const stored = new Map();
  for (const row of ledger.rows) {
    const message = ledger.messages.get(row.id);
    if (!message || message.room !== row.room) {
      report.add("unexpected", 1, `the row ${row.id} of ${row.room} was sent by nobody`);
    }
    if (rows.has(keyOf(row))) {
      report.add("duplicated", 1, `${row.id} has two rows`);
    } else if (stored.has(numberOf(row))) {
      report.add("duplicated", 1, `${row.id} and ${stored.get(numberOf(row))} are both stored as ${numberOf(row)}`);
    }
    rows.set(keyOf(row), row);
    stored.set(numberOf(row), row.id);
  }
  return rows;
}

// Every number stands for one message and, unless ids were forgotten, every message for one number. Resolves who has which:
// "room epoch/seq" -> id.
function checkNumbers(ledger, report, idsForgotten) {
  const ids = new Map();
  const numbers = new Map();
  const note = (room, { epoch, seq }, id, who) => {
    const number = `${room} ${epoch}/${seq}`;
    const first = ids.get(number) ?? id;
    ids.set(number, first);
    if (first !== id) {
      report.add("orderBreaks", 1, `${number} is ${first} and, as ${who}, ${id}`);
    }
    const known = numbers.get(id) ?? number;
    numbers.set(id, known);
    if (known !== number && !idsForgotten) {
      report.add("orderBreaks", 1, `${id} is ${known} and, as ${who}, ${number}`);
    }
  };
  ledger.messages.forEach(({ id, room, acks }) => acks.forEach((ack) => note(room, ack, id, "acknowledged")));
  ledger.views.forEach(({ member, room, seen }) => seen.forEach((message) => note(room, message, message.id, `shown to ${member}`)));
  ledger.rows.forEach((row) => note(row.room, row, row.id, "stored"));
  return ids;
}

function checkMessages(ledger, rows, report, rowsLost) {
  const shown = new Set(ledger.views.flatMap(({ seen }) => seen.map(({ id }) => id)));
  for (const message of ledger.messages.values()) {
    const row = rows.get(keyOf(message));
    const acked = message.acks.length > 0;
    if (!row && (acked || shown.has(message.id))) {
      report.add("lost", 1, `${message.id} was ${acked ? "acknowledged" : "shown"} and is not stored`);
    } else if (row && row.text !== message.text) {
      report.add("lost", 1, `${message.id} is stored with another text`);
    }
    // A row that was lost and read again is younger than the receipt that it once had.
    if (message.claimedAt !== null && !(row && (rowsLost || row.created_ms <= message.claimedAt))) {
      report.add("unexpected", 1, `${message.id} was called stored ${row ? `${row.created_ms - message.claimedAt} ms before its row was begun` : "and is not"}`);
    }
    if (!acked && !message.abandoned) {
      report.add("unexpected", 1, `${message.id} was never acknowledged, in ${message.tries} tries`);
    }
  }
}

// What the room's members must have seen: {id, epoch, seq}.
function owedByRoom(ledger, rows) {
  const owed = new Map();
  for (const message of ledger.messages.values()) {
    const number = rows.get(keyOf(message)) ?? message.acks[0];
    if (number) {
      const list = owed.get(message.room) ?? [];
      list.push({ id: message.id, epoch: number.epoch, seq: number.seq });
      owed.set(message.room, list);
    }
  }
  return owed;
}

function checkView(view, { owed, numbers, voids, idsForgotten }, report) {
  const who = `${view.member} in ${view.room}`;
  if (!view.from) {
    report.add("unexpected", 1, `${who} never got into the room`);
    return;
  }
  const seen = new Map();
  const shownNumbers = new Set();
  let last = view.from;
  for (const message of view.seen) {
    const first = seen.get(message.id);
    if (first && idsForgotten && first.epoch < message.epoch) {
      report.again++;
    } else if (first) {
      report.add("duplicated", 1, `${who} was shown ${message.id} as ${first.epoch}/${first.seq} and as ${message.epoch}/${message.seq}`);
    }
    if (!rises(last, message)) {
      report.add("orderBreaks", 1, `${who} was shown ${message.epoch}/${message.seq} after ${last.epoch}/${last.seq}`);
    }
    seen.set(message.id, first ?? message);
    shownNumbers.add(`${message.epoch}/${message.seq}`);
    last = message;
  }
  for (const { epoch, seq, id } of owed) {
    if (rises(view.from, { epoch, seq }) && !seen.has(id)) {
      report.add("lost", 1, `${who} was never shown ${id} (${epoch}/${seq})`);
    }
  }
  for (const [epoch, highest] of highestByEpoch(view.seen)) {
    for (let seq = epoch === view.from.epoch ? view.from.seq + 1 : 1; seq < highest; seq++) {
      const number = `${view.room} ${epoch}/${seq}`;
      if (shownNumbers.has(`${epoch}/${seq}`) || voids.has(number) || (idsForgotten && seen.has(numbers.get(number)))) {
        continue;
      }
      if (idsForgotten && !numbers.has(number)) {
        report.unknown.add(number);
      } else {
        report.add("gaps", 1, `${who} was not shown ${epoch}/${seq} (${numbers.get(number) ?? "which nobody knows"})`);
      }
    }
  }
}

function highestByEpoch(seen) {
  const highest = new Map();
  seen.forEach(({ epoch, seq }) => highest.set(epoch, Math.max(seq, highest.get(epoch) ?? 0)));
  return highest;
}
