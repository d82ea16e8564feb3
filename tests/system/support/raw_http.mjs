// An HTTP client without a library, so that tests can cut, pipeline and break requests on purpose.
import { once } from "node:events";
import { connect } from "node:net";
import { ByteQueue } from "./byte_queue.mjs";
import { Changes } from "./changes.mjs";

export class RawHttp {
  #received = new ByteQueue();
  #changes = new Changes();

  // Resolves once it is connected.
  static async connect({ address, port }) {
    const client = new RawHttp(address, port);
    await once(client.socket, "connect");
    return client;
  }

  constructor(address, port) {
    Object.assign(this, { ended: false, error: null });
    // The server's end is not answered by ours, and ours leaves the answers readable.
    this.socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    this.socket.on("error", (error) => (this.error = error));
    for (const event of ["end", "close"]) {
      this.socket.on(event, () => {
        this.ended = true;
        this.#changes.notify();
      });
    }
    this.socket.on("data", (chunk) => {
      this.#received.push(chunk);
      this.#changes.notify();
    });
  }

  // Resolves when the kernel has it.
  write(bytes) {
    return new Promise((done) => this.socket.write(bytes, done));
  }

  // What came and was not taken as a response.
  get unread() {
    return String(this.#received.peek(this.#received.length));
  }

  // Resolves with {status, headers, body}, the names of the headers in small letters; isHead: it answers a HEAD.
  response({ isHead = false, deadlineMs } = {}) {
    return this.#changes.until(() => `a response; got "${this.unread.slice(0, 200)}"${this.ended ? ` and the end (${this.error ?? "in order"})` : ""}`,
      () => this.#take(isHead), deadlineMs);
  }

  // Resolves with what came before the server ended the connection; no reset.
  async end(deadlineMs) {
    await this.#changes.until("the server to end the connection", () => this.ended, deadlineMs);
    this.destroy();
    if (this.error) {
      throw this.error;
    }
    return this.unread;
  }

  destroy() {
    this.socket.destroy();
  }

  #take(isHead) {
    const received = this.#received.peek(this.#received.length);
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) {
      return null;
    }
    const [first, ...lines] = String(received.subarray(0, end)).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s)).map(([name, value]) => [name.toLowerCase(), value]));
    const hasBody = !isHead && status >= 200 && status !== 204;
    const length = hasBody ? Number(headers["content-length"]) : 0;
    if (received.length < end + 4 + length) {
      return null;
    }
    return { status, headers, body: String(this.#received.take(end + 4 + length).subarray(end + 4)) };
  }
}
