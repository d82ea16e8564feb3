// The real socket.io-client, as a page has it.
import { io } from "socket.io-client";
import { range } from "./traffic.mjs";
import { deadlineOf, until } from "./until.mjs";

const open = [];

// The ways of a client to its gateway.
export const modes = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

// Not waited for; further options are the client's own, over WebSocket if they say nothing else; `connectWith` is the `io` of
// another version. `got` holds the objects of its `message` events.
export function openSocket(url, { connectWith = io, ...options } = {}) {
  const socket = connectWith(url, { ...modes.websocket, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500, ...options });
  open.push(socket);
  socket.got = [];
  socket.on("message", (message) => socket.got.push(message));
  return socket;
}

// Resolves once it is connected, and with that in `general`.
export async function connect(url, options = {}) {
  const socket = openSocket(url, options);
  await until(`${url} to connect`, () => socket.connected);
  return socket;
}

// Resolves with a client on each of the gateways, which a balancer chooses.
export async function connectToEach(url, gateways, options = {}) {
  const sockets = new Map();
  await until(`${url} to use every gateway`, async () => {
    for (const socket of await Promise.all(range(gateways.length).map(() => connect(url, options)))) {
      const gateway = gatewayOf(socket);
      sockets.has(gateway) ? close(socket) : sockets.set(gateway, socket);
    }
    return gateways.every(({ id }) => sockets.has(id));
  });
  return gateways.map(({ id }) => sockets.get(id));
}

// Resolves with what the callback of the event is given.
export function request(socket, event, body) {
  const deadlineMs = deadlineOf(10_000);
  if (socket.emitWithAck) {
    return socket.timeout(deadlineMs).emitWithAck(event, body);
  }
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${event} was not answered within ${deadlineMs / 1000} s.`)), deadlineMs);
    socket.emit(event, body, (answer) => {
      clearTimeout(timer);
      done(answer);
    });
  });
}

// Resolves once all of them have the message.
export function gets(sockets, id) {
  return until(`${id} at all clients`, () => sockets.every(({ got }) => got.some((message) => message.id === id)));
}

export function gatewayOf(socket) {
  return socket.io.engine.id?.split("~")[0];
}

export function transportOf(socket) {
  return socket.io.engine.transport.name;
}

// Resolves once all of them have the transport that they end with.
export function settled(sockets, { transports }) {
  return until("the upgrades", () => sockets.every((socket) => transportOf(socket) === transports.at(-1)));
}

function close(socket) {
  open.splice(open.indexOf(socket), 1);
  socket.disconnect();
}

export function closeSockets() {
  open.splice(0).forEach((socket) => socket.disconnect());
}
