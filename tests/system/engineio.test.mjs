// Engine.IO 4 and Socket.IO 5 at the wire, on the echo's /engine.io/ and /socket.io/: status codes and bodies as the reference
// server answers them, heartbeats, and upgrades amid traffic, without a packet lost or doubled.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { startEchoServer } from "./support/echo_server.mjs";
import { PollingClient, errors, recordSeparator as rs } from "./support/polling_client.mjs";
import { RawHttp } from "./support/raw_http.mjs";
import { RawWebSocket, closePayload, opcode } from "./support/raw_websocket.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const { text, binary, close } = opcode;
const pings = { pingInterval: 150, pingTimeout: 1500, connectTimeout: 300 };
const largest = 1_000_000;

// The second one has short times.
let server, hasty;
before(async () => {
  [server, hasty] = await Promise.all([startEchoServer(), startEchoServer(pings)]);
});
after(() => Promise.all([server?.stop(), hasty?.stop()]));

const open = (path) => PollingClient.open(server, path);
const isText = (frame, payload) => frame.opcode === text && String(frame.payload) === payload;

async function nextText(socket) {
  const frame = await socket.next();
  assert.equal(frame.opcode, text, `opcode ${frame.opcode}`);
  return String(frame.payload);
}

// A session whose only transport is a WebSocket; `handshake` is its open packet.
async function openSocket(target = server, path = "/engine.io/") {
  const socket = await RawWebSocket.connect(target, { path: `${path}?EIO=4&transport=websocket` });
  const packet = await nextText(socket);
  assert.equal(packet[0], "0");
  socket.handshake = JSON.parse(packet.slice(1));
  return socket;
}

const openUpgrade = (client) => RawWebSocket.connect(client.server, { path: client.target("websocket") });

async function probe(client) {
  const socket = await openUpgrade(client);
  socket.send(text, "2probe");
  assert.equal(await nextText(socket), "3probe");
  return socket;
}

async function upgrade(client) {
  const socket = await probe(client);
  socket.send(text, "5");
  return socket;
}

function assertRefused({ status, type, body }, error) {
  assert.deepEqual([status, type, JSON.parse(body)], [400, "application/json", error]);
}
const assertOk = ({ status, body }) => assert.deepEqual([status, body], [200, "ok"]);
const assertPoll = ({ status, type, body }, expected) => assert.deepEqual([status, type, body], [200, "text/plain; charset=UTF-8", expected]);
const assertGone = async (client) => assertRefused(await client.poll(), errors.sessionUnknown);

async function assertPolls(client) {
  const id = randomUUID();
  assertOk(await client.post(`4${id}`));
  const { status, type, body } = await client.poll();
  // On a busy machine a ping may be due before the poll.
  const packets = body.split("\x1e").filter((packet) => packet !== "2");
  assert.deepEqual([status, type, packets], [200, "text/plain; charset=UTF-8", [`4${id}`]]);
}

async function assertEchoes(socket) {
  const id = randomUUID();
  socket.send(text, `4${id}`);
  assert.equal(await nextText(socket), `4${id}`);
}

// The server closes it, and has nothing more to say before.
async function assertCloses(socket, code = 1000) {
  const frame = await socket.next();
  assert.equal(frame.opcode, close, `opcode ${frame.opcode}: ${frame.payload}`);
  assert.equal(await socket.closeCode(), code);
}

describe("the handshake", () => {
  for (const path of ["/engine.io/", "/socket.io/"]) {
    test(`${path}: what both transports are told, with an id of their own each`, async () => {
      const client = new PollingClient(hasty, path);
      const answer = await client.request("GET");
      assertPoll(answer, answer.body);
      const { sid, ...rest } = JSON.parse(answer.body.slice(1));
      assert.equal(answer.body[0], "0");
      assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: pings.pingInterval, pingTimeout: pings.pingTimeout, maxPayload: largest });
      const socket = await openSocket(hasty, path);
      assert.deepEqual(socket.handshake, { ...rest, sid: socket.handshake.sid, upgrades: [] });
      for (const id of [sid, socket.handshake.sid]) {
        assert.match(id, /^echo~0~[0-9a-f-]{36}$/);
      }
      assert.notEqual(sid, socket.handshake.sid);
      socket.destroy();
    });
  }

  const get = (query) => ["GET", query];
  // [method, query, error]; a missing session comes before a wrong method, and that before a wrong version.
  const refused = [
    [...get(""), "transportUnknown"], [...get("?EIO=4"), "transportUnknown"], [...get("?EIO=4&transport="), "transportUnknown"],
    [...get("?EIO=4&transport=abc"), "transportUnknown"], [...get("?EIO=4&transport=POLLING"), "transportUnknown"],
    [...get("?transport=abc&sid=nobody"), "transportUnknown"], ["POST", "?EIO=4&transport=abc", "transportUnknown"],
    [...get("?EIO=4&transport=polling&sid=nobody"), "sessionUnknown"], [...get("?EIO=4&transport=websocket&sid=nobody"), "sessionUnknown"],
    ["POST", "?EIO=4&transport=polling&sid=nobody", "sessionUnknown"], [...get("?EIO=4&transport=polling&sid=echo~0~nobody"), "sessionUnknown"],
    [...get("?EIO=4&transport=polling&sid=echo~7~nobody"), "sessionUnknown"], [...get("?EIO=4&transport=polling&sid=%00"), "sessionUnknown"],
    ["POST", "?EIO=4&transport=polling", "badMethod"], ["PUT", "?EIO=4&transport=polling", "badMethod"], ["DELETE", "?EIO=4&transport=polling", "badMethod"],
    ["POST", "?EIO=3&transport=polling", "badMethod"],
    [...get("?EIO=4&transport=websocket"), "badRequest"],
    [...get("?EIO=3&transport=polling"), "badVersion"], [...get("?transport=polling"), "badVersion"], [...get("?EIO=abc&transport=polling"), "badVersion"],
    [...get("?EIO=5&transport=polling"), "badVersion"],
  ];
  for (const [method, query, error] of refused) {
    test(`${method} ${query || "without a query"} is refused: ${errors[error].message}`, async () => {
      for (const path of ["/engine.io/", "/socket.io/"]) {
        const response = await fetch(server.url + path + query, { method, body: method === "GET" ? undefined : "4x" });
        assertRefused({ status: response.status, type: response.headers.get("content-type"), body: await response.text() }, errors[error]);
      }
    });
  }

  test("an upgrade is refused in the same words, and the connection goes on", async () => {
    const head = `HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    const http = await RawHttp.connect(server);
    for (const [query, error] of [["EIO=4", "transportUnknown"], ["EIO=4&transport=websocket&sid=nobody", "sessionUnknown"], ["EIO=3&transport=websocket", "badVersion"]]) {
      await http.write(`GET /engine.io/?${query} ${head}`);
      const { status, body } = await http.response();
      assert.deepEqual([status, JSON.parse(body)], [400, errors[error]]);
    }
    http.destroy();
  });

  test("parameters may come in any order, among others, and encoded more than they have to be", async () => {
    const client = await open();
    assertOk(await client.post("4x"));
    const sid = client.sid.replaceAll("~", "%7E").replaceAll("-", "%2d");
    const response = await fetch(`${server.url}/engine.io/?t=abc&sid=${sid}&b64=1&transport=%70olling&EIO=4`);
    assert.deepEqual([response.status, await response.text()], [200, "4x"]);
    const again = await fetch(`${server.url}/engine.io/?${new URLSearchParams({ sid: client.sid, transport: "polling", EIO: "4" })}`, { method: "POST", body: "4y" });
    assert.deepEqual([again.status, await again.text()], [200, "ok"]);
  });
});

describe("long polling", () => {
  test("a payload of several packets is answered by one, text and base64", async () => {
    const client = await open();
    const bytes = Buffer.of(0, 1, 2, 253, 254, 255).toString("base64");
    const payload = ["4hello", "4", "4 ☃ ", `b${bytes}`, "bAQID", "b", "4{}"].join(rs);
    const answer = await client.post(payload);
    assertOk(answer);
    assert.equal(answer.type, "text/html");
    assertPoll(await client.poll(), payload);
  });

  test("base64 may come without its padding", async () => {
    const client = await open();
    assertOk(await client.post(["bAQ", "bAQI", "bAQID"].join(rs)));
    assertPoll(await client.poll(), ["bAQ==", "bAQI=", "bAQID"].join(rs));
  });

  test("a poll waits for a packet, one after the other", async () => {
    const client = await open();
    for (const i of range(20)) {
      const poll = await client.hold();
      assert.equal(poll.isAnswered(), false);
      assertOk(await client.post(`4${i}`));
      assertPoll(await poll.answer(), `4${i}`);
    }
  });

  test("a second poll ends the session: the first gets a close packet", async () => {
    const client = await open();
    const first = await client.hold();
    assertRefused(await client.poll(), errors.badRequest);
    assertPoll(await first.answer(), "1");
    await assertGone(client);
  });

  test("a second POST while one is under way ends the session: the first and the poll that waits are told", async () => {
    const client = await open();
    const poll = await client.hold();
    const first = await client.beginPost(4);
    assertRefused(await client.post("4two"), errors.badRequest);
    assertPoll(await poll.answer(), "1");
    const { status, body } = await first.finish("4one");
    assert.deepEqual([status, JSON.parse(body)], [400, errors.badRequest]);
    await assertGone(client);
  });

  test("a client that leaves its POST may begin another", async () => {
    const client = await open();
    const first = await client.beginPost(4);
    first.leave();
    await client.barrier();
    await assertPolls(client);
  });

  test("a client that leaves its poll has left its session", async () => {
    const client = await open();
    const poll = await client.hold();
    poll.leave();
    await until("the session's end", async () => (await client.post("4x")).status === 400);
    await assertGone(client);
  });

  test("a close packet ends the session: the poll that waits gets a noop, packets behind it count no more", async () => {
    const client = await open();
    const poll = await client.hold();
    assertOk(await client.post(["1", "4behind"].join(rs)));
    assertPoll(await poll.answer(), "6");
    await assertGone(client);
  });

  test("a close packet without a poll ends the session too", async () => {
    const client = await open();
    assertOk(await client.post("1"));
    await assertGone(client);
  });

  for (const [what, body] of [["no packet", ""], ["an unknown type", "9x"], ["a letter", "x"], ["broken base64", "b*"], ["base64 that is cut", "bAQIDA"],
    ["an open packet", "0{}"], ["a ping", "2"], ["a noop", "6"], ["an upgrade", "5"], ["an empty record", `4a${rs}`], ["binary", Buffer.of(4, 255, 254)]]) {
    test(`${what} in a POST ends the session, what came before it counts`, async () => {
      for (const before of [[], ["4before"]]) {
        const client = await open();
        const poll = await client.hold();
        const { status } = await client.post(Buffer.concat([Buffer.from([...before, ""].join(rs)), Buffer.from(body)]));
        assert.equal(status, 400);
        const first = what === "an empty record" ? [...before, "4a"].at(0) : before[0];
        assertPoll(await poll.answer(), first ?? "1");
        await assertGone(client);
      }
    });
  }

  test("other methods are refused, and the session goes on", async () => {
    const client = await open();
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      assertRefused(await client.request(method, "4x"), errors.badRequest);
    }
    await assertPolls(client);
  });

  test("application/octet-stream ends the session", async () => {
    const client = await open();
    const poll = await client.hold();
    assertRefused(await client.post("4x", { type: "application/octet-stream" }), errors.badRequest);
    assertPoll(await poll.answer(), "1");
    await assertGone(client);
  });

  test("1,000,000 bytes are taken and come back, one more is 413, and the session goes on", async () => {
    const client = await open();
    const body = `4${"x".repeat(largest - 1)}`;
    for (const _ of range(2)) {
      assert.equal((await client.post(`${body}x`)).status, 413);
      assertOk(await client.post(body));
      assert.equal((await client.poll()).body, body);
    }
    const bytes = randomBytes((largest - 4) / 4 * 3);
    assertOk(await client.post(`b${bytes.toString("base64")}`));
    assert.equal((await client.poll()).body, `b${bytes.toString("base64")}`);
  });

  test("a client that posts and never polls is let go before it fills the server", async () => {
    const client = await open();
    const body = `4${"x".repeat(largest - 1)}`;
    assertOk(await client.post(body));
    const { status } = await client.post(body);
    assert.ok([200, 400].includes(status));
    const poll = await client.poll();
    assert.notEqual(poll.status === 200 ? poll.body : "", body);
    await assertGone(client);
  });

  test("200 sessions at once do not hear of each other", async () => {
    const clients = await Promise.all(range(200).map(() => open()));
    await Promise.all(clients.map(async (client) => {
      for (const _ of range(5)) {
        await assertPolls(client);
      }
    }));
    assert.equal(new Set(clients.map(({ sid }) => sid)).size, clients.length);
  });
});

describe("over WebSocket", () => {
  test("text and binary are echoed as what they are", async () => {
    const socket = await openSocket();
    for (const [code, payload] of [[text, "4hello"], [text, "4"], [text, "4bAQID"], [binary, Buffer.of(0, 52, 255)], [binary, Buffer.alloc(0)]]) {
      socket.send(code, payload);
      const frame = await socket.next();
      assert.equal(frame.opcode, code);
      assert.ok(frame.payload.equals(Buffer.from(payload)));
    }
    socket.destroy();
  });

  test("maxPayload is taken, one byte more closes with 1009", async () => {
    const socket = await openSocket();
    const payload = `4${"x".repeat(largest - 1)}`;
    socket.send(text, payload);
    assert.equal(await nextText(socket), payload);
    socket.send(text, `${payload}x`);
    await assertCloses(socket, 1009);
  });

  for (const packet of ["", "9", "x", "bAQID", "0{}", "2", "5", "6"]) {
    test(`the packet "${packet}" closes`, async () => {
      const socket = await openSocket();
      socket.send(text, "4before");
      socket.send(text, packet);
      socket.send(text, "4behind");
      assert.equal(await nextText(socket), "4before");
      await assertCloses(socket);
    });
  }

  test("a close packet closes", async () => {
    const socket = await openSocket();
    socket.send(text, "1");
    await assertCloses(socket);
  });

  test("a session that began over WebSocket takes no polls", async () => {
    const socket = await openSocket();
    const client = new PollingClient(server, "/engine.io/");
    client.sid = socket.handshake.sid;
    assertRefused(await client.poll(), errors.badRequest);
    assertRefused(await client.post("4x"), errors.badRequest);
    await assertEchoes(socket);
    socket.destroy();
  });
});

// Most of these wait for the server's times, so that all run at once.
describe("times and upgrades", { concurrency: true }, () => {
  describe("heartbeats", { concurrency: true }, () => {
    const rounds = 5;

    test("polling: pings come in their interval, and who answers stays", async () => {
      // From the beginning: a client that is late sees the next ping sooner after the last one.
      const began = Date.now();
      const client = await PollingClient.open(hasty);
      for (const round of range(rounds)) {
        assertPoll(await client.poll(), "2");
        assert.ok(Date.now() - began >= (round + 1) * (pings.pingInterval - 10));
        assertOk(await client.post("3"));
      }
      await assertPolls(client);
    });

    test("polling: who does not answer a ping is told on the poll that waits, and is gone", async () => {
      const began = Date.now();
      const client = await PollingClient.open(hasty);
      assertPoll(await client.poll(), "2");
      assertPoll(await client.poll(), "1");
      assert.ok(Date.now() - began >= pings.pingInterval + pings.pingTimeout - 20);
      await assertGone(client);
    });

    test("polling: messages are no answer to a ping", async () => {
      const client = await PollingClient.open(hasty);
      assertPoll(await client.poll(), "2");
      await until("the session's end", async () => (await client.post("4x")).status === 400);
      await assertGone(client);
    });

    test("polling: who never polls is gone", async () => {
      const client = await PollingClient.open(hasty);
      await until("the session's end", async () => (await client.post("4x")).status === 400);
      await assertGone(client);
    });

    test("WebSocket: pings come, who answers stays, who does not is closed", async () => {
      const socket = await openSocket(hasty);
      for (const _ of range(rounds)) {
        assert.equal(await nextText(socket), "2");
        socket.send(text, "3");
      }
      assert.equal(await nextText(socket), "2");
      socket.send(text, "4no answer");
      assert.equal(await nextText(socket), "4no answer");
      await assertCloses(socket);
    });

    test("a pong that nobody asked for is taken", async () => {
      const socket = await openSocket();
      socket.send(text, "3");
      await assertEchoes(socket);
      socket.destroy();
    });

    test("a ping before the upgrade may be answered after it", async () => {
      const client = await PollingClient.open(hasty);
      assertPoll(await client.poll(), "2");
      const socket = await upgrade(client);
      socket.send(text, "3");
      for (const _ of range(rounds)) {
        assert.equal(await nextText(socket), "2");
        socket.send(text, "3");
      }
      socket.destroy();
    });
  });

  describe("the upgrade", { concurrency: true }, () => {
    test("the poll that waits ends with a noop, and later polls at once, until the WebSocket is the transport", async () => {
      const client = await open();
      const poll = await client.hold();
      const socket = await probe(client);
      assertPoll(await poll.answer(), "6");
      assertPoll(await client.poll(), "6");
      assertOk(await client.post("4by polling"));
      socket.send(text, "5");
      assert.equal(await nextText(socket), "4by polling");
      await assertEchoes(socket);
      for (const answer of [await client.poll(), await client.post("4x"), await client.request("PUT", "4x")]) {
        assertRefused(answer, errors.badRequest);
      }
      await assertEchoes(socket);
      socket.destroy();
      await until("the session's end", async () => JSON.parse((await client.poll()).body).code === 1);
    });

    test("what waits for a poll comes over the WebSocket in order and as what it is", async () => {
      const client = await open();
      const socket = await probe(client);
      assertOk(await client.post(["4one", "bAQID", "4two"].join(rs)));
      socket.send(text, "5");
      socket.send(text, "4three");
      assert.equal(await nextText(socket), "4one");
      assert.deepEqual([...(await socket.next()).payload], [1, 2, 3]);
      assert.equal(await nextText(socket), "4two");
      assert.equal(await nextText(socket), "4three");
      socket.destroy();
    });

    test("a second WebSocket is closed, while the first probes and after it is the transport", async () => {
      const client = await open();
      const first = await openUpgrade(client);
      await assertCloses(await openUpgrade(client));
      first.send(text, "2probe");
      assert.equal(await nextText(first), "3probe");
      await assertCloses(await openUpgrade(client));
      first.send(text, "5");
      await assertEchoes(first);
      await assertCloses(await openUpgrade(client));
      await assertEchoes(first);
      first.destroy();
    });

    for (const [what, frames] of [["another ping than the probe", ["2"]], ["an upgrade without a probe", ["5"]], ["a message", ["4x"]], ["what is no packet", ["x"]], ["a message behind the probe", ["2probe", "4x"]]]) {
      test(`${what} on a WebSocket that probes closes it, and the session goes on over polling`, async () => {
        const client = await open();
        const socket = await openUpgrade(client);
        frames.forEach((frame) => socket.send(text, frame));
        if (frames.length > 1) {
          assert.equal(await nextText(socket), "3probe");
        }
        await assertCloses(socket);
        await assertPolls(client);
        const poll = await client.hold();
        assert.equal(poll.isAnswered(), false);
        assertOk(await client.post("4waited"));
        assertPoll(await poll.answer(), "4waited");
      });
    }

    test("a probe that is given up leaves the session on polling, and another upgrade is possible", async () => {
      const client = await open();
      for (const end of [(socket) => socket.destroy(), (socket) => socket.send(close, closePayload(1000))]) {
        const socket = await probe(client);
        end(socket);
        // Until the server knows of it, polls are answered by a noop.
        let poll;
        await until("a poll that waits", async () => {
          poll = await client.hold();
          return !poll.isAnswered() || (await poll.answer()).body !== "6";
        });
        assertOk(await client.post("4still here"));
        assertPoll(await poll.answer(), "4still here");
        socket.destroy();
      }
      const socket = await upgrade(client);
      await assertEchoes(socket);
      socket.destroy();
    });

    test("a probe that does not go on is closed after its time, and the session goes on over polling", async () => {
      const silent = await open();
      const probed = await open();
      const sockets = [await openUpgrade(silent), await probe(probed)];
      for (const [i, client] of [silent, probed].entries()) {
        await sockets[i].until("the close", () => sockets[i].frames.some((frame) => frame.opcode === close), 15_000);
        await assertCloses(sockets[i]);
        await assertPolls(client);
      }
    });

    test("a session that is closed while it probes takes its WebSocket along", async () => {
      const client = await open();
      const socket = await probe(client);
      assertOk(await client.post("1"));
      await assertCloses(socket);
    });

    // A client as the reference's: it sends and polls on while it probes, then pauses both, waits for what is under way, and goes
    // on over the WebSocket. What it sends has its echo by either way, so that both directions are busy at each moment.
    async function busyUpgrade(seed, { holdsPoll }) {
      let state = seed;
      const random = (below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const someTurns = async () => {
        for (let i = random(8); i > 0; i--) {
          await nextTurn();
        }
      };
      const client = await open();
      const sent = [];
      const got = [];
      let isPaused = false;
      const make = () => {
        const payload = `${seed}/${sent.length} ${"x".repeat(random(3) ? 0 : random(5000))}`;
        sent.push(payload);
        return { payload, isBinary: random(4) === 0 };
      };
      const sending = (async () => {
        while (!isPaused) {
          const packets = range(1 + random(4)).map(make);
          assertOk(await client.post(packets.map(({ payload, isBinary }) => (isBinary ? `b${Buffer.from(payload).toString("base64")}` : `4${payload}`)).join(rs)));
          await someTurns();
        }
      })();
      const polling = (async () => {
        while (!isPaused) {
          const { status, body } = await client.poll();
          assert.equal(status, 200);
          got.push(...messagesOf(body));
          await someTurns();
        }
      })();
      polling.catch(() => {});
      for (const _ of range(random(4))) {
        await someTurns();
      }
      const socket = await probe(client);
      await someTurns();
      isPaused = true;
      await sending;
      await polling;
      // A POST whose echo no poll takes any more, and a poll that comes at the same time as the upgrade.
      const { payload } = make();
      assertOk(await client.post(`4${payload}`));
      const last = holdsPoll ? client.poll() : null;
      await someTurns();
      socket.send(text, "5");
      for (const { payload: more, isBinary } of range(1 + random(20)).map(make)) {
        socket.send(isBinary ? binary : text, isBinary ? more : `4${more}`);
      }
      if (last) {
        const { status, body } = await last;
        // It came before the upgrade, or after it.
        assert.ok(status === 200 || JSON.parse(body).code === errors.badRequest.code, body);
        got.push(...(status === 200 ? messagesOf(body) : []));
      }
      while (got.length < sent.length) {
        const frame = await socket.next();
        got.push(String(frame.opcode === binary ? frame.payload : frame.payload.subarray(1)));
      }
      await assertEchoes(socket);
      socket.destroy();
      const shown = (payloads) => payloads.map((payload) => `${payload.slice(0, 9)} (${payload.length})`);
      assert.deepEqual(shown(got), shown(sent));
      assert.ok(got.every((payload, i) => payload === sent[i]));
    }
    const messagesOf = (body) => body.split(rs).filter((packet) => packet !== "6")
      .map((packet) => (packet[0] === "b" ? String(Buffer.from(packet.slice(1), "base64")) : packet.slice(1)));

    for (const holdsPoll of [false, true]) {
      test(`60 upgrades amid traffic in both directions lose and double nothing${holdsPoll ? ", with a poll beside the upgrade too" : ""}`, async () => {
        for (const i of range(6)) {
          await Promise.all(range(10).map((k) => busyUpgrade(1 + i * 10 + k, { holdsPoll })));
        }
      });
    }
  });
});

describe("Socket.IO", () => {
  // Resolves with a session that is connected to the namespace, and has its auth event.
  async function connectTo(nsp = "/", auth = { token: "abc" }) {
    const socket = await openSocket(server, "/socket.io/");
    await connectMore(socket, nsp, auth);
    return socket;
  }

  async function connectMore(socket, nsp, auth) {
    const prefix = nsp === "/" ? "" : `${nsp},`;
    socket.send(text, `40${prefix}${auth === undefined ? "" : JSON.stringify(auth)}`);
    const connected = await nextText(socket);
    assert.ok(connected.startsWith(`40${prefix}{`), connected);
    assert.match(JSON.parse(connected.slice(2 + prefix.length)).sid, /^[0-9a-f-]{36}$/);
    assert.equal(await nextText(socket), `42${prefix}${JSON.stringify(["auth", auth ?? {}])}`);
  }

  async function assertAnswers(socket, prefix = "") {
    socket.send(text, `42${prefix}["message",1,"two",{"3":[true,null]}]`);
    assert.equal(await nextText(socket), `42${prefix}["message-back",1,"two",{"3":[true,null]}]`);
  }

  test("a client connects to the namespaces that there are, and their events are kept apart", async () => {
    const socket = await connectTo();
    await connectMore(socket, "/custom", undefined);
    await assertAnswers(socket);
    await assertAnswers(socket, "/custom,");
    socket.send(text, "41/custom,");
    await assertAnswers(socket);
    await connectMore(socket, "/custom", { again: 1 });
    await assertAnswers(socket, "/custom,");
    socket.destroy();
  });

  test("an unknown namespace is answered by a CONNECT_ERROR, and the session goes on", async () => {
    const socket = await openSocket(server, "/socket.io/");
    for (const [sent, nsp] of [["40/nothing,", "/nothing"], ['40/nothing,{"a":1}', "/nothing"], ["40/custom/more", "/custom/more"]]) {
      socket.send(text, sent);
      assert.equal(await nextText(socket), `44${nsp},{"message":"Invalid namespace"}`);
    }
    await connectMore(socket, "/", { late: true });
    await assertAnswers(socket);
    socket.destroy();
  });

  test("who leaves the namespace may connect again, and its events before that close", async () => {
    const socket = await connectTo();
    socket.send(text, "41");
    await connectMore(socket, "/", undefined);
    await assertAnswers(socket);
    socket.send(text, "41");
    socket.send(text, '42["message","into the void"]');
    await assertCloses(socket);
  });

  test("acks have the number that was asked for", async () => {
    const socket = await connectTo();
    await connectMore(socket, "/custom", undefined);
    for (const [prefix, id] of [["", 0], ["", 456], ["/custom,", 7], ["", 2 ** 53 - 1]]) {
      socket.send(text, `42${prefix}${id}["message-with-ack",1,{"a":"ä"}]`);
      assert.equal(await nextText(socket), `43${prefix}${id}[1,{"a":"ä"}]`);
    }
    socket.destroy();
  });

  test("binary comes back in events and in acks, in its order", async () => {
    const socket = await connectTo();
    const place = (num) => `{"_placeholder":true,"num":${num}}`;
    const parts = [Buffer.of(1, 2, 3), Buffer.alloc(0), randomBytes(200_000)];
    for (const [sent, back] of [["453-[\"message\"", "453-[\"message-back\""], ["453-9[\"message-with-ack\"", "463-9["]]) {
      const rest = (first) => `${first}${first.endsWith("[") ? "" : ","}${place(0)},{"deep":[${place(1)}]},${place(2)}]`;
      socket.send(text, rest(sent));
      parts.forEach((part) => socket.send(binary, part));
      assert.equal(normal(await nextText(socket)), normal(rest(back)));
      for (const part of parts) {
        const frame = await socket.next();
        assert.equal(frame.opcode, binary);
        assert.ok(frame.payload.equals(part));
      }
    }
    await assertAnswers(socket);
    socket.destroy();
  });
  // The same JSON whatever the order of its members.
  const normal = (packet) => packet.replaceAll(/\{"_placeholder":true,"num":(\d+)\}|\{"num":(\d+),"_placeholder":true\}/g, "<$1$2>");

  test("binary over polling is base64, and its parts may come in several POSTs", async () => {
    const client = await open("/socket.io/");
    const takePackets = async (count) => {
      const packets = [];
      while (packets.length < count) {
        packets.push(...(await client.poll()).body.split(rs));
      }
      return packets;
    };
    assertOk(await client.post("40"));
    assert.match((await takePackets(2)).join(), /^40\{"sid":".*"\},42\["auth",\{\}\]$/);
    assertOk(await client.post('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'));
    assertOk(await client.post("bAQID"));
    assertOk(await client.post("bBAUG"));
    const [head, ...parts] = await takePackets(3);
    assert.equal(normal(head), '452-["message-back",<0>,<1>]');
    assert.deepEqual(parts, ["bAQID", "bBAUG"]);
  });

  const deep = `42["message",${"[".repeat(5000)}${"]".repeat(5000)}]`;
  const malformed = [
    ["no type", "4"], ["an unknown type", "47"], ["a letter", "4x"], ["no JSON", "42abc"], ["broken JSON", '42["message"'], ["JSON with a tail", '42["message"]]'],
    ["an event without data", "42"], ["an event that is an object", "42{}"], ["an event of nothing", "42[]"], ["a name that is an object", "42[{}]"],
    ["a reserved name", '42["connect"]'], ["another reserved name", '42["disconnect"]'],
    ["an ack that is an object", "431{}"], ["an ack number beyond 64 bits", '4299999999999999999999["message"]'],
    ["a disconnect with data", '41"x"'], ["a CONNECT whose auth is a list", "40[]"], ["a CONNECT_ERROR", '44{"message":"x"}'],
    ["a second CONNECT", "40"], ["a namespace that it is not in", '42/custom,["message"]'],
    ["binary without a count", '45["message"]'], ["binary with a count that is no number", '45x-["message"]'], ["attachments without end", '45999999999-["message"]'],
    ["brackets only", deep],
  ];
  for (const [what, packet] of malformed) {
    test(`${what} closes, what came before is answered`, async () => {
      const socket = await connectTo();
      socket.send(text, '42["message","before"]');
      socket.send(text, packet);
      socket.send(text, '42["message","behind"]');
      assert.equal(await nextText(socket), '42["message-back","before"]');
      await assertCloses(socket);
    });
  }

  const place = '["message",{"_placeholder":true,"num":0}]';
  const sequences = [
    ["binary that nothing announced", [[binary, "x"]]],
    ["text where an attachment is due", [[text, `451-${place}`], [text, '42["message"]']]],
    ["a placeholder of an attachment that there is not", [[text, '451-["message",{"_placeholder":true,"num":1}]'], [binary, "x"]]],
    ["a placeholder that is no number", [[text, '451-["message",{"_placeholder":true,"num":"0"}]'], [binary, "x"]]],
    ["an attachment too many", [[text, `451-${place}`], [binary, "x"], [binary, "y"]], ['451-["message-back",<0>]']],
  ];
  for (const [what, frames, answers = []] of sequences) {
    test(`${what} closes`, async () => {
      const socket = await connectTo();
      frames.forEach(([code, payload]) => socket.send(code, payload));
      for (const answer of answers) {
        assert.equal(normal(await nextText(socket)), answer);
        assert.equal((await socket.next()).opcode, binary);
      }
      await assertCloses(socket);
    });
  }

  test("an event before CONNECT closes", async () => {
    const socket = await openSocket(server, "/socket.io/");
    socket.send(text, '42["message"]');
    await assertCloses(socket);
  });

  test("an ack that nobody awaits, an event that nobody knows and an ack that is not given are passed over", async () => {
    const socket = await connectTo();
    socket.send(text, "43999[]");
    socket.send(text, '42["nobody knows"]');
    socket.send(text, '423["nobody knows"]');
    await assertAnswers(socket);
    socket.destroy();
  });

  test("over polling what is malformed ends the session and is told to the poll that waits", async () => {
    const client = await open("/socket.io/");
    const poll = await client.hold();
    await client.post("42[");
    assertPoll(await poll.answer(), "1");
    await assertGone(client);
  });

  test("who connects to no namespace in time is closed on both transports, who does is not", async () => {
    const stays = await openSocket(hasty, "/socket.io/");
    await connectMore(stays, "/", undefined);
    const client = await PollingClient.open(hasty, "/socket.io/");
    const socket = await openSocket(hasty, "/socket.io/");
    const refused = await openSocket(hasty, "/socket.io/");
    refused.send(text, "40/nothing");
    for (const each of [socket, refused]) {
      const code = await each.closeCode();
      assert.equal(code, 1000);
    }
    for (let answer = await client.poll(); answer.body !== "1"; answer = await client.poll()) {
      assertPoll(answer, "2");
      // Its answer depends on whether the session is about to close.
      await client.post("3");
    }
    await assertGone(client);
    stays.send(text, "3");
    stays.send(text, '42["message"]');
    await stays.waitFor((frame) => isText(frame, '42["message-back"]'));
    stays.destroy();
  });
});

describe("pages of other origins", () => {
  const own = () => server.url;
  const other = "https://elsewhere.example";
  const allowed = (origin) => ({ "access-control-allow-origin": origin, "access-control-allow-credentials": "true", vary: "Origin" });

  // The header lines of an answer that a browser decides on.
  const decisive = (headers) => Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-allow-origin") || name.startsWith("access-control-allow-cred") || name === "vary"));

  test("only a page of the same origin may read an answer, whatever the answer is", async () => {
    const { sid } = await open();
    const requests = [["GET", "?EIO=4&transport=polling", 200], ["POST", `?EIO=4&transport=polling&sid=${sid}`, 200], ["GET", `?EIO=4&transport=polling&sid=${sid}`, 200],
      ["GET", "?EIO=4&transport=polling&sid=nobody", 400], ["GET", "?EIO=4", 400],
      ["POST", `?EIO=4&transport=polling&sid=${sid}`, 413, "x".repeat(1_000_001)]];
    for (const [origin, expected] of [[own(), allowed(own())], [other, { vary: "Origin" }], ["null", { vary: "Origin" }], [`${own()}0`, { vary: "Origin" }],
      [`http://here.${other.slice(8)}`, { vary: "Origin" }], [undefined, {}]]) {
      for (const [method, query, status, body = method === "POST" ? "4x" : undefined] of requests) {
        const response = await fetch(`${own()}/engine.io/${query}`, { method, body, headers: origin ? { Origin: origin } : {} });
        assert.deepEqual([response.status, decisive(response.headers)], [status, expected], `${origin} ${method} ${query}`);
        await response.text();
      }
    }
  });

  test("a preflight is answered 204, and allows the same origin alone", async () => {
    for (const [origin, expected] of [[own(), allowed(own())], [other, { vary: "Origin" }]]) {
      const response = await fetch(`${own()}/engine.io/?EIO=4&transport=polling`, {
        method: "OPTIONS",
        headers: { Origin: origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-own" },
      });
      assert.deepEqual([response.status, decisive(response.headers), await response.text()], [204, expected, ""]);
      assert.equal(response.headers.get("content-length"), null);
      assert.equal(response.headers.get("access-control-allow-methods"), "GET, POST");
      assert.equal(response.headers.get("access-control-allow-headers"), "content-type,x-own");
    }
  });
});
