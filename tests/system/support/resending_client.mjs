// A client that behaves as a browser does through failures: it reconnects to the next gateway, joins again from its
// cursor, and sends again, with the same ids, all that was not acknowledged.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { patience } from "../../../deploy/local/fleet/process.mjs";
import { until } from "./until.mjs";

const retryAfterMs = 1000;
const answerWithinMs = 3000 * patience;

export class ResendingClient {
  #cursor = undefined;
  #pending = new Map();
  #stopped = false;
  #paused = null;
  #resume = () => {};
  #socket = null;
  #seen = new Set();

  // urls: gateways in the order to try; room: the one room it is in.
  constructor(urls, room) {
    Object.assign(this, { urls, room, messages: [], reconnects: -1 });
    this.#running = this.#run();
  }
  #running;

  // Resolves once it is in the room.
  async joined() {
    await until(`${this.urls} to let a client join`, () => this.#socket?.joined, 30_000);
    return this;
  }

  // Resolves with the ack, however many retries that takes.
  send(text, id = randomUUID()) {
    return new Promise((acknowledge) => {
      this.#pending.set(id, { text, acknowledge, sentAt: 0 });
      this.#resend(this.#socket);
    });
  }

  get unacknowledged() {
    return this.#pending.size;
  }

  async waitForMessages(count, deadlineMs = 30_000) {
    await until(() => `${count} messages in ${this.room}; got ${this.messages.length}`, () => this.messages.length >= count, deadlineMs);
    return this.messages;
  }

  // Loses its connection, and stays away until resume().
  pause() {
    this.#paused = new Promise((resume) => (this.#resume = resume));
    this.#socket.joined = false;
    this.#socket.terminate();
  }

  resume() {
    this.#resume();
  }

  async stop() {
    this.#stopped = true;
    this.#resume();
    this.#socket?.terminate();
    await this.#running;
  }

  async #run() {
    for (let attempt = 0; !this.#stopped; attempt++) {
      await this.#connection(this.urls[attempt % this.urls.length]);
      await delay(this.#stopped ? 0 : 50);
      await this.#paused;
    }
  }

  // Lives as long as one connection.
  #connection(url) {
    return new Promise((done) => {
      const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: answerWithinMs });
      this.#socket = socket;
      this.#pending.forEach((message) => (message.sentAt = 0));
      const again = setInterval(() => this.#resend(socket), retryAfterMs / 4);
      let waitsForJoined = setTimeout(() => socket.terminate(), answerWithinMs);
      socket.on("open", () => this.#write({ type: "join", id: "join", room: this.room, since: this.#cursor }));
      socket.on("error", () => {});
      socket.on("close", () => {
        clearInterval(again);
        clearTimeout(waitsForJoined);
        done();
      });
      socket.on("message", (data) => {
        const frame = JSON.parse(data);
        if (frame.type === "joined") {
          clearTimeout(waitsForJoined);
          this.#onJoined(socket, frame);
        } else if (frame.type === "error" && frame.id === "join") {
          clearTimeout(waitsForJoined);
          waitsForJoined = setTimeout(() => socket.terminate(), frame.retry_after_ms ?? retryAfterMs);
        } else {
          this.#onFrame(frame);
        }
      });
    });
  }

  #onJoined(socket, frame) {
    frame.messages.forEach((message) => this.#onMessage(message));
    if (frame.more) {
      this.#write({ type: "join", id: "join", room: this.room, since: this.#cursor });
      return;
    }
    this.#cursor ??= { epoch: frame.epoch, seq: frame.seq };
    this.reconnects++;
    socket.joined = true;
    this.#resend(socket);
  }

  #onFrame(frame) {
    if (frame.type === "message" && frame.room === this.room) {
      this.#onMessage(frame);
    } else if (frame.type === "ack") {
      this.#pending.get(frame.id)?.acknowledge(frame);
      this.#pending.delete(frame.id);
    }
  }

  // Keeps every message, a second showing of the same one too: tests look for those.
  #onMessage({ epoch, seq, id, text, sender }) {
    this.#cursor = { epoch, seq };
    this.messages.push({ epoch, seq, id, text, sender, again: this.#seen.has(id) });
    this.#seen.add(id);
  }

  // Sends what was not sent on this connection yet, or so long ago that its answer must be lost.
  #resend(socket) {
    const now = Date.now();
    this.#pending.forEach((message, id) => {
      if (socket?.joined && now - message.sentAt >= retryAfterMs) {
        message.sentAt = now;
        this.#write({ type: "send", id, room: this.room, text: message.text });
      }
    });
  }

  #write(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(frame));
    }
  }
}
