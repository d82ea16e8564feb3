// A client of the native protocol (one WebSocket) that keeps all it receives.
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { faultOfGatewayFrame } from "./contract.mjs";
import { deadlineOf, until } from "./until.mjs";

export class Client {
  #requests = 0;
  #waiting = new Map();

  // Connects and resolves once the gateway's welcome is here. options: origin, headers, protocols, ca (of wss), name (sends hello).
  static async connect(url, options = {}) {
    const client = new Client(url, options);
    await client.waitFor((frame) => frame.type === "welcome");
    if (options.name) {
      await client.hello({ name: options.name });
    }
    return client;
  }

  constructor(url, { origin, headers, protocols, ca } = {}) {
    this.url = url;
    this.frames = [];
    this.error = null;
    this.socket = new WebSocket(url, protocols, { origin, headers, ca, perMessageDeflate: false });
    this.socket.on("message", (data, binary) => this.#onFrame(binary ? { binary: data } : JSON.parse(data)));
    this.socket.on("error", (error) => (this.error = error));
    this.closed = new Promise((done) => {
      this.socket.once("close", (code, reason) => {
        this.closeCode = code;
        this.#waiting.forEach((answer) => answer({ type: "closed", code }));
        done({ code, reason: reason.toString() });
      });
    });
  }

  // The messages that came live, in the order of arrival, of one room or of all.
  messages(room) {
    return this.frames.filter((frame) => frame.type === "message" && (room === undefined || frame.room === room));
  }

  get welcome() {
    return this.frames.find((frame) => frame.type === "welcome");
  }

  // Resolves with the first frame that matches, whether it came already or comes before the deadline.
  waitFor(matches, deadlineMs = 10_000) {
    const find = () => {
      const found = this.frames.find(matches);
      if (!found && this.closeCode !== undefined) {
        throw new Error(`${this.url} closed (${this.closeCode}) before the frame came. ${this.error?.message ?? ""}`);
      }
      return found;
    };
    return until(() => `a frame ${matches} from ${this.url}; got ${JSON.stringify(this.frames.slice(-5))}`, find, deadlineMs);
  }

  // Resolves with the room's live messages once there are `count` of them.
  async waitForMessages(room, count, deadlineMs = 10_000) {
    await until(() => `${count} messages in ${room}; got ${this.messages(room).length}`, () => this.messages(room).length >= count, deadlineMs);
    return this.messages(room);
  }

  // Sends an object as JSON, or a string or Buffer as it is.
  write(frame) {
    this.socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  // Sends a frame with an id of its own and resolves with the frame that answers it, an error included; if the connection
  // ends first with {type: "closed", code}. A second request with an id takes the place of the first.
  request(frame, deadlineMs = 10_000) {
    const waitMs = deadlineOf(deadlineMs);
    const id = frame.id ?? `request-${++this.#requests}`;
    return new Promise((done, fail) => {
      const late = () => answer(null, new Error(`${this.url} did not answer ${frame.type} ${id} within ${waitMs / 1000} s.`));
      const timer = setTimeout(late, waitMs);
      const answer = (answering, error) => {
        clearTimeout(timer);
        if (this.#waiting.get(id) === answer) {
          this.#waiting.delete(id);
        }
        error ? fail(error) : done(answering);
      };
      this.#waiting.set(id, answer);
      if (this.closeCode !== undefined) {
        answer({ type: "closed", code: this.closeCode });
      } else {
        this.write({ ...frame, id });
      }
    });
  }

  hello(fields) {
    return this.request({ type: "hello", ...fields }).then(mustBe("welcome"));
  }

  // options: since, history. Resolves with the `joined` frame; of a history in pages only with the first.
  join(room, options = {}) {
    return this.request({ type: "join", room, ...options }).then(mustBe("joined"));
  }

  leave(room) {
    return this.request({ type: "leave", room }).then(mustBe("left"));
  }

  ping() {
    return this.request({ type: "ping" }).then(mustBe("pong"));
  }

  // Sends a message and resolves with its `ack`; an error frame rejects (the frame is its `frame`).
  send(room, text, { id = randomUUID(), deadlineMs } = {}) {
    return this.request({ type: "send", id, room, text }, deadlineMs).then(mustBe("ack"));
  }

  async close(code = 1000) {
    this.socket.close(code);
    return this.closed;
  }

  // Breaks the connection without a close frame.
  async drop() {
    this.socket.terminate();
    return this.closed;
  }

  // Every frame of every test must be as documented.
  #onFrame(frame) {
    const fault = frame.binary === undefined ? faultOfGatewayFrame(frame) : "the protocol has no binary messages";
    if (fault !== null) {
      throw new Error(`A frame from ${this.url} is not as asyncapi.yaml has it: ${fault}: ${JSON.stringify(frame).slice(0, 1000)}`);
    }
    this.frames.push(frame);
    if (frame.type !== "message") {
      this.#waiting.get(frame.id)?.(frame);
    }
  }
}

function mustBe(type) {
  return (frame) => {
    if (frame.type !== type) {
      throw Object.assign(new Error(`Expected ${type}, got ${JSON.stringify(frame)}.`), { frame });
    }
    return frame;
  };
}
