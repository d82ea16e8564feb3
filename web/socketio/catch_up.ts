// As example.ts, and where it is not recovered it reads on by itself from its newest message's place; so can a client of
// several rooms, with a place for each, or one that kept its places over a reload. node web/socketio/catch_up.ts [URL]
import { io, type Socket } from "socket.io-client";
import type { ChatMessage, ClientToServerEvents, Cursor, ServerToClientEvents } from "./events.ts";

type Chat = Socket<ServerToClientEvents, ClientToServerEvents>;
const socket: Chat = io(process.argv[2] ?? "http://localhost:8000", { auth: { name: "Ann" } });
let last: Cursor | undefined;
let isBehind = false; // what comes live then is in the pages too

function show({ epoch, seq, sender, message }: ChatMessage) {
  last = { epoch, seq };
  console.log(`${sender}: ${message}`);
}
function catchUp() {
  socket.emit("join", last ? { since: last } : {}, (page) => {
    if (page.code !== undefined) return void socket.io.engine.close(); // it comes back and asks again
    page.messages.forEach(show);
    page.more ? catchUp() : (isBehind = false);
  });
}
function send(message: string, id: string = crypto.randomUUID()) {
  socket.timeout(10_000).emit("event:message", { message, id }, (error, answer) => {
    if (error || answer.retry_after_ms) setTimeout(send, 1000, message, id); // with its id it is one message
    else console.log(answer.code === undefined ? `logged: ${message}` : `refused: ${answer.message}`);
  });
}
socket.on("message", (message) => isBehind || show(message));
socket.on("connect", () => {
  isBehind ||= last !== undefined && !socket.recovered;
  if (isBehind) catchUp();
});
send("hello");
