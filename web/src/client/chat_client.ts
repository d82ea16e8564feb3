// The chat as a program sees it: rooms to join,
// messages to send, events to listen to. Knows no user interface.
import { fullJitter } from "./backoff";
import { steadyMs } from "./clock";
import { Connection, type Socket } from "./connection";
import type { ChatEvent, ConnectionState } from "./events";
import { Outbox, type Outgoing } from "./outbox";
import type { AckFrame, ErrorFrame, JoinedFrame, Message, ServerFrame } from "./protocol";
import { Receipts } from "./receipts";
import { RoomFeed } from "./room_feed";
import { newUuid } from "./uuid";

export interface ChatClientOptions {
  /** ws: or wss: URL of the gateways. */
  url: string;
  /** The user's name, 1 to 64 characters. */
  name: string;
  newId?: () => string;
  /** Gives [0, 1). */
  random?: () => number;
  openSocket?: (url: string) => Socket;
}

const retryLater = new Set<string>(["rate_limited", "overloaded", "unavailable", "cancelled"]);
const backoff = { baseMs: 1_000, maxMs: 15_000 };
/** The least wait before a retry where the gateway named none. */
const leastRetryMs = 250;
/** A gateway answers a join within 10 s; one without an answer for this long is asked again. */
const joinDeadlineMs = 20_000;

/**
 * Keeps one connection and what has to survive it: the rooms, the cursor of each, and every own message
 * until it is acknowledged or refused. A message keeps its id over all retries. Listeners are called in
 * the order of the events, never before the call that caused them has taken effect.
 */
export class ChatClient {
  readonly #connection: Connection;
  readonly #newId: () => string;
  readonly #random: () => number;
  readonly #rooms = new Map<string, RoomFeed>();
  readonly #outbox = new Outbox();
  readonly #receipts = new Receipts();
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  readonly #joinTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #session: string | undefined;
  #name: string;

  constructor(options: ChatClientOptions) {
    this.#name = options.name;
    this.#newId = options.newId ?? newUuid;
    this.#random = options.random ?? Math.random;
    const { url, openSocket = (address) => new WebSocket(address) as Socket } = options;
    this.#connection = new Connection(
      { url, openSocket, name: () => this.#name, newId: this.#newId, random: this.#random },
      { onState: (state) => this.#stateChanged(state), onFrame: (frame) => this.#received(frame) },
    );
  }

  /** Calls `listener` with every event from now on; returns the function that ends it. */
  subscribe(listener: (event: ChatEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#connection.start();
  }

  /** Closes the connection; rooms and unacknowledged messages are kept for the next `start`. */
  stop(): void {
    this.#connection.stop();
  }

  /**
   * The network or the page came back: no time is lost, but a connection that has to stay closed stays so.
   */
  wake(): void {
    this.#connection.wake();
  }

  /** The user asks to be connected now. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  rename(name: string): void {
    this.#name = name;
    this.#connection.introduce();
  }

  join(room: string): void {
    if (this.#rooms.has(room)) return;
    const feed = new RoomFeed(room);
    this.#rooms.set(room, feed);
    this.#emit({ type: "joining", room });
    this.#askToJoin(feed);
  }

  leave(room: string): void {
    if (!this.#rooms.delete(room)) return;
    clearTimeout(this.#joinTimers.get(room));
    this.#connection.send({ type: "leave", id: this.#newId(), room });
    this.#emit({ type: "left", room });
  }

  /**
   * Sends `text`, which has to be within the limits,
   * when the room can be reached. With `id`, tries that one again.
   */
  send(room: string, text: string, id: string = this.#newId()): string {
    this.#outbox.add({ id, room, text });
    this.#emit({ type: "queued", room, id, text, at: Date.now() });
    this.#flush();
    return id;
  }

  #stateChanged(state: ConnectionState): void {
    const session = state.phase === "online" ? state.session : undefined;
    const changed = session !== this.#session;
    this.#session = session;
    if (changed) this.#interrupted();
    this.#emit({ type: "connection", state });
    if (changed && session !== undefined) {
      for (const feed of this.#rooms.values()) this.#askToJoin(feed);
    }
  }

  #interrupted(): void {
    for (const timer of this.#joinTimers.values()) clearTimeout(timer);
    clearTimeout(this.#sendTimer);
    for (const feed of this.#rooms.values()) feed.interrupted();
    this.#outbox.interrupted();
    this.#receipts.interrupted();
  }

  /** Joins and follows; asks again should no answer come. */
  #askToJoin(feed: RoomFeed): void {
    if (!this.#connection.send(feed.join(this.#newId()))) return;
    this.#askLater(feed, joinDeadlineMs);
  }

  #askLater(feed: RoomFeed, ms: number): void {
    clearTimeout(this.#joinTimers.get(feed.room));
    this.#joinTimers.set(
      feed.room,
      setTimeout(() => this.#askToJoin(feed), ms),
    );
  }

  #received(frame: ServerFrame): void {
    switch (frame.type) {
      case "joined":
        return this.#joined(frame);
      case "message":
        return this.#message(frame);
      case "ack":
        return this.#acked(frame);
      case "stored": {
        const ids = this.#receipts.stored(frame.room, frame);
        if (ids.length > 0) this.#emit({ type: "stored", room: frame.room, ids });
        return;
      }
      case "error":
        return this.#failed(frame);
      default:
    }
  }

  #joined(frame: JoinedFrame): void {
    const feed = this.#rooms.get(frame.room);
    const page = feed?.page(frame);
    if (!feed || !page) return;
    if (page.messages.length > 0) this.#emit({ type: "messages", room: feed.room, messages: page.messages });
    if (page.more) return this.#askToJoin(feed);
    clearTimeout(this.#joinTimers.get(feed.room));
    const { gap, pruned } = page;
    this.#emit({ type: "joined", room: feed.room, stored: frame.stored, gap, pruned });
    this.#flush();
  }

  #message({ epoch, seq, room, id, sender, sender_name, text, sent_at }: Message): void {
    const message: Message = { epoch, seq, room, id, sender, sender_name, text, sent_at };
    if (this.#rooms.get(room)?.accept(message)) this.#emit({ type: "messages", room, messages: [message] });
  }

  #acked(frame: AckFrame): void {
    const message = this.#outbox.settle(frame.id);
    if (!message) return;
    this.#receipts.acked(frame);
    this.#emit({ type: "acked", room: message.room, id: message.id, epoch: frame.epoch, seq: frame.seq });
    this.#flush();
  }

  #failed(error: ErrorFrame): void {
    const { id, code, message } = error;
    const feed = id === undefined ? undefined : [...this.#rooms.values()].find((room) => room.isJoin(id));
    const outgoing = id === undefined ? undefined : this.#outbox.get(id);
    if (feed) this.#joinFailed(feed, error);
    else if (outgoing) this.#sendFailed(outgoing, error);
    // The answer to a join that a leave or a later join of ours has overtaken.
    else if (code !== "cancelled") this.#emit({ type: "notice", code, message });
  }

  #joinFailed(feed: RoomFeed, { code, message, retry_after_ms }: ErrorFrame): void {
    const { room } = feed;
    const wait = retry_after_ms ?? this.#retryWait(feed.attempt);
    feed.joinFailed();
    if (retryLater.has(code)) {
      this.#askLater(feed, wait);
    } else {
      clearTimeout(this.#joinTimers.get(room));
      this.#rooms.delete(room);
      for (const { id } of this.#outbox.settleRoom(room))
        this.#emit({ type: "refused", room, id, code, message });
      this.#emit({ type: "room_refused", room, code, message });
    }
  }

  #sendFailed({ id, room }: Outgoing, { code, message, retry_after_ms }: ErrorFrame): void {
    const wait = retry_after_ms ?? this.#retryWait(this.#outbox.attempts(id) - 1);
    if (retryLater.has(code)) {
      this.#outbox.postpone(id, steadyMs() + wait);
    } else if (code === "not_joined") {
      // The gateway has forgotten that this session is in
      // the room: join again, then the message goes out again.
      this.#outbox.postpone(id, steadyMs() + wait);
      const feed = this.#rooms.get(room);
      if (feed?.live) this.#askToJoin(feed);
    } else {
      this.#outbox.settle(id);
      this.#emit({ type: "refused", room, id, code, message });
    }
    this.#flush();
  }

  #retryWait(attempt: number): number {
    return leastRetryMs + fullJitter(Math.max(0, attempt), backoff, this.#random);
  }

  /** Sends what is due and arranges to look again when time alone makes more due. */
  #flush(): void {
    clearTimeout(this.#sendTimer);
    if (!this.#connection.online) return;
    const now = steadyMs();
    const ready = (room: string) => this.#rooms.get(room)?.live === true;
    for (const message of this.#outbox.takeDue(now, ready)) {
      this.#connection.send({ type: "send", ...message });
    }
    const next = this.#outbox.nextDue(now, ready);
    if (next !== undefined) this.#sendTimer = setTimeout(() => this.#flush(), Math.max(0, next - now));
  }

  #emit(event: ChatEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
