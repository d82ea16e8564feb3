// RFC 6455 sections 5 to 7 at the wire, against the echo at /echo: the gateway's own WebSocket classes, whose outbox lies under
// Beast. What Autobahn's groups 1 to 7, 9 and 10 look at, and what a client that does not read does to the outbox.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startEchoServer } from "./support/echo_server.mjs";
import { RawWebSocket, closePayload, encodeFrame, opcode } from "./support/raw_websocket.mjs";
import { range } from "./support/traffic.mjs";

const { continuation, text, binary, close, ping, pong } = opcode;
const mebibyte = 1024 * 1024;
const largest = 16 * mebibyte;

let server;
before(async () => {
  server = await startEchoServer();
});
after(() => server?.stop());

const connect = (options) => RawWebSocket.connect(server, { path: "/echo", ...options });

function assertFrame(frame, code, payload) {
  const { opcode: got, fin, reserved, masked } = frame;
  assert.deepEqual({ opcode: got, fin, reserved, masked }, { opcode: code, fin: true, reserved: 0, masked: false });
  assert.ok(frame.payload.equals(Buffer.from(payload)), `got ${frame.payload.length} bytes: ${frame.payload.subarray(0, 150).toString("latin1")}`);
}

// Writes the pieces, expects the frames [opcode, payload] in order, then a Close with `code` and nothing more. With no code
// the connection has to live: the client closes it then. No end is a reset, so that every client gets to read the code.
async function exchange(pieces, frames, code, { early } = {}) {
  const client = await connect({ early });
  const writing = client.writeInPieces(pieces);
  for (const [expected, payload] of frames) {
    assertFrame(await client.next(), expected, payload);
  }
  if (code === undefined) {
    await writing;
    client.send(close, closePayload(1000));
  }
  const last = await client.next();
  assert.equal(last.opcode, close, `opcode ${last.opcode} came with ${last.payload.subarray(0, 100)}`);
  assertFrame(last, close, last.payload);
  assert.equal(await client.closeCode(), code === undefined ? 1000 : code);
  assert.equal(client.frames.length, frames.length + 1);
  assert.equal(client.error, null);
}

const inPieces = (bytes, size) => range(Math.ceil(bytes.length / size)).map((i) => bytes.subarray(i * size, (i + 1) * size));
const inOctets = (bytes) => inPieces(bytes, 1);
const all = (...frames) => [Buffer.concat(frames)];

// A message as one frame for each part.
function fragmented(code, parts) {
  return parts.map((part, i) => encodeFrame(i === 0 ? code : continuation, part, { fin: i === parts.length - 1 }));
}

// Bytes that no other index has.
function filled(size, index) {
  const bytes = Buffer.alloc(size, `${index}:`);
  bytes[size - 1] = 0x2e;
  return bytes;
}

describe("1 framing", () => {
  for (const length of [0, 1, 125, 126, 127, 128, 65_535, 65_536, mebibyte]) {
    for (const [name, code] of [["text", text], ["binary", binary]]) {
      const payload = Buffer.alloc(length, code === text ? "*" : Buffer.of(0xfe, 0x00, 0xff));
      test(`${name} of ${length} bytes is echoed, from one write, from many, and from many frames`, async () => {
        const frame = encodeFrame(code, payload);
        await exchange([frame], [[code, payload]]);
        await exchange(inPieces(frame, length > 200 ? 997 : 1), [[code, payload]]);
        await exchange(fragmented(code, [payload.subarray(0, length / 2), payload.subarray(length / 2)]), [[code, payload]]);
      });
    }
  }

  test("a frame behind the upgrade's request in the same write is echoed", async () => {
    await exchange([], [[text, "early"]], undefined, { early: encodeFrame(text, "early") });
  });

  test("a length in more bytes than it needs closes with 1002", async () => {
    for (const [length, lengthBytes] of [[5, 2], [125, 2], [5, 8], [65_535, 8]]) {
      await exchange(all(encodeFrame(text, "x".repeat(length), { lengthBytes })), [], 1002);
    }
  });

  test("a length of 2^63 closes with 1002 or 1009", async () => {
    const client = await connect();
    client.socket.write(encodeFrame(binary, "", { length: 2n ** 63n, lengthBytes: 8 }));
    assert.ok([1002, 1009].includes(await client.closeCode()));
  });

  test("a frame that is not masked closes with 1002", async () => {
    for (const code of [text, binary, ping, pong, close]) {
      await exchange(all(encodeFrame(code, "", { masked: false })), [], 1002);
    }
  });
});

describe("2 pings and pongs", () => {
  const any = Buffer.from(range(125).map((i) => 255 - i * 2));
  for (const [what, payload] of [["nothing", ""], ["text", "Hello, world!"], ["bytes that are not UTF-8", Buffer.of(0, 255, 254, 253, 0)], ["125 bytes", any]]) {
    test(`a ping with ${what} has its payload back, also when it comes octet by octet`, async () => {
      const frame = encodeFrame(ping, payload);
      await exchange([frame], [[pong, payload]]);
      await exchange(inOctets(frame), [[pong, payload]]);
    });
  }

  test("a ping or pong of 126 bytes closes with 1002", async () => {
    for (const code of [ping, pong]) {
      await exchange([encodeFrame(code, "x".repeat(126))], [], 1002);
    }
  });

  test("a pong that nobody asked for is passed over", async () => {
    await exchange(all(encodeFrame(pong), encodeFrame(pong, "unsolicited"), encodeFrame(ping, "asked"), encodeFrame(pong, any)), [[pong, "asked"]]);
  });

  test("ten pings have ten pongs in order, however they are cut", async () => {
    const pings = Buffer.concat(range(10).map((i) => encodeFrame(ping, `payload ${i}`)));
    const pongs = range(10).map((i) => [pong, `payload ${i}`]);
    await exchange([pings], pongs);
    await exchange(inOctets(pings), pongs);
    await exchange(inPieces(pings, 17), pongs);
  });
});

describe("3 reserved bits", () => {
  for (const reserved of [1, 2, 3, 4, 5, 6, 7]) {
    test(`RSV ${reserved.toString(2).padStart(3, "0")} closes with 1002 whatever the frame, behind the echo of the one before`, async () => {
      for (const code of [text, binary, ping, pong, close]) {
        const payload = code === close ? closePayload(1000) : "x";
        await exchange(all(encodeFrame(text, "before"), encodeFrame(code, payload, { reserved }), encodeFrame(ping)), [[text, "before"]], 1002);
      }
      await exchange(inOctets(encodeFrame(text, "x", { reserved })), [], 1002);
      await exchange(all(encodeFrame(text, "x", { fin: false }), encodeFrame(continuation, "y", { reserved })), [], 1002);
    });
  }
});

describe("4 reserved opcodes", () => {
  for (const code of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    test(`opcode ${code} closes with 1002, with and without a payload, alone and inside a message`, async () => {
      for (const payload of ["", "x"]) {
        const frame = encodeFrame(code, payload);
        await exchange([frame], [], 1002);
        await exchange(all(encodeFrame(text, "before"), frame, encodeFrame(ping)), [[text, "before"]], 1002);
        await exchange(all(encodeFrame(text, "x", { fin: false }), frame), [], 1002);
      }
    });
  }
});

describe("5 fragmentation", () => {
  const part = (code, payload, fin) => encodeFrame(code, payload, { fin });
  const cases = [
    ["two parts", [part(text, "one ", false), part(continuation, "two", true)], [[text, "one two"]]],
    ["binary parts", [part(binary, Buffer.of(255), false), part(continuation, Buffer.of(0), true)], [[binary, Buffer.of(255, 0)]]],
    ["parts that are empty, all of them", fragmented(text, ["", "", ""]), [[text, ""]]],
    ["parts that are empty but for the middle", fragmented(text, ["", "middle", ""]), [[text, "middle"]]],
    ["a ping between the parts, which is answered first", [part(text, "one ", false), encodeFrame(ping, "now"), part(continuation, "two", true)], [[pong, "now"], [text, "one two"]]],
    ["pings and pongs between five parts", ["a", "b", "c", "d", "e"].flatMap((letter, i, letters) =>
      [...fragmented(text, letters).slice(i, i + 1), ...(i < 4 ? [encodeFrame(ping, letter), encodeFrame(pong, letter)] : [])]),
    [..."abcd"].map((letter) => [pong, letter]).concat([[text, "abcde"]])],
    ["a second message behind the first", [...fragmented(text, ["a", "b"]), ...fragmented(binary, ["c", "d"])], [[text, "ab"], [binary, "cd"]]],
    ["a ping in parts", [part(ping, "x", false), part(continuation, "y", true)], [], 1002],
    ["a pong in parts", [part(pong, "x", false), part(continuation, "y", true)], [], 1002],
    ["a ping in parts inside a message", [part(text, "x", false), part(ping, "y", false)], [], 1002],
    ["a continuation of nothing", [part(continuation, "stray", true), encodeFrame(text, "behind")], [], 1002],
    ["a continuation of nothing that is not the last", [part(continuation, "stray", false), encodeFrame(text, "behind")], [], 1002],
    ["a continuation behind a whole message", [encodeFrame(text, "whole"), part(continuation, "stray", true)], [[text, "whole"]], 1002],
    ["a continuation behind a message in parts", [...fragmented(text, ["a", "b"]), part(continuation, "c", false)], [[text, "ab"]], 1002],
    ["a new message inside another", [part(text, "x", false), encodeFrame(text, "y")], [], 1002],
    ["a new message of another kind inside another", [part(text, "x", false), part(binary, "y", false)], [], 1002],
  ];
  for (const [what, frames, expected, code] of cases) {
    test(`${what} ${code ? `closes with ${code}` : "is put together"}, in one write, frame by frame and octet by octet`, async () => {
      await exchange(all(...frames), expected, code);
      await exchange(frames, expected, code);
      await exchange(inOctets(Buffer.concat(frames)), expected, code);
    });
  }

  test("a message in a thousand parts is put together", async () => {
    const parts = range(1000).map((i) => `${i} `);
    await exchange(all(...fragmented(text, parts)), [[text, parts.join("")]]);
  });
});

describe("6 UTF-8", () => {
  const character = (code) => String.fromCodePoint(code);
  const valid = [
    ["two bytes", "Ünïcödé"],
    ["three bytes", "κόσμε ☃ 漢字"],
    ["four bytes", "😀𝒳𐍈"],
    ["NUL", "\u0000"],
    ["the first and last of each length", [0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff].map(character).join("")],
    ["the neighbours of the surrogates", "\ud7ff\ue000"],
    ["the byte order mark", "\ufeffx"],
    ["noncharacters", [0xfffe, 0xffff, 0xfdd0, 0x1fffe, 0x10fffe].map(character).join("")],
    ["the replacement character", "\ufffd"],
  ];
  for (const [what, string] of valid) {
    test(`${what}: valid, however it is cut`, async () => {
      const bytes = Buffer.from(string);
      await exchange([encodeFrame(text, bytes)], [[text, bytes]]);
      await exchange(inOctets(encodeFrame(text, bytes)), [[text, bytes]]);
      await exchange(all(...fragmented(text, inOctets(bytes))), [[text, bytes]]);
      await exchange(fragmented(text, inOctets(bytes)), [[text, bytes]]);
      const withPings = fragmented(text, inOctets(bytes)).flatMap((frame) => [encodeFrame(ping, "?"), frame]);
      await exchange(all(...withPings), [...range(bytes.length).map(() => [pong, "?"]), [text, bytes]]);
    });
  }

  // [what, bytes, how many of them already cannot become UTF-8]. 0: they are only cut off.
  const invalid = [
    ["a continuation byte alone", "80", 1], ["the last continuation byte alone", "bf", 1],
    ["a byte that never is one, FE", "fe", 1], ["a byte that never is one, FF", "ff", 1],
    ["an overlong slash in two bytes", "c0af", 1], ["an overlong NUL", "c080", 1], ["the largest overlong in two bytes", "c1bf", 1],
    ["an overlong in three bytes", "e080af", 2], ["the largest overlong in three bytes", "e09fbf", 2],
    ["an overlong in four bytes", "f08080af", 2], ["the largest overlong in four bytes", "f08fbfbf", 2],
    ["five bytes", "f888808080", 1], ["six bytes", "fc8480808080", 1],
    ["the first surrogate", "eda080", 2], ["the last surrogate", "edbfbf", 2], ["a pair of surrogates", "eda081edb080", 2],
    ["over U+10FFFF", "f4908080", 2], ["far over U+10FFFF", "f5808080", 1], ["F7", "f7bfbfbf", 1],
    ["Latin-1", "e96c", 2], ["a head before a head", "c3c3", 2], ["a third byte that is none", "e28241", 3], ["a fourth byte that is none", "f09f9841", 4],
    ["one byte of two", "c3", 0], ["one byte of three", "e2", 0], ["two bytes of three", "e282", 0],
    ["one byte of four", "f0", 0], ["two bytes of four", "f09f", 0], ["three bytes of four", "f09f98", 0],
  ];
  for (const [what, hex, failsAt] of invalid) {
    const bad = Buffer.from(hex, "hex");
    const before = Buffer.from("κόσμε ");

    test(`${what} (${hex}) closes with 1007, however it is cut`, async () => {
      for (const bytes of [bad, Buffer.concat([before, bad])]) {
        await exchange([encodeFrame(text, bytes)], [], 1007);
        await exchange(inOctets(encodeFrame(text, bytes)), [], 1007);
        await exchange(all(...fragmented(text, inOctets(bytes))), [], 1007);
        await exchange(fragmented(text, [...inOctets(bytes), Buffer.alloc(0)]), [], 1007);
      }
      if (failsAt !== 0) {
        await exchange([encodeFrame(text, Buffer.concat([before, bad, before]))], [], 1007);
      }
    });

    test(`${what} (${hex}) is fine in binary, and behind a binary message text is looked at again`, async () => {
      await exchange(all(encodeFrame(binary, bad), encodeFrame(text, bad)), [[binary, bad]], 1007);
    });

    if (failsAt > 0) {
      test(`${what} (${hex}) closes before the message is complete`, async () => {
        const soFar = Buffer.concat([before, bad.subarray(0, failsAt)]);
        await exchange(all(encodeFrame(text, soFar, { fin: false })), [], 1007);
        await exchange(fragmented(text, [...inOctets(soFar), ""]).slice(0, -1), [], 1007);
        await exchange(all(encodeFrame(text, soFar, { length: 1000 })), [], 1007);
        await exchange(inOctets(encodeFrame(text, soFar, { length: 70_000 })), [], 1007);
      });
    }
  }

  test("a character is looked at within its message: the next one begins anew", async () => {
    await exchange(all(encodeFrame(text, "☃"), ...fragmented(text, inOctets(Buffer.from("☃"))), encodeFrame(text, Buffer.of(0xe2))), [[text, "☃"], [text, "☃"]], 1007);
  });
});

describe("7 close", () => {
  test("a Close without a code is answered by 1000", async () => {
    await exchange([encodeFrame(close)], [], 1000);
    await exchange(inOctets(encodeFrame(close)), [], 1000);
  });

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
    test(`a Close with ${code} is answered by ${code}, with and without a reason`, async () => {
      for (const reason of ["", "goodbye ☃", "x".repeat(123)]) {
        await exchange([encodeFrame(close, closePayload(code, reason))], [], code);
      }
    });
  }

  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999]) {
    test(`a Close with ${code}, which must not be sent, is answered by 1002`, async () => {
      await exchange([encodeFrame(close, closePayload(code))], [], 1002);
      await exchange([encodeFrame(close, closePayload(code, "reason"))], [], 1002);
    });
  }

  const broken = [
    ["a Close of one byte", "x"],
    ["a Close of 126 bytes", closePayload(1000, "x".repeat(124))],
    ["a reason that is not UTF-8", closePayload(1000, Buffer.of(0xff))],
    ["a reason that is cut inside a character", closePayload(1000, Buffer.of(0xe2, 0x98))],
  ];
  for (const [what, payload] of broken) {
    test(`${what} is answered by 1002`, () => exchange([encodeFrame(close, payload)], [], 1002));
  }

  test("a Close in parts closes with 1002", () => exchange([encodeFrame(close, closePayload(1000), { fin: false })], [], 1002));

  test("a Close inside a message in parts is answered, the message is dropped", async () => {
    await exchange(all(encodeFrame(text, "half", { fin: false }), encodeFrame(close, closePayload(1000))), [], 1000);
  });

  test("nothing behind a Close is answered", async () => {
    const behind = [encodeFrame(text, "behind"), encodeFrame(ping, "behind"), encodeFrame(close, closePayload(1001)), encodeFrame(3)];
    await exchange(all(encodeFrame(text, "before"), encodeFrame(close, closePayload(1000)), ...behind), [[text, "before"]], 1000);
  });

  test("a Close behind messages comes behind their echoes, a large one's too", async () => {
    const payload = filled(4 * mebibyte, 1);
    await exchange(all(encodeFrame(text, "small"), encodeFrame(binary, payload), encodeFrame(close, closePayload(1000))), [[text, "small"], [binary, payload]], 1000);
  });

  test("what breaks the framing is told behind the echoes before it, large ones too", async () => {
    const payload = filled(4 * mebibyte, 2);
    await exchange(all(encodeFrame(binary, payload), encodeFrame(binary, payload), encodeFrame(3)), [[binary, payload], [binary, payload]], 1002);
  });

  test("a client that ends without a Close, inside a frame or not, is let go, and nobody else is touched", async () => {
    const stays = await connect();
    for (const bytes of [Buffer.alloc(0), encodeFrame(text, "cut off").subarray(0, 9), encodeFrame(text, "half", { fin: false })]) {
      const leaves = await connect();
      leaves.socket.end(bytes);
      await leaves.until("the end", () => leaves.ended);
      assert.deepEqual(leaves.frames, []);
    }
    stays.send(text, "still here");
    assertFrame(await stays.next(), text, "still here");
    stays.destroy();
  });
});

describe("9 limits", () => {
  const whole = { [text]: Buffer.alloc(largest, "0123456789☃ "), [binary]: filled(largest, 9) };
  // The fill may have been cut inside its last character.
  whole[text].fill("x", largest - 16);

  for (const [name, code] of [["text", text], ["binary", binary]]) {
    const payload = whole[code];
    test(`16 MiB of ${name} are echoed from one frame`, () => exchange([encodeFrame(code, payload)], [[code, payload]]));
    test(`16 MiB of ${name} are echoed from one frame in writes of 64,000 bytes`, () => exchange(inPieces(encodeFrame(code, payload), 64_000), [[code, payload]]));
    for (const size of [4096, 65_536, mebibyte]) {
      test(`16 MiB of ${name} are echoed from frames of ${size} bytes`, () => exchange(all(...fragmented(code, inPieces(payload, size))), [[code, payload]]));
    }

    test(`16 MiB and one byte of ${name} close with 1009, in one frame and in many`, async () => {
      const over = Buffer.concat([payload, Buffer.from("x")]);
      await exchange([encodeFrame(code, over)], [], 1009);
      await exchange(fragmented(code, inPieces(over, mebibyte)), [], 1009);
    });
  }

  test("a length over the limit closes with 1009 before the message comes", async () => {
    await exchange([encodeFrame(text, "", { length: largest + 1 })], [], 1009);
    await exchange([encodeFrame(binary, "", { length: 2 ** 40 })], [], 1009);
    const almost = fragmented(binary, [...inPieces(whole[binary], mebibyte), ""]).slice(0, -1);
    await exchange([...almost, encodeFrame(continuation, "", { length: 1 })], [], 1009);
  });
});

describe("10 the outbox under a client that does not read", () => {
  // Sends messages and reads no echo before `bytes` have gone out; then it reads while the rest goes out.
  async function echoedInOrder(target, messages, bytes) {
    // Made before the connection: masking takes long on a slow machine, and the server waits 20 s for a client to read.
    const frames = messages.map(([code, payload]) => encodeFrame(code, payload));
    const client = await RawWebSocket.connect(target, { path: "/echo" });
    client.pause();
    let gone = 0;
    const sending = (async () => {
      // One after the other: Node tells the end of writes that wait together only when all are done.
      for (const frame of frames) {
        await new Promise((done) => client.socket.write(frame, done));
        gone += frame.length;
        if (gone >= bytes) {
          client.resume();
        }
      }
    })();
    for (const [code, payload] of messages) {
      assertFrame(await client.next(30_000), code, payload);
    }
    await sending;
    client.send(close, closePayload(1000));
    assert.equal(await client.closeCode(), 1000);
    assert.equal(client.frames.length, messages.length + 1);
  }

  test("160 MiB of large messages come back in order and whole, and the server holds the client back instead of them", async () => {
    const own = await startEchoServer();
    try {
      const messages = range(160).map((i) => [i % 2 ? text : binary, filled(mebibyte, i)]);
      // So much the echo takes of a client that does not read; how much more the kernel holds differs.
      await echoedInOrder(own, messages, largest);
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${own.pid}/status`, "utf8"))[1]) / 1024;
      // A sanitized build keeps what was freed.
      assert.ok(process.env.CHAT_BUILD || peak < 80, `the server took ${peak} MiB`);
    } finally {
      await own.stop();
    }
  });

  test("20,000 small messages come back in order and whole", async () => {
    const messages = range(20_000).map((i) => [i % 3 ? text : binary, filled(1 + (i * 7919) % 3000, i)]);
    await echoedInOrder(server, messages, 4 * mebibyte);
  });

  test("100,000 empty messages come back", async () => {
    const client = await connect();
    const count = 100_000;
    client.socket.write(Buffer.concat(range(count).map(() => encodeFrame(binary))));
    await client.until("all echoes", () => client.frames.length === count, 30_000);
    assert.ok(client.frames.every((frame) => frame.opcode === binary && frame.payload.length === 0));
    client.destroy();
  });

  // One turn of the server's loop and more, since it serves all connections in one.
  async function serverTurns() {
    const other = await connect();
    for (const i of range(3)) {
      other.send(ping, String(i));
      await other.next();
    }
    other.destroy();
  }

  test("pongs do not land inside the echo that is being sent", async () => {
    const client = await connect();
    client.pause();
    // Less than what holds the client back, more than the kernel takes of a client that does not read.
    const payload = filled(15 * mebibyte, 10);
    client.send(binary, payload);
    await client.writeInPieces([Buffer.alloc(0)]);
    await serverTurns();
    for (const i of range(20)) {
      await client.writeInPieces([encodeFrame(ping, `ping ${i}`)]);
    }
    await serverTurns();
    client.resume();
    assertFrame(await client.next(), binary, payload);
    for (const i of range(20)) {
      assertFrame(await client.next(), pong, `ping ${i}`);
    }
    client.send(close, closePayload(1000));
    assert.equal(await client.closeCode(), 1000);
  });

  test("a ping for every piece of large echoes that is read: all echoes whole, all pongs there and in order", async () => {
    const client = await connect();
    let pings = 0;
    client.socket.on("data", () => {
      if (pings < 200) {
        client.send(ping, `ping ${pings++}`);
      }
    });
    const payloads = range(12).map((i) => filled(2 * mebibyte + i, i));
    payloads.forEach((payload) => client.send(binary, payload));
    const of = (code) => client.frames.filter((frame) => frame.opcode === code);
    await client.until("all echoes and pongs", () => of(binary).length === payloads.length && of(pong).length === pings, 30_000);
    payloads.forEach((payload, i) => assertFrame(of(binary)[i], binary, payload));
    of(pong).forEach((frame, i) => assertFrame(frame, pong, `ping ${i}`));
    assert.equal(client.frames.length, payloads.length + pings);
    client.destroy();
  });
});
