// Native and Socket.IO clients on every gateway, all through NGINX, with a ledger of what they acknowledged.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "../system/support/client.mjs";
import { closeSockets, connectToEach, gatewayOf, gets, modes, request } from "../system/support/socketio_client.mjs";
import { until } from "../system/support/until.mjs";

const host = "127.0.0.1:8000";
const room = "general";  // which every Socket.IO client is in

export class Conversation {
  constructor(stack) {
    this.stack = stack;
    this.acknowledged = [];
    this.natives = [];
    this.sockets = [];
  }

  // A client of each kind on each of the gateways, in place of those from before.
  async connect(gateways) {
    await this.leave();
    for (const id of gateways) {
      this.natives.push(await nativeOn(id));
    }
    const known = gateways.map((id) => ({ id }));
    for (const mode of Object.values(modes)) {
      this.sockets.push(...await connectToEach(`http://${host}`, known, mode));
    }
  }

  // Everybody sends one message, everybody gets all of them, and PostgreSQL has each once.
  async talk() {
    const sent = [];
    for (const client of this.natives) {
      sent.push((await client.send(room, "from a native client")).id);
    }
    for (const socket of this.sockets) {
      const id = randomUUID();
      const answer = await request(socket, "event:message", { id, message: "from a Socket.IO client" });
      assert.equal(answer.error, undefined, JSON.stringify(answer));
      sent.push(id);
    }
    this.acknowledged.push(...sent);
    for (const id of sent) {
      await gets(this.sockets, id);
      await until(`${id} at all native clients`, () => this.natives.every((client) => has(client, id)));
    }
    await this.stored();
    return sent.length;
  }

  // Resolves once PostgreSQL has every acknowledged message, and says how many; none may be there twice.
  async stored() {
    const read = () => this.stack.rows(`SELECT id FROM messages WHERE room = '${room}'`);
    await until("all rows", async () => missing(this.acknowledged, await read()).length === 0);
    const rows = await read();
    assert.equal(new Set(rows).size, rows.length, "a message is stored twice");
    return rows.length;
  }

  // The native client of the gateway comes back through NGINX and gets what was said meanwhile.
  async resume(gateway, whileAway) {
    const index = this.natives.findIndex(({ welcome }) => welcome.gateway === gateway);
    const left = this.natives[index];
    await left.closed;
    const last = left.messages(room).at(-1);
    this.natives.splice(index, 1);
    const id = await whileAway();
    const back = await Client.connect(`ws://${host}/ws`);
    const joined = await back.join(room, { since: { epoch: last.epoch, seq: last.seq } });
    await until("what was missed", () => [...joined.messages, ...back.messages(room)].some((message) => message.id === id));
    this.natives.push(back);
  }

  async sendFromAnother(gateway) {
    const client = this.natives.find(({ welcome }) => welcome.gateway !== gateway);
    const { id } = await client.send(room, "while one is away");
    this.acknowledged.push(id);
    return id;
  }

  // Resolves once no Socket.IO client is on the gateway any more and all are connected.
  async moved(gateway) {
    await until(`the Socket.IO clients to leave ${gateway}`, () => this.sockets.every((socket) => socket.connected && gatewayOf(socket) !== gateway));
  }

  // A new client reads the room back to its first message.
  async history() {
    const client = await Client.connect(`ws://${host}/ws`);
    const joined = await client.join(room, { history: 100 });
    const ids = joined.messages.map(({ id }) => id);
    await client.close();
    assert.deepEqual(missing(this.acknowledged.slice(-ids.length), ids), [], "the history lacks acknowledged messages");
    assert.ok(ids.length >= Math.min(100, this.acknowledged.length), `the history has ${ids.length} messages`);
    return ids.length;
  }

  async leave() {
    closeSockets();
    this.sockets = [];
    await Promise.all(this.natives.splice(0).map((client) => client.drop()));
  }
}

async function nativeOn(gateway) {
  const client = await until(`NGINX to lead a client to ${gateway}`, async () => {
    const tried = await Client.connect(`ws://${host}/ws`).catch(() => null);
    if (tried && tried.welcome.gateway !== gateway) {
      await tried.close();
    }
    return tried?.welcome.gateway === gateway && tried;
  });
  await client.join(room);
  return client;
}

function has(client, id) {
  return client.frames.some((frame) => frame.type === "message" && frame.id === id);
}

function missing(wanted, found) {
  const there = new Set(found);
  return wanted.filter((id) => !there.has(id));
}
