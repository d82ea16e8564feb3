// What was sent, acknowledged, seen by each member and stored in one fault's run: written by the load, read by the checker.

export class Ledger {
  // id -> {id, room, text, sentAt, lastTryAt, tries, abandoned, claimedAt, acks: [{epoch, seq}]}, in the order of the first try; sentAt is
  // performance.now() then; abandoned: its sender is gone for good, nobody waits for an ack;
  // claimedAt: when its sender was told that it is stored, in milliseconds since 1970.
  messages = new Map();
  // One per member and room: {member, room, from, seen: [{epoch, seq, id}]}; from: the cursor behind which everything is owed.
  views = [];
  // What PostgreSQL holds in the end: {room, id, epoch, seq, text, created_ms}, the last in milliseconds since 1970, and numbers that it knows to be void: {room, epoch, seq}.
  rows = [];
  voids = [];
  // Sentences about what must not have happened.
  surprises = [];
  acked = 0;

  sent(id, room, text, at) {
    const message = { id, room, text, lastTryAt: at, tries: 0, abandoned: false, claimedAt: null, acks: [] };
    this.messages.set(id, message);
    return message;
  }

  view(member, room) {
    const view = { member, room, from: null, seen: [] };
    this.views.push(view);
    return view;
  }

  acknowledged(message, { epoch, seq }) {
    if (message.acks.length === 0) {
      this.acked++;
    }
    if (!message.acks.some((ack) => ack.epoch === epoch && ack.seq === seq)) {
      message.acks.push({ epoch, seq });
    }
  }

  // A message that a member was shown. What it says must be what was sent.
  shown(view, { epoch, seq, id, text }) {
    view.seen.push({ epoch, seq, id });
    const message = this.messages.get(id);
    if (!message || message.room !== view.room) {
      this.surprise(`${view.member} was shown ${id} in ${view.room}, which nobody sent there`);
    } else if (message.text !== text) {
      this.surprise(`${view.member} was shown another text of ${id} than was sent`);
    }
  }

  surprise(sentence) {
    this.surprises.push(sentence);
  }
}
