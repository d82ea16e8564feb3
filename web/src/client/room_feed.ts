// What this client has of one room, and which of what arrives is new. No I/O.
import { compareCursors, idKey, type Cursor, type JoinedFrame, type Message } from "./protocol";

/** How many messages to ask for at the first visit. */
const firstHistory = 50;
/** Ids remembered against repetition; older repetitions are caught by the cursor. */
const rememberedIds = 4_000;

export interface Page {
  /** The messages that were not here yet, oldest first. */
  messages: Message[];
  /** Whether the next page has to be asked for. */
  more: boolean;
  gap: boolean;
  /** Older messages were deleted: nothing else is missing. */
  pruned: boolean;
}

export class RoomFeed {
  readonly room: string;
  /** Whether the last page has come since the last join: live messages flow and the room may be sent to. */
  live = false;
  #cursor: Cursor | undefined;
  #joinId: string | undefined;
  #gap = false;
  #pruned = false;
  #attempt = 0;
  readonly #seen = new Set<string>();

  constructor(room: string) {
    this.room = room;
  }

  /** Failed joins since the last good one. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The join that asks for what comes after all that is here; its answer is known by `id`. */
  join(id: string): { type: "join"; id: string; room: string; since?: Cursor; history?: number } {
    this.live = false;
    this.#joinId = id;
    const from = this.#cursor ? { since: this.#cursor } : { history: firstHistory };
    return { type: "join", id, room: this.room, ...from };
  }

  isJoin(id: string): boolean {
    return id === this.#joinId;
  }

  /** The connection is gone, or the join was refused: the cursor stays valid. */
  interrupted(): void {
    this.live = false;
    this.#joinId = undefined;
  }

  joinFailed(): void {
    this.interrupted();
    this.#attempt += 1;
  }

  /** Takes the answer to the current join; undefined if it answers another. */
  page(frame: JoinedFrame): Page | undefined {
    if (!this.isJoin(frame.id)) return undefined;
    const pruned = frame.pruned === true;
    this.#pruned ||= pruned;
    this.#gap ||= !frame.complete && !pruned && this.#cursor !== undefined;
    const messages = frame.messages.filter((message) => this.#isNew(message));
    const last = frame.messages.at(-1);
    const more = frame.more === true && last !== undefined;
    this.#cursor = more ? cursorOf(last) : cursorOf(frame);
    this.#attempt = 0;
    const answer = { messages, more, gap: this.#gap, pruned: this.#pruned };
    if (!more) {
      this.live = true;
      this.#joinId = undefined;
      this.#gap = false;
      this.#pruned = false;
    }
    return answer;
  }

  /** Whether a live message is new. */
  accept(message: Message): boolean {
    // Before the last page the cursor must not jump over what the pages still bring.
    if (!this.live) return this.#isNew(message);
    if (this.#cursor && compareCursors(message, this.#cursor) <= 0) {
      // A lower epoch is no repetition: the message was numbered by a server whose clock was behind.
      return message.epoch < this.#cursor.epoch && this.#isNew(message);
    }
    this.#cursor = cursorOf(message);
    return this.#isNew(message);
  }

  #isNew(message: Message): boolean {
    const key = idKey(message.id);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > rememberedIds) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return true;
  }
}

function cursorOf({ epoch, seq }: Cursor): Cursor {
  return { epoch, seq };
}
