// Which own messages a `stored` frame speaks of: those acknowledged on the same connection. No I/O.
import { compareCursors, type AckFrame, type Cursor } from "./protocol";

export class Receipts {
  #acked: AckFrame[] = [];

  acked(ack: AckFrame): void {
    this.#acked.push(ack);
  }

  /** Takes out and names the messages of `room` that are stored now that everything up to `cursor` is. */
  stored(room: string, cursor: Cursor): string[] {
    const covers = (ack: AckFrame) => ack.room === room && compareCursors(ack, cursor) <= 0;
    const ids = this.#acked.filter(covers).map(({ id }) => id);
    this.#acked = this.#acked.filter((ack) => !covers(ack));
    return ids;
  }

  interrupted(): void {
    this.#acked = [];
  }
}
