// A Socket.IO member that never upgrades: one GET that the server holds until it has something, and short POSTs.
import { Agent, request } from "node:http";

const path = "/socket.io/?EIO=4&transport=polling";
const separator = "\x1e";
// Each held GET has a connection to itself, as that of a browser has. The POSTs of all share a few, as behind a balancer: an
// idle session makes one in 25 s.
const gets = new Agent({ keepAlive: true, maxSockets: Infinity });
const posts = new Agent({ keepAlive: true, maxSockets: 16 });

export class PollingMember {
  #session = "";
  #waiting = [];
  #posting = false;

  // events as those of SocketMember.
  constructor({ address, port }, dialect, events) {
    Object.assign(this, { address, port, dialect, alive: true }, events);
    void this.#poll();
  }

  write(packet) {
    this.#waiting.push(packet);
    void this.#post();
  }

  send(text) {
    this.dialect.send(this, text);
  }

  async #poll() {
    try {
      for (;;) {
        const packets = (await this.#request("GET", gets)).split(separator);
        packets.forEach((packet) => this.#onPacket(packet));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  // One POST at a time, as the protocol demands.
  async #post() {
    if (this.#posting) {
      return;
    }
    this.#posting = true;
    try {
      while (this.#waiting.length > 0) {
        await this.#request("POST", posts, this.#waiting.splice(0).join(separator));
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#posting = false;
  }

  #onPacket(packet) {
    if (packet.startsWith("0")) {
      this.#session = `&sid=${encodeURIComponent(JSON.parse(packet.slice(1)).sid)}`;
    }
    this.dialect.receive(this, packet);
  }

  #request(method, agent, body = "") {
    return new Promise((done, fail) => {
      const sent = request({ host: this.address, port: this.port, method, agent, path: path + this.#session }, (response) => {
        let text = "";
        response.setEncoding("latin1").on("data", (chunk) => (text += chunk));
        response.on("error", fail);
        response.on("end", () => (response.statusCode === 200 ? done(text) : fail(new Error(`${method} was answered by ${response.statusCode} ${text}`))));
      });
      sent.on("error", fail);
      sent.end(body);
    });
  }

  #fail(error) {
    if (this.alive) {
      this.alive = false;
      this.onRefused(error.message);
    }
  }
}
