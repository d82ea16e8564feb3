// Passes one message through two gateways into PostgreSQL, as a client would.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";

const deadlineMs = 10_000;

// onStep(text) is told what worked; the promise fails with what did not.
export async function checkFleet(fleet, onStep) {
  const page = await fetch(fleet.nginx.webUrl, { signal: AbortSignal.timeout(deadlineMs) });
  if (page.status !== 200) {
    throw new Error(`The web page answers ${page.status} instead of 200: build it with deploy/local/setup.`);
  }
  onStep("the web page is served");

  const clients = [];
  try {
    const open = async (url) => {
      const client = new Client(url);
      clients.push(client);
      await client.frame((frame) => frame.type === "welcome");
      return client;
    };
    await open(fleet.nginx.socketUrl);
    onStep("NGINX passes WebSockets to a gateway");
    const [sender, receiver] = await Promise.all([open(fleet.gateways[0].url), open(fleet.gateways[1].url)]);
    const room = `check-${randomUUID()}`;
    await Promise.all([sender, receiver].map((client) => client.ask({ type: "join", id: "join", room }, "joined")));

    const id = randomUUID();
    const text = "one message, two gateways";
    const [acknowledged, received] = await Promise.all([
      sender.ask({ type: "send", id, room, text }, "ack"),
      receiver.frame((frame) => frame.type === "message" && frame.id === id),
    ]);
    if (received.text !== text || received.seq !== acknowledged.seq) {
      throw new Error("The second gateway delivered another message than the first one acknowledged.");
    }
    onStep("a message sent to the first gateway arrived at the second and was acknowledged");
    await storedOnce(fleet.postgres, room, id, text);
    onStep("PostgreSQL holds it as exactly one row");
  } finally {
    clients.forEach((client) => client.close());
  }
}

async function storedOnce(postgres, room, id, text) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const rows = await postgres.query(`SELECT id, text FROM messages WHERE room = '${room}'`);
    if (rows.length === 1 && rows[0].id === id && rows[0].text === text) {
      return;
    }
    if (rows.length > 1 || Date.now() > deadline) {
      throw new Error(`PostgreSQL holds ${rows.length} rows for one message after ${deadlineMs / 1000} s; see the persister's log.`);
    }
    await delay(50);
  }
}

class Client {
  #frames = [];
  #waiting = new Set();

  constructor(url) {
    this.url = url;
    this.socket = new WebSocket(url);
    this.socket.on("message", (data) => {
      this.#frames.push(JSON.parse(data));
      this.#waiting.forEach((look) => look());
    });
    this.socket.on("error", (error) => this.#fail(error.message));
    this.socket.on("close", (code) => this.#fail(`closed with code ${code}`));
  }

  // Sends a frame and resolves with its answer of the given type.
  ask(frame, type) {
    this.socket.send(JSON.stringify(frame));
    return this.frame((answer) => answer.type === type && answer.id === frame.id);
  }

  frame(matches) {
    return new Promise((done, fail) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle(value);
      };
      const look = () => {
        const refused = this.#frames.find((frame) => frame.type === "error");
        const found = this.#frames.find(matches);
        if (found) {
          finish(done, found);
        } else if (refused || this.error) {
          finish(fail, new Error(`${this.url}: ${refused ? `${refused.code}: ${refused.message}` : this.error}`));
        }
      };
      const timer = setTimeout(() => finish(fail, new Error(`${this.url} did not answer within ${deadlineMs / 1000} s.`)), deadlineMs);
      this.#waiting.add(look);
      look();
    });
  }

  close() {
    this.socket.terminate();
  }

  #fail(text) {
    this.error ??= text;
    this.#waiting.forEach((look) => look());
  }
}
