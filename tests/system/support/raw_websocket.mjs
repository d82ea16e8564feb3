// A WebSocket client without a library, so that tests can break the framing on purpose.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { until } from "./until.mjs";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

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
  return Buffer.concat([head, mask, body.map((byte, i) => byte ^ mask[i % 4])]);
}

export class RawWebSocket {
  #received = Buffer.alloc(0);

  // Resolves once the upgrade is answered.
  static async connect({ address, port }, { path = "/ws" } = {}) {
    const client = new RawWebSocket(address, port);
    const key = randomBytes(16).toString("base64");
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    await until(`${address}:${port} to answer the upgrade`, () => client.status ?? client.ended);
    if (client.status !== 101) {
      throw new Error(`The upgrade was answered by ${client.status}.`);
    }
    return client;
  }

  constructor(address, port) {
    // frames: {opcode, payload} in the order of arrival.
    Object.assign(this, { status: null, frames: [], ended: false });
    this.socket = connect({ host: address, port });
    this.socket.on("error", () => {});
    this.socket.on("close", () => (this.ended = true));
    this.socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#parse();
    });
  }

  send(code, payload, options) {
    this.socket.write(encodeFrame(code, payload, options));
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

  // Resolves with the first frame that matches.
  waitFor(matches, deadlineMs) {
    return until(() => `a frame ${matches}; got ${JSON.stringify(this.frames.slice(-3))}`, () => this.frames.find(matches), deadlineMs);
  }

  // Resolves with the code of the Close frame that the server sent before it closed the connection.
  async closeCode(deadlineMs) {
    const { payload } = await this.waitFor((frame) => frame.opcode === opcode.close, deadlineMs);
    this.socket.end(encodeFrame(opcode.close, payload.subarray(0, 2)));
    await until("the server to close the connection", () => this.ended, deadlineMs);
    return payload.length >= 2 ? payload.readUInt16BE(0) : null;
  }

  destroy() {
    this.socket.destroy();
  }

  #parse() {
    if (this.status === null) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) {
        return;
      }
      this.status = Number(this.#received.subarray(9, 12));
      this.#received = this.#received.subarray(end + 4);
    }
    for (let frame; (frame = this.#takeFrame()); ) {
      this.frames.push(frame);
    }
  }

  // The server neither masks nor fragments.
  #takeFrame() {
    const data = this.#received;
    if (data.length < 2) {
      return null;
    }
    const short = data[1] & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < head) {
      return null;
    }
    const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    if (data.length < head + length) {
      return null;
    }
    this.#received = data.subarray(head + length);
    return { opcode: data[0] & 0x0f, payload: data.subarray(head, head + length) };
  }
}
