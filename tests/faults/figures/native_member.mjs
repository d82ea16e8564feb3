// A native member on a plain socket, read with little work: thousands of them share a process. After each break it joins
// again behind what it has seen, and it leaves by itself when a gateway tells it to.
import { connect } from "node:net";

const mostWaitMs = 500;
// A handshake whose answer is not checked further, and a mask that changes nothing.
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const mask = Buffer.alloc(4);

// What a member's cursor and counts are once it was shown a message: gaps counts numbers that it missed, repeats those that
// do not rise. A member without a cursor begins there.
export function follow({ cursor, gaps, repeats }, { epoch, seq }) {
  const rises = cursor === null || epoch > cursor.epoch || (epoch === cursor.epoch && seq > cursor.seq);
  if (!rises) {
    return { cursor, gaps, repeats: repeats + 1 };
  }
  const follows = cursor === null || (cursor.epoch === epoch ? seq === cursor.seq + 1 : seq === 1);
  return { cursor: { epoch, seq }, gaps: gaps + (follows ? 0 : 1), repeats };
}

// Whether a member whose cursor this is has seen the message or a later one of its epoch.
export function hasSeen(cursor, { epoch, seq }) {
  return cursor !== null && cursor.epoch === epoch && cursor.seq >= seq;
}

export class NativeMember {
  #received = Buffer.alloc(0);
  #upgraded = false;
  #leaving;

  // gateways: where it connects first, and from then on: [{address, port}, {address, port}]; events, each optional:
  // connecting(), away() when its connection ends or it leaves, back() once it is joined again.
  constructor(room, gateways, random, events = {}) {
    Object.assign(this, { room, gateways, random, events, cursor: null, joined: false, gaps: 0, repeats: 0, backAt: null, attempts: 0 });
  }

  connect() {
    const { address, port } = this.gateways[Math.min(this.attempts++, 1)];
    const socket = connect({ host: address, port });
    this.#received = Buffer.alloc(0);
    this.#upgraded = false;
    this.joined = false;
    this.socket = socket;
    this.events.connecting?.();
    socket.on("connect", () => socket.write(`GET /ws HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`));
    socket.on("data", (chunk) => socket === this.socket && this.#onData(chunk));
    socket.on("error", () => {});
    socket.on("close", () => socket === this.socket && this.#onClose());
  }

  #onClose() {
    clearTimeout(this.#leaving);
    this.#goAway();
    setTimeout(() => this.connect(), this.random.integer(0, mostWaitMs));
  }

  #leave() {
    const old = this.socket;
    this.#goAway();
    this.connect();
    old.destroy();
  }

  #goAway() {
    if (this.joined) {
      this.joined = false;
      this.events.away?.();
    }
  }

  #onData(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!this.#upgraded) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) {
        return;
      }
      if (this.#received.latin1Slice(9, 12) !== "101") {
        this.socket.destroy();
        return;
      }
      this.#upgraded = true;
      this.#received = this.#received.subarray(end + 4);
      this.#join();
    }
    for (let payload; (payload = this.#takeFrame()); ) {
      this.#onFrame(payload);
    }
  }

  // The text of the next complete frame, empty for a control frame; the gateway neither masks nor fragments.
  #takeFrame() {
    const data = this.#received;
    const short = data.length < 2 ? 0 : data[1] & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < head) {
      return null;
    }
    const length = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    if (data.length < head + length) {
      return null;
    }
    const text = 0x81;
    const ping = 0x89;
    const payload = data.subarray(head, head + length);
    this.#received = data.subarray(head + length);
    if (data[0] === ping) {
      this.#write(0x8a, payload);
    }
    return data[0] === text ? payload.toString() : " ";
  }

  #onFrame(payload) {
    if (payload.startsWith('{"type":"message"')) {
      this.#see(JSON.parse(payload));
    } else if (payload.startsWith('{"type":"joined"')) {
      const { messages, more, complete, epoch, seq } = JSON.parse(payload);
      this.gaps += this.cursor && !complete ? 1 : 0;
      messages.forEach((message) => this.#see(message));
      this.cursor ??= { epoch, seq };
      if (more) {
        this.#join();
      } else {
        this.joined = true;
        this.backAt = Date.now();
        this.events.back?.();
      }
    } else if (payload.startsWith('{"type":"error"')) {
      setTimeout(() => this.#join(), JSON.parse(payload).retry_after_ms ?? 1000);
    } else if (payload.startsWith('{"type":"reconnect"')) {
      clearTimeout(this.#leaving);
      this.#leaving = setTimeout(() => this.#leave(), JSON.parse(payload).after_ms);
    }
  }

  #see(message) {
    Object.assign(this, follow(this, message));
  }

  #join() {
    this.#write(0x81, Buffer.from(JSON.stringify({ type: "join", id: "j", room: this.room, since: this.cursor ?? undefined })));
  }

  // No frame of ours is longer than 64 KiB.
  #write(first, payload) {
    const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
    this.socket.write(Buffer.concat([Buffer.from([first, ...length]), mask, payload]));
  }
}
