// A gateway as a balancer sees it: an HTTP server that answers Engine.IO requests as a gateway does, and remembers them.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const largestPost = 1_000_000;

export class StandInGateway {
  #server = null;
  #sockets = new Set();

  // address, port: where it listens, its /readyz too; hold: of a request, whether it is never answered.
  constructor({ id, address, port }) {
    Object.assign(this, { id, address, port, requests: [], abandoned: 0, connections: 0, hold: () => false, isReady: true });
  }

  async start() {
    this.#server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => void this.#serve(request, response));
    this.#server.on("upgrade", (request, socket) => this.#upgrade(request, socket));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.listen({ host: this.address, port: this.port, exclusive: true });
    await once(this.#server, "listening");
  }

  // Ends it as a killed process ends: nothing accepts any more, every connection breaks.
  async crash() {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  has(sid) {
    return sid.startsWith(`${this.id}~`);
  }

  async #serve(request, response) {
    const { method, url, headers, socket } = request;
    if (url === "/readyz") {
      response.writeHead(this.isReady ? 200 : 503).end();
      return;
    }
    if (!socket.counted) {
      socket.counted = true;
      this.connections++;
    }
    const seen = { method, url, headers, bytes: 0 };
    this.requests.push(seen);
    response.once("close", () => (this.abandoned += response.writableFinished ? 0 : 1));
    try {
      for await (const chunk of request) {
        seen.bytes += chunk.length;
      }
    } catch {
      return;
    }
    const hold = this.hold(seen);
    if (hold === "break") {
      socket.destroy();
    } else if (!hold) {
      this.#answer(seen, response);
    }
  }

  #answer({ method, url, headers, bytes }, response) {
    const sid = new URL(url, "http://any").searchParams.get("sid");
    const common = { "X-Gateway": this.id, "Access-Control-Allow-Origin": headers.origin ?? "*" };
    if (sid && !this.has(sid)) {
      response.writeHead(400, { ...common, "Content-Type": "application/json" }).end('{"code":1,"message":"Session ID unknown"}');
    } else if (bytes > largestPost) {
      response.writeHead(413, common).end();
    } else {
      response.writeHead(200, { ...common, "Content-Type": "text/plain; charset=UTF-8" }).end(method === "POST" ? "ok" : this.id);
    }
  }

  #upgrade({ method, url, headers }, socket) {
    this.requests.push({ method, url, headers, bytes: 0 });
    const sid = new URL(url, "http://any").searchParams.get("sid");
    if (sid && !this.has(sid)) {
      const body = '{"code":1,"message":"Session ID unknown"}';
      socket.end(`HTTP/1.1 400 Bad Request\r\nX-Gateway: ${this.id}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    } else {
      const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nX-Gateway: ${this.id}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    }
  }
}
