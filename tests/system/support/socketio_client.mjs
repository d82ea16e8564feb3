// The real socket.io-client, as a page has it.
import { io } from "socket.io-client";
import { patience } from "../../../deploy/local/fleet/process.mjs";
import { until } from "./until.mjs";

const open = [];

// Not waited for; further options are the client's own, over WebSocket if they say nothing else. `got` holds the objects of
// its `message` events.
export function openSocket(url, options = {}) {
  const socket = io(url, { transports: ["websocket"], forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500, ...options });
  open.push(socket);
  socket.got = [];
  socket.on("message", (message) => socket.got.push(message));
  return socket;
}

// Resolves once it is connected, and in `general` before any later message.
export async function connect(url, options = {}) {
  const socket = openSocket(url, options);
  await until(`${url} to connect`, () => socket.connected);
  await request(socket, "join", { room: "general" });
  return socket;
}

// Resolves with what the callback of the event is given.
export function request(socket, event, body) {
  return socket.timeout(10_000 * patience).emitWithAck(event, body);
}

// Resolves once all of them have the message.
export function gets(sockets, id) {
  return until(`${id} at all clients`, () => sockets.every(({ got }) => got.some((message) => message.id === id)));
}

export function gatewayOf(socket) {
  return socket.io.engine.id?.split("~")[0];
}

export function closeSockets() {
  open.splice(0).forEach((socket) => socket.disconnect());
}
