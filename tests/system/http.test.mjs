// HTTP as it should not come: limits, slow and broken requests, pipelines and bodies in pieces, on the port that clients use.
// The admin port's own are in tests/unit/common/admin.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { patience } from "../../deploy/local/fleet/process.mjs";
import { startEchoServer } from "./support/echo_server.mjs";
import { PollingClient, errors } from "./support/polling_client.mjs";
import { RawHttp } from "./support/raw_http.mjs";
import { encodeFrame, opcode } from "./support/raw_websocket.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

let server;
before(async () => {
  server = await startEchoServer();
});
after(() => server?.stop());

const host = "Host: here\r\n";
const chunked = "Transfer-Encoding: chunked\r\n";
const request = (line, headers = "", body = "") => `${line} HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const lengthOf = (body) => `Content-Length: ${Buffer.byteLength(body)}\r\n`;
const post = (client, body, headers = lengthOf(body)) => request(`POST ${client.target()}`, headers, body);
const open = () => PollingClient.open(server);

const aKey = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// The connection's next request is answered, or the server has ended the connection in order.
async function assertGoesOn(http) {
  await http.write(request("GET /still-open"));
  assert.equal((await http.response()).status, 404);
  http.destroy();
}
const assertEnds = async (http) => assert.equal(await http.end(), "");

describe("one request", () => {
  const headerOf = (size) => {
    const head = request("GET /echo", "Cookie: \r\n");
    return request("GET /echo", `Cookie: ${"x".repeat(size - head.length)}\r\n`);
  };
  // [what, request, status, whether the connection goes on, headers of the answer]
  const cases = [
    ["an unknown path", request("GET /nothing"), 404, true],
    ["a path that begins like a known one", request("GET /echo/more"), 404, true],
    ["a path that speaks WebSocket only", request("GET /echo"), 426, true, { upgrade: "websocket", connection: "keep-alive, Upgrade" }],
    ["the same with a query", request("GET /echo?a=b"), 426, true],
    ["the asterisk", request("OPTIONS *"), 404, true],
    ["a method that the path does not take", request("DELETE /echo"), 405, true, { allow: "GET, HEAD" }],
    ["OPTIONS where no page of another origin comes", request("OPTIONS /echo"), 405, true, { allow: "GET, HEAD" }],
    ["a method that nobody knows", request("BREW /echo"), 405, true, { allow: "GET, HEAD" }],
    ["a method that nobody knows at an unknown path", request("BREW /nothing"), 404, true],
    ["a body where none is taken", request("POST /echo", lengthOf("body"), "body"), 405, false],
    ["a body in chunks where none is taken", request("GET /echo", chunked, "4\r\nbody\r\n0\r\n\r\n"), 413, false],
    ["a body at an unknown path", request("POST /nothing", lengthOf("body"), "body"), 404, false],
    ["Connection: close", request("GET /nothing", "Connection: close\r\n"), 404, false, { connection: "close" }],
    ["HTTP/1.0", "GET /nothing HTTP/1.0\r\n\r\n", 404, false, { connection: "close" }],
    ["HTTP/1.0 that wants to go on", "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 404, true, { connection: "keep-alive" }],
    ["names of headers in any case", "GET /nothing HTTP/1.1\r\nhOsT: here\r\ncoNNection: CLOSE\r\n\r\n", 404, false],
    ["a header of just under 8 KiB", headerOf(8000), 426, true],
    ["a header of 9 KiB", headerOf(9 * 1024), 431, false],
    ["a header of 100 KiB", headerOf(100 * 1024), 431, false],
    ["a header of 9 KiB in many lines", request("GET /echo", "X: y\r\n".repeat(1536)), 431, false],
    ["a path of 9 KiB", request(`GET /${"x".repeat(9 * 1024)}`), 431, false],
    ["no Host", "GET /echo HTTP/1.1\r\n\r\n", 400, false],
    ["two Hosts", request("GET /echo", host), 400, false],
    ["an empty line in front", `\r\n${request("GET /nothing")}`, 404, true],
    ["eight empty lines in front", "\r\n".repeat(8) + request("GET /nothing"), 404, true],
    ["nine empty lines in front", "\r\n".repeat(9) + request("GET /nothing"), 400, false],
    ["an empty line that ends in LF alone", `\n${request("GET /nothing")}`, 400, false],
    ["a line with a blank in front", ` \r\n${request("GET /nothing")}`, 400, false],
    ["Connection: close in a second line", request("GET /nothing", "Connection: keep-alive\r\nConnection: x, Close\r\n"), 404, false, { connection: "close" }],
    ["a Connection with what is no token", request("GET /nothing", "Connection: a/b, close\r\n"), 400, false],
    ["HTTP/1.0 that wants to go on in a second line", "GET /nothing HTTP/1.0\r\nConnection: x\r\nConnection: Keep-Alive\r\n\r\n", 404, true],
    ["what is not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, false],
    ["no version", "GET /echo\r\n\r\n", 400, false],
    ["HTTP/2.0", `GET /echo HTTP/2.0\r\n${host}\r\n`, 400, false],
    ["no path", `GET  HTTP/1.1\r\n${host}\r\n`, 400, false],
    ["a blank in the path", `GET /a b HTTP/1.1\r\n${host}\r\n`, 400, false],
    ["a method with a bracket", `GE(T /echo HTTP/1.1\r\n${host}\r\n`, 400, false],
    ["a header without a colon", request("GET /echo", "Cookie\r\n"), 400, false],
    ["a blank before the colon", request("GET /echo", "Cookie : x\r\n"), 400, false],
    ["a header without a name", request("GET /echo", ": x\r\n"), 400, false],
    ["NUL in a header", request("GET /echo", "Cookie: a\0b\r\n"), 400, false],
    ["a bare CR in a header", request("GET /echo", "Cookie: a\rb\r\n"), 400, false],
  ];
  for (const [what, bytes, status, goesOn, headers = {}] of cases) {
    test(`${what}: ${status}, and the connection ${goesOn ? "goes on" : "ends"}`, async () => {
      // In one piece, and in as many as there are bytes.
      for (const pieces of [[bytes], bytes.length < 300 ? [...bytes] : []]) {
        if (pieces.length === 0) {
          continue;
        }
        const http = await RawHttp.connect(server);
        for (const piece of pieces) {
          await http.write(Buffer.from(piece, "latin1"));
        }
        const answer = await http.response();
        assert.equal(answer.status, status);
        assert.equal(answer.headers.server, "chat");
        for (const [name, value] of Object.entries(headers)) {
          assert.equal(answer.headers[name], value);
        }
        await (goesOn ? assertGoesOn(http) : assertEnds(http));
      }
    });
  }

  test("the path may come with scheme and host, as clients of a proxy write it", async () => {
    const http = await RawHttp.connect(server);
    await http.write(request("GET http://here/echo"));
    assert.equal((await http.response()).status, 426);
    await assertGoesOn(http);
  });

  test("a HEAD is answered with the header of the GET and no body", async () => {
    const handshake = "/engine.io/?EIO=4&transport=polling";
    for (const [path, status] of [["/nothing", 404], ["/echo", 426], ["/engine.io/?EIO=4", 400], [handshake, 400]]) {
      const http = await RawHttp.connect(server);
      await http.write(request(`HEAD ${path}`) + request("GET /nothing"));
      const head = await http.response({ isHead: true });
      assert.equal(head.status, status);
      assert.ok(Number(head.headers["content-length"]) > 0);
      // No body came between the two.
      assert.equal((await http.response()).status, 404);
      if (path !== handshake) {
        await http.write(request(`GET ${path}`));
        assert.deepEqual((await http.response()).headers, head.headers);
      }
      await assertGoesOn(http);
    }
  });

  test("an upgrade is possible behind other requests, and what comes with it is the WebSocket's", async () => {
    const http = await RawHttp.connect(server);
    await http.write(Buffer.concat([Buffer.from(request("GET /nothing") + request("GET /echo", aKey)), encodeFrame(opcode.text, "early")]));
    assert.equal((await http.response()).status, 404);
    const { status, headers } = await http.response();
    assert.deepEqual([status, headers["sec-websocket-accept"]], [101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    await until("the echo", () => http.unread === "\x81\x05early" || http.unread === String(Buffer.from("\x81\x05early", "latin1")));
    http.destroy();
  });

  const key = aKey.replace(/^Connection.*\r\nUpgrade.*\r\n/, "");
  const offering = (...lists) => aKey + lists.map((list) => `Sec-WebSocket-Protocol: ${list}\r\n`).join("");
  // [what, headers, the subprotocol of the answer]
  for (const [what, headers, subprotocol] of [
    ["Connection in two lines", `Connection: keep-alive\r\n${aKey}`],
    ["Connection in three lines, one empty, in odd case", `Connection: keep-alive\r\nUpgrade: websocket\r\nCONNECTION:\r\ncoNNection:uPGRADE\r\n${key}`],
    ["a list with blanks, tabs and empty elements", `Connection: ,\tkeep-alive , ,Upgrade,\r\nUpgrade: WebSocket ,\r\n${key}`],
    ["Upgrade in two lines", `Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n${key}`],
    ["a protocol with a version in front", `Connection: Upgrade\r\nUpgrade: foo/1, WEBSOCKET\r\n${key}`],
    ["extensions in two lines", `${aKey}Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: x; y=1, z\r\n`],
    ["an empty line in front", aKey],
    ["a subprotocol", offering("a"), "a"],
    ["two subprotocols", offering("a, b"), "a"],
    ["subprotocols in two lines", offering("a", "b"), "a"],
    ["an empty list of subprotocols", offering("", " ,"), undefined],
  ]) {
    test(`an upgrade with ${what}: 101`, async () => {
      const http = await RawHttp.connect(server);
      await http.write((what === "an empty line in front" ? "\r\n" : "") + request("GET /echo", headers));
      const answer = await http.response();
      assert.deepEqual([answer.status, answer.headers["sec-websocket-protocol"], answer.headers["sec-websocket-extensions"]], [101, subprotocol, undefined]);
      http.destroy();
    });
  }

  for (const [what, headers, status] of [
    ["a subprotocol that is no token", offering("a/b"), 400], ["a subprotocol that comes twice", offering("a", "b, a"), 400],
    ["two keys", `${aKey}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`, 400], ["two versions", `${aKey}Sec-WebSocket-Version: 13\r\n`, 426],
    ["a list of versions", aKey.replace("13", "13, 8"), 426], ["a Connection that only looks like it", aKey.replace("Connection: Upgrade", "Connection: upgrades, x-upgrade"), 426],
    ["another version", aKey.replace("13", "12"), 426], ["no version", aKey.replace(/Sec-WebSocket-Version.*\r\n/, ""), 426],
    ["no key", aKey.replace(/Sec-WebSocket-Key.*\r\n/, ""), 400], ["a key that is none", aKey.replace("==", "=x"), 400],
    ["another protocol to upgrade to", aKey.replace("websocket", "h2c"), 426],
  ]) {
    test(`an upgrade with ${what}: ${status}`, async () => {
      const http = await RawHttp.connect(server);
      await http.write(request("GET /echo", headers));
      assert.equal((await http.response()).status, status);
      await assertGoesOn(http);
    });
  }
});

describe("pipelines", () => {
  test("requests that came together are answered in order, whatever they are, also octet by octet", async () => {
    const client = await open();
    const bytes = [request("GET /nothing"), post(client, "4one"), request(`GET ${client.target()}`), request("HEAD /echo"), request("BREW /echo"),
      post(client, "4two"), post(client, "4three"), request(`GET ${client.target()}`), request("GET /echo")].join("");
    for (const pieces of [[bytes], [...bytes]]) {
      const http = await RawHttp.connect(server);
      for (const piece of pieces) {
        await http.write(piece);
      }
      const statuses = [];
      for (const isHead of [false, false, false, true, false, false, false, false, false]) {
        const { status, body } = await http.response({ isHead });
        statuses.push(status === 200 ? body : status);
      }
      assert.deepEqual(statuses, [404, "ok", "4one", 426, 405, "ok", "ok", "4two\x1e4three", 426]);
      await assertGoesOn(http);
    }
  });

  test("a request behind a poll that waits is not looked at before the poll is answered", async () => {
    const client = await open();
    for (const pieces of [1, 2]) {
      const http = await RawHttp.connect(server);
      const behind = [request(`GET ${client.target()}`), post(client, "4behind the poll"), request("GET /nothing")];
      for (const piece of pieces === 1 ? [behind.join("")] : behind) {
        await http.write(piece);
      }
      await client.barrier();
      assert.equal(http.unread, "");
      assert.equal((await client.post("4first")).body, "ok");
      assert.equal((await http.response()).body, "4first");
      assert.equal((await http.response()).body, "ok");
      assert.equal((await http.response()).status, 404);
      assert.equal((await client.poll()).body, "4behind the poll");
      http.destroy();
    }
  });

  test("5,000 requests of a client that reads no answer meanwhile are all answered, and nobody waits for it", async () => {
    const http = await RawHttp.connect(server);
    http.socket.pause();
    const count = 5000;
    http.socket.write(range(count).map((i) => request(i % 2 ? "GET /echo" : "GET /nothing")).join(""));
    assert.equal((await fetch(`${server.url}/nothing`)).status, 404);
    http.socket.resume();
    for (const i of range(count)) {
      assert.equal((await http.response()).status, i % 2 ? 426 : 404);
    }
    await assertGoesOn(http);
  });

  test("an empty line behind a body is ignored, as old clients send one", async () => {
    const client = await open();
    const http = await RawHttp.connect(server);
    for (const text of ["4one", "4two"]) {
      await http.write(`${post(client, text)}\r\n`);
      assert.equal((await http.response()).body, "ok");
    }
    assert.equal((await client.poll()).body, "4one\x1e4two");
    await assertGoesOn(http);
  });

  test("nothing is read behind a request that ends the connection", async () => {
    const client = await open();
    const http = await RawHttp.connect(server);
    await http.write(request("GET /nothing", "Connection: close\r\n") + post(client, "4never"));
    assert.equal((await http.response()).status, 404);
    await assertEnds(http);
    await client.post("4only");
    assert.equal((await client.poll()).body, "4only");
  });
});

describe("bodies", () => {
  const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  // [what, headers, body, what the session got]
  const good = [
    ["one chunk", chunked, `${chunk("4one")}0\r\n\r\n`, "4one"],
    ["a chunk for each byte", chunked, `${[..."4each byte"].map(chunk).join("")}0\r\n\r\n`, "4each byte"],
    ["sizes in capitals and with zeros in front", chunked, "00A\r\n4123456789\r\n000\r\n\r\n", "4123456789"],
    ["chunks with extensions", chunked, '4;name=value\r\n4ext\r\n3;a;b="c"\r\nend\r\n0;last\r\n\r\n', "4extend"],
    ["chunks by a list with an empty element", "Transfer-Encoding: ,\tChunked \r\n", `${chunk("4one")}0\r\n\r\n`, "4one"],
    ["chunks with trailers", chunked, `${chunk("4trailed")}0\r\nX-Trailer: yes\r\n\r\n`, "4trailed"],
    ["a length with blanks around it", "Content-Length:   5  \r\n", "4text", "4text"],
    ["a header that comes apart from its body", lengthOf("4apart"), "4apart", "4apart"],
  ];
  for (const [what, headers, body, got] of good) {
    test(`${what}: taken, in one piece and octet by octet, and the connection goes on`, async () => {
      const client = await open();
      const bytes = post(client, body, headers);
      const head = bytes.slice(0, -body.length);
      for (const pieces of [[bytes], [head, body], [...bytes]]) {
        const http = await RawHttp.connect(server);
        for (const piece of pieces) {
          await http.write(piece);
        }
        const { status, body: answer } = await http.response();
        assert.deepEqual([status, answer], [200, "ok"]);
        assert.equal((await client.poll()).body, got);
        await assertGoesOn(http);
      }
    });
  }

  const tail = request("GET /smuggled");
  const bad = [
    ["a chunk's size that is no number", chunked, "zz\r\n4x\r\n0\r\n\r\n"],
    ["a chunk without a size", chunked, "\r\n4x\r\n0\r\n\r\n"],
    ["a negative size", chunked, "-2\r\n4x\r\n0\r\n\r\n"],
    ["a size of 2^64", chunked, "10000000000000002\r\n4x\r\n0\r\n\r\n"],
    ["chunks whose lines end in LF alone", chunked, "2\n4x\n0\n\n"],
    ["a chunk that is longer than it says", chunked, "2\r\n4xyz\r\n0\r\n\r\n"],
    ["a length that is no number", "Content-Length: two\r\n", "4x"],
    ["a negative length", "Content-Length: -2\r\n", "4x"],
    ["a length with a plus", "Content-Length: +2\r\n", "4x"],
    ["a length in hexadecimal", "Content-Length: 0x2\r\n", "4x"],
    ["a length of 2^64 and more", "Content-Length: 18446744073709551618\r\n", "4x"],
    ["an empty length", "Content-Length:\r\n", "4x"],
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "4xy"],
    ["two lengths in one line", "Content-Length: 2, 3\r\n", "4xy"],
    ["a length and chunks", `Content-Length: 2\r\n${chunked}`, "0\r\n\r\n"],
    ["chunks and a length", `${chunked}Content-Length: 2\r\n`, "0\r\n\r\n"],
    ["chunks twice", chunked + chunked, "0\r\n\r\n"],
    ["an encoding that is not known", "Transfer-Encoding: gzip\r\n", "4x"],
    ["no encoding by name", "Transfer-Encoding: identity\r\n", "4x"],
    ["an encoding that only looks like chunked", "Transfer-Encoding: xchunked\r\n", "4x"],
    ["an unknown encoding beside a length", "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n", "4x"],
    ["chunks that are not the last encoding", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"],
    ["chunks that are not the last encoding, in two lines", `${chunked}Transfer-Encoding: gzip\r\n`, "0\r\n\r\n"],
    ["chunks behind an encoding that is not known", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"],
    ["the same in two lines", `Transfer-Encoding: gzip\r\n${chunked}`, "0\r\n\r\n"],
  ];
  for (const [what, headers, body] of bad) {
    test(`${what}: 400 and the end, nothing behind it is a request, and the session goes on`, async () => {
      const client = await open();
      const http = await RawHttp.connect(server);
      await http.write(post(client, body, headers) + tail);
      assert.equal((await http.response()).status, 400);
      await assertEnds(http);
      assert.equal((await client.post("4on")).body, "ok");
      assert.equal((await client.poll()).body, "4on");
    });
  }

  for (const [what, body] of [
    ["an extension of 100 KiB", `4;x=${"y".repeat(100_000)}\r\n4ext\r\n0\r\n\r\n`],
    ["trailers of 100 KiB", `${chunk("4x")}0\r\n${"X: y\r\n".repeat(17_000)}\r\n`],
  ]) {
    test(`${what}: 431 and the end`, async () => {
      const client = await open();
      const http = await RawHttp.connect(server);
      await http.write(post(client, body, chunked));
      assert.equal((await http.response()).status, 431);
      http.socket.end();
      await assertEnds(http);
      assert.equal((await client.post("4on")).body, "ok");
      assert.equal((await client.poll()).body, "4on");
    });
  }

  test("Expect: 100-continue is told to go on only where the body is wanted", async () => {
    const client = await open();
    const http = await RawHttp.connect(server);
    const expect = "Expect: 100-continue\r\n";
    for (const text of ["4first", "4second"]) {
      await http.write(post(client, "", `${expect}${lengthOf(text)}`));
      assert.equal((await http.response()).status, 100);
      await http.write(text);
      assert.equal((await http.response()).body, "ok");
    }
    assert.equal((await client.poll()).body, "4first\x1e4second");
    await assertGoesOn(http);
    const unknown = new PollingClient(server, "/engine.io/");
    unknown.sid = "nobody";
    for (const [bytes, status] of [[post(client, "", `${expect}Content-Length: 1000001\r\n`), 413], [post(unknown, "", `${expect}Content-Length: 2\r\n`), 400],
      [request("POST /echo", `${expect}Content-Length: 2\r\n`), 405], [request("POST /nothing", `${expect}Content-Length: 2\r\n`), 404]]) {
      const refused = await RawHttp.connect(server);
      await refused.write(bytes);
      assert.equal((await refused.response()).status, status);
      await assertEnds(refused);
    }
  });

  test("a body over the limit is answered 413 while it comes, in chunks too, and its sender gets to read that", async () => {
    const client = await open();
    const body = Buffer.alloc(3_000_000, "4");
    const chunks = range(30).map((i) => Buffer.concat([Buffer.from("186a0\r\n"), body.subarray(i * 100_000, (i + 1) * 100_000), Buffer.from("\r\n")]));
    const heads = [[lengthOf(body), [body]], [chunked, [...chunks, "0\r\n\r\n"]], [chunked, ["2dc6c0\r\n", body, "\r\n0\r\n\r\n"]]];
    for (const [headers, pieces] of heads) {
      const http = await RawHttp.connect(server);
      await http.write(post(client, "", headers));
      await Promise.all(pieces.map((piece) => http.write(piece)));
      assert.equal((await http.response()).status, 413);
      http.socket.end();
      await assertEnds(http);
    }
    assert.equal((await client.post("4on")).body, "ok");
    assert.equal((await client.poll()).body, "4on");
  });
});

describe("clients that end their side", () => {
  test("what was asked before is answered, then the connection ends", async () => {
    const client = await open();
    const http = await RawHttp.connect(server);
    http.socket.end(request("GET /nothing") + post(client, "4last words") + request("GET /echo"));
    assert.equal((await http.response()).status, 404);
    assert.equal((await http.response()).body, "ok");
    assert.equal((await http.response()).status, 426);
    await assertEnds(http);
    assert.equal((await client.poll()).body, "4last words");
  });

  test("a request that is not whole is not answered", async () => {
    const client = await open();
    for (const bytes of ["", "GET /noth", request("GET /nothing").slice(0, -2), post(client, "4x", "Content-Length: 3\r\n"), post(client, "3\r\n4x", chunked)]) {
      const http = await RawHttp.connect(server);
      http.socket.end(bytes);
      await assertEnds(http);
    }
    assert.equal((await client.post("4on")).body, "ok");
    assert.equal((await client.poll()).body, "4on");
  });
});

// Each takes the server's 10 s, so that all run at once.
describe("slow requests", { concurrency: true }, () => {
  // Sends one byte after the other until the server ends the connection; resolves with the seconds that took.
  async function trickle(http, bytes) {
    const began = Date.now();
    let sent = 0;
    // The slowness is the test's subject, not a wait.
    const timer = setInterval(() => http.socket.write(bytes[sent++ % bytes.length]), 250);
    try {
      await http.end(20_000);
    } catch (error) {
      // The byte that comes after the end is answered by a reset.
      assert.ok(["ECONNRESET", "EPIPE"].includes(error.code), error);
    } finally {
      clearInterval(timer);
    }
    return (Date.now() - began) / 1000;
  }
  const assertTenSeconds = (seconds) => assert.ok(seconds > 8.5 && seconds < 10 + 3 * patience, `cut after ${seconds} s`);

  test("a connection that asks nothing is cut after 10 s", async () => {
    const http = await RawHttp.connect(server);
    const began = Date.now();
    await http.end(20_000);
    assertTenSeconds((Date.now() - began) / 1000);
  });

  test("a header that trickles is cut after 10 s", async () => {
    assertTenSeconds(await trickle(await RawHttp.connect(server), request("GET /nothing", "X: y\r\n".repeat(50))));
  });

  test("a header that trickles behind a request that was answered is cut after 10 s", async () => {
    const http = await RawHttp.connect(server);
    await http.write(request("GET /nothing"));
    assert.equal((await http.response()).status, 404);
    assertTenSeconds(await trickle(http, request("GET /nothing", "X: y\r\n".repeat(50))));
  });

  for (const [what, headers, bytes] of [["a body", "Content-Length: 1000\r\n", "4aaa"], ["a body in chunks", chunked, "1\r\nx\r\n"]]) {
    test(`${what} that trickles is cut after 10 s, its session goes on, and a poll that waits is not cut`, async () => {
      const client = await open();
      const poll = await client.hold();
      const http = await RawHttp.connect(server);
      await http.write(post(client, "", headers));
      assertTenSeconds(await trickle(http, bytes));
      assert.equal(poll.isAnswered(), false);
      assert.equal((await client.post("4on")).body, "ok");
      assert.equal((await poll.answer()).body, "4on");
    });
  }

  test("a connection that waits between two requests is not cut after 10 s", async () => {
    const http = await RawHttp.connect(server);
    await http.write(request("GET /nothing"));
    assert.equal((await http.response()).status, 404);
    await trickle(await RawHttp.connect(server), request("GET /nothing", "X: y\r\n".repeat(50)));
    await assertGoesOn(http);
  });

  test("two POSTs of one session: the second is refused while the first trickles, and ends it", async () => {
    const client = await open();
    const first = await client.beginPost(100);
    const second = await client.post("4second");
    assert.deepEqual([second.status, JSON.parse(second.body)], [400, errors.badRequest]);
    first.leave();
  });
});
