// A client that shows every message once and in order and sends one of its own: node web/socketio/example.ts [URL]
// Who lost its connection comes back by itself and is given what it missed; catch_up.ts is for where that is not enough.
import { io, type Socket } from "socket.io-client";
import type { ClientToServerEvents, ServerToClientEvents } from "./events.ts";

const url = process.argv[2] ?? "http://localhost:8000";
const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { auth: { name: "Ann" } });

socket.on("message", ({ sender, message }) => console.log(`${sender}: ${message}`));
socket.on("connect", () => console.log(socket.recovered ? "recovered" : "connected"));

function send(message: string, id: string = crypto.randomUUID()) {
  socket.timeout(10_000).emit("event:message", { message, id }, (error, answer) => {
    // However often it is sent, with its id it is one message.
    if (error || answer.retry_after_ms) setTimeout(send, 1000, message, id);
    else console.log(answer.code === undefined ? `logged: ${message}` : `refused: ${answer.message}`);
  });
}
send("hello");
