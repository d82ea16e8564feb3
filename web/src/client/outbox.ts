// Own messages from the moment they are written until they are acknowledged or refused. No I/O.
import { idKey } from "./protocol";

export interface Outgoing {
  readonly id: string;
  readonly room: string;
  readonly text: string;
}

interface Entry {
  readonly message: Outgoing;
  /** When it was last sent on the present connection (`steadyMs`); undefined while it waits. */
  sentAt: number | undefined;
  attempts: number;
}

/** Sent and unanswered at one time, well under what a gateway allows a session. */
const window = 16;
/** A gateway answers within 10 s; a send without an answer for this long is sent again. */
const answerDeadlineMs = 20_000;

/** Keeps the order of writing: a message that has to wait holds back the ones after it. */
export class Outbox {
  readonly #entries = new Map<string, Entry>();
  #pausedUntil = 0;

  add(message: Outgoing): void {
    this.#entries.set(idKey(message.id), { message, sentAt: undefined, attempts: 0 });
  }

  get(id: string): Outgoing | undefined {
    return this.#entries.get(idKey(id))?.message;
  }

  attempts(id: string): number {
    return this.#entries.get(idKey(id))?.attempts ?? 0;
  }

  /**
   * What is to be sent at `now` to the rooms that are `ready`, oldest first; counted as sent from here on.
   */
  takeDue(now: number, ready: (room: string) => boolean): Outgoing[] {
    if (now < this.#pausedUntil) return [];
    const due = this.#inWindow(ready).filter(
      ({ sentAt }) => sentAt === undefined || now >= sentAt + answerDeadlineMs,
    );
    for (const entry of due) {
      entry.sentAt = now;
      entry.attempts += 1;
    }
    return due.map(({ message }) => message);
  }

  /** When, after `takeDue` at `now`, the passing of time alone makes more due; undefined if it does not. */
  nextDue(now: number, ready: (room: string) => boolean): number | undefined {
    const inWindow = this.#inWindow(ready);
    if (inWindow.length === 0) return undefined;
    if (now < this.#pausedUntil) return this.#pausedUntil;
    return Math.min(...inWindow.map(({ sentAt }) => sentAt ?? now)) + answerDeadlineMs;
  }

  #inWindow(ready: (room: string) => boolean): Entry[] {
    return [...this.#entries.values()].filter(({ message }) => ready(message.room)).slice(0, window);
  }

  /** The message was put off: it is sent again, under the same id, not before `at`. */
  postpone(id: string, at: number): void {
    const entry = this.#entries.get(idKey(id));
    if (!entry) return;
    entry.sentAt = undefined;
    this.#pausedUntil = Math.max(this.#pausedUntil, at);
  }

  /** The connection is gone: whatever was sent on it is sent again. */
  interrupted(): void {
    for (const entry of this.#entries.values()) entry.sentAt = undefined;
    this.#pausedUntil = 0;
  }

  /** The message was acknowledged or refused, and is taken out; undefined if it is not here. */
  settle(id: string): Outgoing | undefined {
    const entry = this.#entries.get(idKey(id));
    this.#entries.delete(idKey(id));
    return entry?.message;
  }

  /** Takes out all messages to `room`. */
  settleRoom(room: string): Outgoing[] {
    const messages = [...this.#entries.values()]
      .map(({ message }) => message)
      .filter((one) => one.room === room);
    for (const { id } of messages) this.settle(id);
    return messages;
  }
}
