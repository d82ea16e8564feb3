// Rooms of one test: a new name, members, messages.
import { randomUUID } from "node:crypto";
import { Client } from "./client.mjs";
import { pipelined, range } from "./traffic.mjs";

export const newRoom = (name) => `${name}-${randomUUID()}`;

// A client that is in the room; the options are those of Client.connect.
export async function member(gateway, room, options) {
  const client = await Client.connect(gateway.url, options);
  await client.join(room);
  return client;
}

// Sends `count` messages to the room and resolves with their acks.
export function fill(client, room, count, textOf = (i) => `text ${i}`) {
  return pipelined(range(count), 64, (i) => client.send(room, textOf(i)));
}

// Resolves once all clients have seen a message that was sent after all others: what would be shown twice has been by then.
export async function barrier(sender, room, clients = [sender]) {
  const { id } = await sender.send(room, "barrier");
  await Promise.all(clients.map((client) => client.waitFor((frame) => frame.type === "message" && frame.id === id)));
}

export const cursorOf = ({ epoch, seq }) => ({ epoch, seq });
export const seqs = (messages) => messages.map((message) => message.seq);
