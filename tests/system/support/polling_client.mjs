// An Engine.IO session over long polling, each request made on its own, so that tests can break their order.
import { RawHttp } from "./raw_http.mjs";

export const recordSeparator = "\x1e";
export const errors = {
  transportUnknown: { code: 0, message: "Transport unknown" },
  sessionUnknown: { code: 1, message: "Session ID unknown" },
  badMethod: { code: 2, message: "Bad handshake method" },
  badRequest: { code: 3, message: "Bad request" },
  badVersion: { code: 5, message: "Unsupported protocol version" },
};

export class PollingClient {
  // server: {address, port, url}; path: of the endpoint.
  static async open(server, path = "/engine.io/") {
    const client = new PollingClient(server, path);
    client.handshake = JSON.parse((await client.request("GET")).body.slice(1));
    client.sid = client.handshake.sid;
    return client;
  }

  constructor(server, path) {
    Object.assign(this, { server, path, sid: null });
  }

  target(transport = "polling") {
    return `${this.path}?EIO=4&transport=${transport}${this.sid ? `&sid=${this.sid}` : ""}`;
  }

  // Resolves with {status, type, body}.
  async request(method, body, { headers = {}, type = "text/plain;charset=UTF-8" } = {}) {
    const response = await fetch(this.server.url + this.target(), { method, body, headers: body === undefined ? headers : { "Content-Type": type, ...headers } });
    return { status: response.status, type: response.headers.get("content-type"), body: await response.text() };
  }

  poll() {
    return this.request("GET");
  }

  post(body, options) {
    return this.request("POST", body, options);
  }

  // A poll that the server has when this resolves: answer() resolves with its answer, leave() goes away before it.
  async hold() {
    const http = await RawHttp.connect(this.server);
    await http.write(`GET ${this.target()} HTTP/1.1\r\nHost: ${this.server.address}:${this.server.port}\r\n\r\n`);
    await this.barrier();
    return {
      answer: async (deadlineMs) => {
        const { status, headers, body } = await http.response({ deadlineMs });
        http.destroy();
        return { status, type: headers["content-type"], body };
      },
      isAnswered: () => http.unread.length > 0,
      leave: () => http.destroy(),
    };
  }

  // A POST that the server has begun with when this resolves: finish(body) sends the body and resolves with the answer.
  async beginPost(length) {
    const http = await RawHttp.connect(this.server);
    await http.write(`POST ${this.target()} HTTP/1.1\r\nHost: ${this.server.address}:${this.server.port}\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`);
    await http.response();
    return {
      finish: async (body) => {
        await http.write(body);
        const answer = await http.response();
        http.destroy();
        return answer;
      },
      leave: () => http.destroy(),
    };
  }

  // The server, which is one loop, has read what was sent to it before.
  async barrier() {
    for (let i = 0; i < 3; i++) {
      await (await fetch(`${this.server.url}/nothing`)).text();
    }
  }
}
