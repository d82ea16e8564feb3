// Below the protocol: HTTP and RFC 6455. What breaks the framing closes the connection with the code of section 7.4.1.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { RawWebSocket, encodeFrame, opcode } from "../support/raw_websocket.mjs";
import { member, newRoom } from "../support/room.mjs";

const { binary, close, continuation, ping, pong, text } = opcode;
const json = (fields) => JSON.stringify({ type: "ping", id: "p", ...fields });
const withCode = (code, reason = "") => {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
};
const cutCharacter = Buffer.from([0xe2, 0x98]);
const badTail = Buffer.concat([Buffer.from('{"type":"ping","id":"'), Buffer.from([0xff]), Buffer.from('"}')]);

// [what, the bytes, the code of the Close frame that answers].
const broken = [
  ["a reserved bit", encodeFrame(text, json(), { reserved: 4 }), 1002],
  ["an unknown data opcode", encodeFrame(3, json()), 1002],
  ["an unknown control opcode", encodeFrame(11), 1002],
  ["a frame that is not masked", encodeFrame(text, json(), { masked: false }), 1002],
  ["a ping in pieces", encodeFrame(ping, "x", { fin: false }), 1002],
  ["a ping of 126 bytes", encodeFrame(ping, "x".repeat(126)), 1002],
  ["a continuation of nothing", encodeFrame(continuation, json()), 1002],
  ["a new message inside another", Buffer.concat([encodeFrame(text, "{", { fin: false }), encodeFrame(text, "}")]), 1002],
  ["a length in more bytes than it needs", encodeFrame(text, json(), { lengthBytes: 2 }), 1002],
  ["a Close of one byte", encodeFrame(close, "x"), 1002],
  ["a Close with a code that must not be sent", encodeFrame(close, withCode(1005)), 1002],
  ["a Close whose reason is not UTF-8", encodeFrame(close, Buffer.concat([withCode(1000), cutCharacter])), 1002],
  ["text that is not UTF-8", encodeFrame(text, badTail), 1007],
  ["text that ends inside a character", encodeFrame(text, cutCharacter), 1007],
  ["an encoded surrogate", encodeFrame(text, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 1007],
  ["an overlong slash", encodeFrame(text, Buffer.from([0x22, 0xc0, 0xaf, 0x22])), 1007],
  ["a binary message", encodeFrame(binary, json()), 1003],
  ["a message of more than 64 KiB", encodeFrame(text, json({ pad: "x".repeat(64 * 1024) })), 1009],
  ["a message of more than 64 KiB in pieces",
    Buffer.concat([encodeFrame(text, "x".repeat(40_000), { fin: false }), encodeFrame(continuation, "x".repeat(40_000))]), 1009],
  ["a length of a terabyte", encodeFrame(text, "", { length: 2 ** 40, lengthBytes: 8 }), 1009],
];

export function framingTests(gateway) {
  describe("framing", () => {
    for (const [what, bytes, code] of broken) {
      test(`${what} closes the connection with ${code}, and nobody else's`, async () => {
        const bystander = await Client.connect(gateway().url);
        const client = await RawWebSocket.connect(gateway());
        client.socket.write(bytes);
        assert.equal(await client.closeCode(), code);
        await bystander.ping();
        await bystander.close();
      });
    }

    test("a message in pieces with a ping between them is one message, and the ping has its pong", async () => {
      const client = await RawWebSocket.connect(gateway());
      const whole = Buffer.from(json({ id: "in pieces ☃" }));
      client.send(text, whole.subarray(0, 22), { fin: false });
      client.send(ping, "are you there");
      client.send(continuation, "", { fin: false });
      client.send(continuation, whole.subarray(22));
      const answer = await client.waitFor((frame) => frame.opcode === text && JSON.parse(frame.payload).type === "pong");
      assert.equal(JSON.parse(answer.payload).id, "in pieces ☃");
      assert.equal(String((await client.waitFor((frame) => frame.opcode === pong)).payload), "are you there");
      client.send(close, withCode(1000));
      assert.equal(await client.closeCode(), 1000);
    });

    test("a frame of exactly 64 KiB is read", async () => {
      const client = await Client.connect(gateway().url);
      const padding = 64 * 1024 - json({ pad: "" }).length;
      client.write(json({ pad: "x".repeat(padding) }));
      await client.waitFor((frame) => frame.type === "pong");
      await client.close();
    });

    test("a client that vanishes in the middle of a frame leaves the gateway and its room as they were", async () => {
      const room = newRoom("vanished");
      const stays = await member(gateway(), room);
      const client = await RawWebSocket.connect(gateway());
      client.send(text, JSON.stringify({ type: "join", room }));
      await client.waitFor((frame) => frame.opcode === text && JSON.parse(frame.payload).type === "joined");
      client.socket.write(encodeFrame(text, json()).subarray(0, 9));
      client.destroy();
      await stays.send(room, "still here");
      await stays.waitForMessages(room, 1);
      await stays.close();
    });
  });

  describe("before the upgrade", () => {
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
    const answers = [
      ["another path", "GET /chat", upgrade, 404],
      ["no upgrade", "GET /ws", {}, 426],
      ["another method", "POST /ws", {}, 405],
      ["another version of WebSocket", "GET /ws", { ...upgrade, "Sec-WebSocket-Version": "8" }, 426],
      ["a key that is none", "GET /ws", { ...upgrade, "Sec-WebSocket-Key": "short" }, 400],
      ["a header of 9 KiB", "GET /ws", { ...upgrade, Cookie: "x".repeat(9 * 1024) }, 431],
      ["what is not HTTP", "HELLO", {}, 400],
      ["a right request with a query", "GET /ws?from=test", upgrade, 101],
    ];
    for (const [what, line, headers, status] of answers) {
      test(`${what} is answered by ${status}`, async () => {
        const fields = Object.entries({ Host: "gateway", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
        assert.match(await firstLine(gateway(), `${line}${line.includes("/") ? " HTTP/1.1" : ""}\r\n${fields.join("")}\r\n`), new RegExp(`^HTTP/1.1 ${status} `));
      });
    }
  });
}

function firstLine({ address, port }, request) {
  return new Promise((done, fail) => {
    const socket = connect({ host: address, port });
    let received = "";
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer within 5 s, got "${received}"`)));
    socket.once("error", fail);
    socket.once("close", () => fail(new Error(`closed without an answer, got "${received}"`)));
    socket.setEncoding("utf8").on("data", (chunk) => {
      received += chunk;
      if (received.includes("\r\n")) {
        done(received.split("\r\n")[0]);
        socket.destroy();
      }
    });
    socket.write(request);
  });
}
