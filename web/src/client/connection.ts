// One WebSocket to whichever gateway answers: opened, kept alive, and opened again as the close code allows.
import { fullJitter } from "./backoff";
import { steadyMs } from "./clock";
import { closeRule } from "./close_codes";
import type { ConnectionState } from "./events";
import { parseFrame } from "./parse_frame";
import type { ClientFrame, ErrorFrame, ServerFrame, WelcomeFrame } from "./protocol";

/** The part of a browser's WebSocket that is used here. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(): void;
}

export interface ConnectionOptions {
  url: string;
  /** The name to say hello with; asked at every opening. */
  name: () => string;
  newId: () => string;
  random: () => number;
  openSocket: (url: string) => Socket;
}

export interface ConnectionListener {
  onState(state: ConnectionState): void;
  /** Every frame but the answers to this class's own hello and ping. */
  onFrame(frame: ServerFrame): void;
}

/** From the first packet to the answer to hello. */
const openDeadlineMs = 10_000;
/** A connection this long without a frame is asked for a sign of life, */
const idleMs = 30_000;
/** and given up when none has come after this. */
const pongDeadlineMs = 10_000;
/** After this long online, a loss is no longer counted with the ones before. */
const stableMs = 10_000;
const backoff = { baseMs: 1_000, maxMs: 15_000 };
/** The least wait where the close code says `later`. */
const laterMs = 10_000;

/** The code with which a gateway closes a connection that it announced to close. */
const plannedClose = 1012;

const retryable = new Set<string>(["rate_limited", "overloaded", "unavailable"]);

/** Owned by one ChatClient. `start` and `stop` may alternate any number of times. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  #state: ConnectionState = { phase: "idle" };
  #socket: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #moveTimer: ReturnType<typeof setTimeout> | undefined;
  #helloId: string | undefined;
  #attempt = 0;
  #onlineSince = 0;
  #lastReceived = 0;
  #comeBackAt: number | undefined;

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get online(): boolean {
    return this.#state.phase === "online";
  }

  start(): void {
    if (this.#state.phase === "idle") this.#open();
  }

  stop(): void {
    this.#discard();
    this.#attempt = 0;
    this.#setState({ phase: "idle" });
  }

  /**
   * For a network or a page that came back: ends a
   * wait at once, or asks an open connection for a sign of life.
   */
  wake(): void {
    if (this.#state.phase === "waiting") this.#open();
    if (this.online) this.#probe();
  }

  /** The user's own wish to be connected, which alone ends `stopped`. */
  reconnect(): void {
    const { phase } = this.#state;
    if (phase === "waiting" || phase === "stopped") this.#open();
  }

  /**
   * Sends `frame` if the connection is online; says whether it was handed over. No promise that it arrives.
   */
  send(frame: ClientFrame): boolean {
    if (!this.online || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Says hello again, after the name changed; opens the connection if it was stopped. */
  introduce(): void {
    if (this.online) this.#hello();
    if (this.#state.phase === "stopped") this.#open();
  }

  #open(): void {
    this.#discard();
    this.#setState({ phase: "connecting" });
    const socket = this.#options.openSocket(this.#options.url);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(1006), openDeadlineMs);
    socket.onopen = () => this.#hello();
    socket.onmessage = ({ data }) => this.#received(parseFrame(data));
    socket.onclose = ({ code }) => this.#lost(code);
  }

  #hello(): void {
    this.#helloId = this.#options.newId();
    const hello: ClientFrame = { type: "hello", id: this.#helloId, name: this.#options.name() };
    this.#socket?.send(JSON.stringify(hello));
  }

  #received(frame: ServerFrame | undefined): void {
    this.#lastReceived = steadyMs();
    if (!frame) return;
    switch (frame.type) {
      case "welcome":
        // The first welcome has no id: it comes unasked, before the gateway knows the name.
        if (frame.id !== undefined && frame.id === this.#helloId) this.#welcomed(frame);
        return;
      case "error":
        if (frame.id !== undefined && frame.id === this.#helloId) this.#helloRefused(frame);
        else this.#listener.onFrame(frame);
        return;
      case "reconnect":
        this.#moveLater(frame.after_ms);
        return;
      case "pong":
        return;
      default:
        this.#listener.onFrame(frame);
    }
  }

  #welcomed({ gateway, user, session }: WelcomeFrame): void {
    if (!this.online) {
      this.#onlineSince = steadyMs();
      this.#watch(idleMs);
    }
    this.#setState({ phase: "online", gateway, user, session });
  }

  #helloRefused(error: ErrorFrame): void {
    if (this.online) {
      this.#listener.onFrame(error);
    } else if (retryable.has(error.code)) {
      this.#wait(Math.max(error.retry_after_ms ?? 0, this.#nextBackoff()), "The server is too busy.");
    } else {
      this.#discard();
      this.#setState({ phase: "stopped", reason: `The server did not accept you: ${error.message}` });
    }
  }

  /**
   * Looks after `ms` whether anything came meanwhile. Frames
   * themselves do not touch the timer: there may be many.
   */
  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const idle = steadyMs() - this.#lastReceived;
      if (idle >= idleMs) this.#probe();
      else this.#watch(idleMs - idle);
    }, ms);
  }

  #probe(): void {
    const asked = steadyMs();
    this.#lastReceived = Math.min(this.#lastReceived, asked - 1);
    this.send({ type: "ping", id: this.#options.newId() });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#lastReceived < asked) this.#lost(1006);
      else this.#watch(idleMs);
    }, pongDeadlineMs);
  }

  /** To another gateway, by itself: the server closes those that stay. */
  #moveLater(ms: number): void {
    this.#comeBackAt = steadyMs() + ms;
    clearTimeout(this.#moveTimer);
    this.#moveTimer = setTimeout(() => this.#open(), ms);
  }

  #lost(code: number): void {
    const rule = closeRule(code);
    const reached = this.online;
    if (rule.comeBack === "never") {
      this.#discard();
      this.#setState({ phase: "stopped", reason: rule.reason });
      return;
    }
    if (reached && steadyMs() - this.#onlineSince >= stableMs) this.#attempt = 0;
    const told = code === plannedClose ? this.#comeBackAt : undefined;
    const least = rule.comeBack === "later" ? laterMs : 0;
    const wait = told === undefined ? least + this.#nextBackoff() : Math.max(0, told - steadyMs());
    this.#wait(wait, reached || code !== 1006 ? rule.reason : "The server cannot be reached.");
  }

  #nextBackoff(): number {
    return fullJitter(this.#attempt++, backoff, this.#options.random);
  }

  #wait(ms: number, reason: string): void {
    this.#discard();
    this.#timer = setTimeout(() => this.#open(), ms);
    this.#setState({ phase: "waiting", until: steadyMs() + ms, reason });
  }

  /** Lets go of the socket at once: a close handshake on a dead network would take minutes. */
  #discard(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#moveTimer);
    this.#helloId = undefined;
    this.#comeBackAt = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}
