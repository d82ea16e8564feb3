// A process with thousands of members on plain sockets, each in one room: started by resume.mjs, which sends the orders.
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../random.mjs";

const mostWaitMs = 500;
const connectingAtOnce = 200;
// A handshake whose answer nobody checks, and a mask that changes nothing.
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const mask = Buffer.alloc(4);

class Member {
  #received = Buffer.alloc(0);
  #upgraded = false;

  constructor(room, gateways, random) {
    Object.assign(this, { room, gateways, random, cursor: null, joined: false, gaps: 0, backAt: null, attempts: 0 });
  }

  connect() {
    const { address, port } = this.gateways[Math.min(this.attempts++, 1)];
    const socket = connect({ host: address, port });
    this.#received = Buffer.alloc(0);
    this.#upgraded = false;
    this.joined = false;
    this.socket = socket;
    socket.on("connect", () => socket.write(`GET /ws HTTP/1.1\r\nHost: ${address}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`));
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.joined = false;
      setTimeout(() => this.connect(), this.random.integer(0, mostWaitMs));
    });
  }

  #onData(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!this.#upgraded) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) {
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
      }
    } else if (payload.startsWith('{"type":"error"')) {
      setTimeout(() => this.#join(), JSON.parse(payload).retry_after_ms ?? 1000);
    }
  }

  #see({ epoch, seq }) {
    const follows = this.cursor.epoch === epoch ? seq === this.cursor.seq + 1 : epoch > this.cursor.epoch && seq === 1;
    this.gaps += follows ? 0 : 1;
    this.cursor = { epoch, seq };
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

let members = [];

function hasSeen({ room, cursor }, newest) {
  return cursor !== null && cursor.epoch === newest[room].epoch && cursor.seq >= newest[room].seq;
}

const orders = {
  async connect({ first, then, clients, rooms, seed }) {
    const random = new Random(seed, "crowd");
    members = Array.from({ length: clients }, (_, i) => new Member(rooms[i % rooms.length], [first, then], random));
    for (let i = 0; i < members.length; i += connectingAtOnce) {
      members.slice(i, i + connectingAtOnce).forEach((member) => member.connect());
      while (members.slice(0, i + connectingAtOnce).some(({ joined }) => !joined)) {
        await delay(5);
      }
    }
    members.forEach((member) => (member.backAt = null));
    return {};
  },
  async waitUntilBack({ deadline }) {
    while (members.some(({ backAt }) => backAt === null) && Date.now() < deadline) {
      await delay(20);
    }
    return {};
  },
  // newest: a message of each room.
  async waitUntilSeen({ newest, deadline = Infinity }) {
    while (members.some((member) => !hasSeen(member, newest)) && Date.now() < deadline) {
      await delay(20);
    }
    return {};
  },
  // newest: each room's last message, which all must have seen.
  async report({ newest }) {
    const incomplete = members.filter((member) => member.gaps > 0 || !hasSeen(member, newest));
    return { backAt: members.map(({ backAt }) => backAt).filter((at) => at !== null), incomplete: incomplete.length };
  },
};

process.on("message", async (order) => {
  const [name, value] = Object.entries(order)[0];
  process.send(await orders[name](value));
});
process.on("disconnect", () => process.exit());
