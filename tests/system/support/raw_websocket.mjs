// A WebSocket client without a library, so that tests can break the framing on purpose.
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { ByteQueue } from "./byte_queue.mjs";
import { Changes } from "./changes.mjs";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// The payload of a Close frame; `reason` is text or bytes.
export function closePayload(code, reason = "") {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}

// One client frame. options: fin, reserved (the three RSV bits), masked, length: the declared one, lengthBytes: 0, 2 or 8
// bytes for it whatever it is.
export function encodeFrame(code, payload = "", { fin = true, reserved = 0, masked = true, length, lengthBytes } = {}) {
  const body = Buffer.from(payload);
  const declared = BigInt(length ?? body.length);
  const bytes = lengthBytes ?? (declared < 126n ? 0 : declared < 65536n ? 2 : 8);
  const head = Buffer.alloc(2 + bytes);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | code;
  head[1] = (masked ? 0x80 : 0) | (bytes === 0 ? Number(declared) : bytes === 2 ? 126 : 127);
  if (bytes === 2) {
    head.writeUInt16BE(Number(declared), 2);
  } else if (bytes === 8) {
    head.writeBigUInt64BE(declared, 2);
  }
  if (!masked) {
    return Buffer.concat([head, body]);
  }
  const mask = randomBytes(4);
  const frame = Buffer.concat([head, mask, body]);
  for (let i = head.length + 4, at = 0; i < frame.length; i++, at++) {
    frame[i] ^= mask[at & 3];
  }
  return frame;
}

const acceptOf = (key) => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

export class RawWebSocket {
  #received = new ByteQueue();
  #changes = new Changes();
  #taken = 0;

  // Resolves once the upgrade is answered. early: bytes that go out with the request; ca: of a server that speaks TLS.
  static async connect({ address, port }, { path = "/ws", early = "", ca } = {}) {
    const client = new RawWebSocket(address, port, ca);
    const key = randomBytes(16).toString("base64");
    client.socket.write(Buffer.concat([
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`),
      Buffer.from(early),
    ]));
    await client.until("the answer to the upgrade", () => client.status ?? client.ended);
    if (client.status !== 101 || !client.head.includes(`\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n`)) {
      client.destroy();
      throw new Error(`The upgrade was answered by ${client.head}`);
    }
    return client;
  }

  constructor(address, port, ca) {
    // frames: {opcode, payload, fin, reserved, masked} in the order of arrival.
    Object.assign(this, { status: null, head: "", frames: [], ended: false, error: null });
    this.socket = ca ? connectTls({ host: address, port, ca }) : connect({ host: address, port, noDelay: true });
    this.socket.on("error", (error) => (this.error = error));
    this.socket.on("close", () => {
      this.ended = true;
      this.#changes.notify();
    });
    this.socket.on("data", (chunk) => {
      this.#received.push(chunk);
      this.#parse();
      this.#changes.notify();
    });
  }

  send(code, payload, options) {
    this.socket.write(encodeFrame(code, payload, options));
  }

  // Each piece in a write of its own, the next one when the kernel has it.
  async writeInPieces(pieces) {
    for (const piece of pieces) {
      await new Promise((done) => this.socket.write(piece, done));
    }
  }

  // Reads nothing more, so that the server's bytes pile up, until resume().
  pause() {
    this.socket.pause();
  }

  resume() {
    this.socket.resume();
  }

  // The text frames, read as JSON.
  get messages() {
    return this.frames.filter((frame) => frame.opcode === opcode.text).map((frame) => JSON.parse(frame.payload));
  }

  // Resolves with what the condition gives once that is truthy; looked at when bytes come and when the connection ends.
  until(what, condition, deadlineMs) {
    const { remoteAddress, remotePort } = this.socket;
    return this.#changes.until(() => `${what} from ${remoteAddress}:${remotePort}; got ${this.#lastFrames()}${this.ended ? ", and the end" : ""}`, condition, deadlineMs);
  }

  // Resolves with the first frame that matches.
  waitFor(matches, deadlineMs) {
    return this.until(`a frame ${matches}`, () => this.frames.find(matches), deadlineMs);
  }

  // Resolves with the frame that follows the one that this gave last.
  async next(deadlineMs) {
    await this.until(`frame ${this.#taken}`, () => this.frames.length > this.#taken || this.ended, deadlineMs);
    if (this.frames.length === this.#taken) {
      throw new Error(`The server ended the connection (${this.error ?? "in order"}) after ${this.#lastFrames()}.`);
    }
    return this.frames[this.#taken++];
  }

  // Resolves with the code of the Close frame that the server sent before it closed the connection.
  async closeCode(deadlineMs) {
    const { payload } = await this.waitFor((frame) => frame.opcode === opcode.close, deadlineMs);
    this.socket.end(encodeFrame(opcode.close, payload.subarray(0, 2)));
    await this.until("the end of the connection", () => this.ended, deadlineMs);
    return payload.length >= 2 ? payload.readUInt16BE(0) : null;
  }

  destroy() {
    this.socket.destroy();
  }

  #lastFrames() {
    const shown = this.frames.slice(-3).map((frame) => `${frame.opcode}:${JSON.stringify(String(frame.payload.subarray(0, 100)))} (${frame.payload.length} bytes)`);
    return `${this.frames.length} frames, at last [${shown.join(", ")}]`;
  }

  #parse() {
    if (this.status === null) {
      const received = this.#received.peek(this.#received.length);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) {
        return;
      }
      this.head = String(this.#received.take(end + 4));
      this.status = Number(this.head.slice(9, 12));
    }
    for (let frame; (frame = this.#takeFrame()); ) {
      this.frames.push(frame);
    }
  }

  #takeFrame() {
    const start = this.#received.peek(2);
    if (!start) {
      return null;
    }
    const short = start[1] & 0x7f;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    const head = this.#received.peek(size);
    if (!head) {
      return null;
    }
    const length = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    const frame = this.#received.take(size + length);
    return frame && {
      opcode: frame[0] & 0x0f,
      fin: frame[0] >= 0x80,
      reserved: (frame[0] >> 4) & 7,
      masked: frame[1] >= 0x80,
      payload: frame.subarray(size),
    };
  }
}
