// Records what the real socket.io-client sends, with what the reference parser reads in it, for the codecs' unit tests:
// node tests/support/record_socketio.mjs > tests/unit/gateway/socketio/recorded.json
import { createServer } from "node:http";
import { io } from "socket.io-client";
import { Decoder } from "socket.io-parser";
import { WebSocketServer } from "ws";

const handshake = `0${JSON.stringify({ sid: "s", upgrades: ["websocket"], pingInterval: 300, pingTimeout: 20_000, maxPayload: 1e6 })}`;
const binary = (...bytes) => Buffer.from(bytes);

// What a page may do, one packet each.
const emits = [
  (socket) => socket.emit("event:message", { message: "hello" }),
  (socket) => socket.emit("event:message", { message: "ä€😀\u0000\"\\\u2028", room: "r:1" }, () => {}),
  (socket) => socket.emit("join", { room: "r", since: { epoch: 1764115200000, seq: 17 }, history: 100, receipts: true }, () => {}),
  (socket) => socket.emit("no arguments"),
  (socket) => socket.emit("several", 1, -2.5, 1e300, "3", null, true, [], {}, [[{}]]),
  (socket) => socket.emit("half a pair", "\ud83d"),
  (socket) => socket.emit("binary", binary(1, 2, 3), { deep: [binary(), binary(255)] }, () => {}),
  (socket) => socket.timeout(60_000).emitWithAck("with timeout", {}).catch(() => {}),
];

const recorded = [];
const decoder = new Decoder();
// A lone surrogate becomes U+FFFD on its way into UTF-8.
const plain = (value) => {
  if (typeof value === "string") return Buffer.from(value).toString();
  if (Buffer.isBuffer(value) || value instanceof ArrayBuffer) return { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
};
let packets = [];
decoder.on("decoded", ({ type, nsp, id, data }) => packets.push(plain({ type, nsp, id, data })));

function note(carrier, bytes, messages) {
  packets = [];
  messages.forEach((message) => decoder.add(message));
  recorded.push({ carrier, base64: Buffer.from(bytes).toString("base64"), packets });
}

// Answers a client as far as it needs to go on; `done` is called when it has disconnected.
function serve(done) {
  const seen = (message, answer) => {
    if (typeof message === "string" && message.startsWith("0")) answer(`4${message.replace(/\{.*/, "").replace(/^0$/, "0")}{"sid":"x","pid":"p"}`);
    if (typeof message === "string" && message.startsWith("1")) done();
  };
  let poll;
  let waiting = [handshake];
  const flush = () => {
    if (!poll || waiting.length === 0) return;
    poll.end(waiting.join("\x1e"));
    [poll, waiting] = [undefined, []];
  };
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      poll = response;
      return flush();
    }
    const body = Buffer.concat(await request.toArray());
    const records = body.toString().split("\x1e");
    const messages = records.filter((record) => /^[4b]/.test(record)).map((record) => (record[0] === "b" ? Buffer.from(record.slice(1), "base64") : record.slice(1)));
    note("payload", body, messages);
    messages.forEach((message) => seen(message, (answer) => waiting.push(answer)));
    response.end("ok");
    return flush();
  });
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.send(handshake);
    socket.send("2");
    socket.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      note(isBinary ? "binary frame" : "frame", data, isBinary ? [message] : message.startsWith("4") ? [message.slice(1)] : []);
      if (!isBinary && message.startsWith("4")) seen(message.slice(1), (answer) => socket.send(answer));
    });
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(server)));
}

for (const transport of ["websocket", "polling"]) {
  await new Promise((done) => {
    serve(done).then((server) => {
      const socket = io(`http://127.0.0.1:${server.address().port}`, { transports: [transport], forceNew: true, auth: { name: "Ann", token: "t" } });
      socket.on("connect", () => {
        emits.forEach((emit) => emit(socket));
        socket.io.engine.once("drain", () => setImmediate(() => socket.disconnect()));
      });
    });
  });
}
process.stdout.write(`${JSON.stringify(recorded, null, 1)}\n`, () => process.exit(0));
