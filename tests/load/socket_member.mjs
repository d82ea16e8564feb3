// A member on a WebSocket of its own, read with as little work as Node allows: thousands of them share a process.
import { connect } from "node:net";
import { encodeFrame, opcode } from "../system/support/raw_websocket.mjs";

const readBuffer = Buffer.alloc(256 * 1024);
// A handshake whose answer nobody checks.
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const nothing = Buffer.alloc(0);

export class SocketMember {
  #rest = nothing;
  #upgraded = false;

  // events: onJoined(), onMessage(text), onAck(), onRefused(text).
  constructor({ address, port }, dialect, events) {
    Object.assign(this, { dialect, alive: true }, events);
    this.socket = connect({ host: address, port, noDelay: true, onread: { buffer: readBuffer, callback: (length) => this.#onBytes(length) } });
    this.socket.on("connect", () => this.socket.write(`GET ${dialect.path} HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: Upgrade\r\n` +
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`));
    this.socket.on("error", (error) => this.onRefused(error.message));
    this.socket.on("close", () => (this.alive = false));
  }

  write(text) {
    this.socket.write(encodeFrame(opcode.text, text));
  }

  send(text) {
    this.dialect.send(this, text);
  }

  #onBytes(length) {
    const fresh = readBuffer.subarray(0, length);
    let data = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
    if (!this.#upgraded) {
      data = this.#takeUpgrade(data);
    }
    const used = this.#upgraded ? this.#takeFrames(data) : 0;
    // A copy, since the buffer is used again for whichever socket is read next.
    this.#rest = used === data.length ? nothing : Buffer.from(data.subarray(used));
    return true;
  }

  #takeUpgrade(data) {
    const end = data.indexOf("\r\n\r\n");
    if (end < 0) {
      return data;
    }
    if (data.latin1Slice(9, 12) !== "101") {
      this.onRefused(data.latin1Slice(0, 200));
      return nothing;
    }
    this.#upgraded = true;
    this.dialect.opened(this);
    return data.subarray(end + 4);
  }

  // Handles all whole frames and gives how many bytes they were. Servers neither mask nor fragment.
  #takeFrames(data) {
    let at = 0;
    while (data.length - at >= 2) {
      const short = data[at + 1] & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < head) {
        break;
      }
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
      const end = at + head + length;
      if (data.length < end) {
        break;
      }
      this.#onFrame(data[at] & 0x0f, data, at + head, end);
      at = end;
    }
    return at;
  }

  #onFrame(code, data, begin, end) {
    if (code === opcode.text) {
      this.dialect.receive(this, data.latin1Slice(begin, end));
    } else if (code === opcode.ping) {
      this.socket.write(encodeFrame(opcode.pong, data.subarray(begin, end)));
    } else if (code === opcode.close) {
      this.onRefused(`closed with ${end - begin >= 2 ? data.readUInt16BE(begin) : "no code"}`);
    }
  }
}
