// Where the balancers send what, and what they do when a gateway is gone: NGINX as this machine and as the container starts
// it, and HAProxy, in front of stand-ins for gateways.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { freePorts } from "../../deploy/local/fleet/ports.mjs";
import { patience, runToEnd } from "../../deploy/local/fleet/process.mjs";
import { containerNginx, haproxy, haproxyConfiguration, localNginx } from "./support/balancers.mjs";
import { loopbackAddress } from "./support/fleet.mjs";
import { StandInGateway } from "./support/stand_in_gateway.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const quickMs = 3000 * patience;

test("HAProxy's configuration is valid as it stands", async () => {
  await runToEnd("haproxy", ["-c", "-q", "-f", haproxyConfiguration], { env: { PATH: `${process.env.PATH}:/usr/sbin` } });
});

for (const [name, makeBalancer] of Object.entries({ "NGINX": localNginx, "NGINX of the container": containerNginx, "HAProxy": haproxy })) {
  describe(name, () => {
    const address = loopbackAddress();
    const folder = mkdtempSync(join(tmpdir(), "chat-test-"));
    let one, two, elsewhere, balancer;
    const open = new Set();

    // NGINX's workers pass through it, as another user in the container's way.
    before(async () => {
      chmodSync(folder, 0o711);
      const ports = await freePorts(3, address);
      const standIn = (id, port) => new StandInGateway({ id, address, port, adminPort: port });
      [one, two, elsewhere] = ["gateway-1", "gateway-2", "elsewhere"].map((id, i) => standIn(id, ports[i]));
      await Promise.all([one, two, elsewhere].map((gateway) => gateway.start()));
      balancer = await makeBalancer({ folder, gateways: [one, two].map((gateway) => ({ ...gateway, adminPort: gateway.port })) });
      await balancer.start();
      await until("both gateways behind the balancer", async () => {
        const answers = await Promise.all(range(4).map(() => send("GET", first)));
        return answers.some(({ gateway }) => gateway === one.id) && answers.some(({ gateway }) => gateway === two.id);
      });
    });
    beforeEach(() => [one, two].forEach((gateway) => Object.assign(gateway, { requests: [], abandoned: 0, hold: () => false, isReady: true })));
    after(async () => {
      open.forEach((socket) => socket.destroy());
      await balancer?.stop();
      await Promise.all([one, two, elsewhere].map((gateway) => gateway.crash()));
      rmSync(folder, { recursive: true, force: true });
    });

    const first = "/socket.io/?EIO=4&transport=polling";
    const ofSession = (sid, transport = "polling") => `/socket.io/?EIO=4&transport=${transport}&sid=${sid}`;
    const secretOf = (gateway) => `${gateway.id}~0~secret`;

    // Resolves with {status, headers, gateway, body}; a WebSocket stays open until the end of the tests.
    function send(method, path, { body, headers = {}, agent = false, withholdsBody = false } = {}) {
      return new Promise((done, fail) => {
        const request = httpRequest({ host: address, port: balancer.port, method, path, headers, agent });
        const answer = (response, text) => done({ status: response.statusCode, headers: response.headers, gateway: response.headers["x-gateway"], body: text });
        request.on("response", (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (data) => (text += data));
          response.once("end", () => answer(response, text));
        });
        request.on("upgrade", (response, socket) => {
          open.add(socket);
          socket.on("error", () => {});
          answer(response, "");
        });
        request.on("error", fail);
        if (withholdsBody) {
          request.once("response", (response) => {
            answer(response, "");
            request.destroy();
          });
          request.flushHeaders();
        } else {
          request.end(body);
        }
        send.last = request;
      });
    }

    function upgrade(path) {
      return send("GET", path, { headers: { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" } });
    }

    const ways = { GET: (sid) => send("GET", ofSession(sid)), POST: (sid) => send("POST", ofSession(sid), { body: "2" }), WebSocket: (sid) => upgrade(ofSession(sid, "websocket")) };

    test("every request of a session reaches its gateway", async () => {
      for (const gateway of [two, one]) {
        for (const [way, ask] of Object.entries(ways)) {
          const answers = await Promise.all(range(6).map((i) => ask(`${gateway.id}${i % 2 ? "%7E" : "~"}0~${way}-${i}`)));
          assert.deepEqual(answers.map((answer) => answer.gateway), Array(6).fill(gateway.id), way);
        }
      }
    });

    test("another name leads to one of the gateways, which knows no such session, and nowhere else", async () => {
      const names = ["gateway-3", "gateway-10", "gateways", "default", "", `${address}:${elsewhere.port}`, `${address}%3A${elsewhere.port}`,
        `@${address}:${elsewhere.port}/`, "sessions-of-gateway-1", ".*"];
      for (const sid of [...names.map((text) => `${text}~0~x`), "x", "gateway-1", "~gateway-1~0~x"]) {
        const { status, body } = await send("GET", ofSession(sid));
        assert.equal(status, 400, sid);
        assert.equal(JSON.parse(body).code, 1, sid);
      }
      assert.equal(elsewhere.connections, 0);
    });

    test("WebSockets go to the gateway with the fewest", async () => {
      const before = (await Promise.all(range(10).map(() => upgrade("/ws")))).map(({ gateway }) => gateway);
      assert.deepEqual([one, two].map(({ id }) => before.filter((gateway) => gateway === id).length >= 4), [true, true]);
    });

    test("first requests are spread over both gateways", async () => {
      const found = (await Promise.all(range(20).map(() => send("GET", first)))).map(({ gateway }) => gateway);
      assert.deepEqual([one, two].map(({ id }) => found.filter((gateway) => gateway === id).length >= 5), [true, true]);
    });

    test("a session whose gateway is gone is told so at once, and no log has its id", async () => {
      await one.crash();
      for (const [way, ask] of Object.entries(ways)) {
        const begin = Date.now();
        const { status, body, gateway } = await ask(secretOf(one));
        assert.deepEqual({ way, status, gateway, code: JSON.parse(body).code }, { way, status: 400, gateway: two.id, code: 1 });
        assert.ok(Date.now() - begin < quickMs, `${way} took ${Date.now() - begin} ms`);
      }
      const { headers } = await send("POST", ofSession(secretOf(one)), { body: "2", headers: { Origin: "http://page.example" } });
      assert.equal(headers["access-control-allow-origin"], "http://page.example");
      assert.ok((await send("GET", first)).status === 200, "new clients are not held up");
      await one.start();
      await until("the gateway that is back", async () => (await send("GET", ofSession(secretOf(one)))).gateway === one.id);
      await until("the log", () => balancer.log().includes("/socket.io/"));
      assert.ok(!/secret|sid=|EIO/.test(balancer.log()), balancer.log());
    });

    test("a poll that waits when its gateway dies is answered at once", async () => {
      one.hold = () => true;
      const answer = send("GET", ofSession(secretOf(one)));
      await until("the poll", () => one.requests.length === 1);
      const begin = Date.now();
      await one.crash();
      assert.ok([400, 502].includes((await answer).status));
      assert.ok(Date.now() - begin < quickMs);
      await one.start();
    });

    test("a POST that a gateway may have handled is sent to no other one and not again", async () => {
      for (const gateway of [one, two]) {
        gateway.hold = ({ method, url }) => (method === "POST" && url.includes("secret") ? "break" : false);
      }
      const begin = Date.now();
      const { status } = await send("POST", ofSession(secretOf(one)), { body: "4message" });
      assert.ok([400, 502].includes(status));
      assert.ok(Date.now() - begin < quickMs);
      const sent = [one, two].map(({ requests }) => requests.filter(({ url }) => url.includes("secret")).length);
      assert.deepEqual(sent, [1, 0]);
    });

    test("a POST of 1,000,000 bytes passes, a larger one is answered 413", async () => {
      const post = (bytes) => send("POST", ofSession(secretOf(two)), { body: Buffer.alloc(bytes, "4") });
      assert.deepEqual(await post(1_000_000).then(({ status, body }) => [status, body]), [200, "ok"]);
      assert.equal(two.requests[0].bytes, 1_000_000);
      assert.equal((await post(1_000_001)).status, 413);
      // What is much too large is refused by its header; who wrote on would find the connection closed.
      assert.equal((await send("POST", ofSession(secretOf(two)), { headers: { "Content-Length": 3_000_000 }, withholdsBody: true })).status, 413);
      assert.equal(two.requests.length, 2);
    });

    test("a client that leaves a waiting poll is gone for the gateway too", async () => {
      two.hold = () => true;
      send("GET", ofSession(secretOf(two))).catch(() => {});
      const { last } = send;
      await until("the poll", () => two.requests.length === 1);
      last.destroy();
      await until("its end", () => two.abandoned === 1);
    });

    test("the gateway is asked with the client's own Host and Origin, and its answer about them passes", async () => {
      const headers = { Host: "chat.example:8443", Origin: "https://page.example" };
      const answer = await send("GET", ofSession(secretOf(one)), { headers });
      const [{ headers: got }] = one.requests;
      assert.deepEqual([got.host, got.origin, got["x-forwarded-for"]], [headers.Host, headers.Origin, "127.0.0.1"]);
      assert.equal(answer.headers["access-control-allow-origin"], headers.Origin);
    });

    test("polls share connections to the gateway", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      one.connections = 0;
      for (const _ of range(30)) {
        await send("GET", ofSession(secretOf(one)), { agent });
      }
      agent.destroy();
      assert.ok(one.connections <= 10, `${one.connections} connections for 30 polls`);
    });

    test("nothing but the clients' paths is passed to a gateway", async () => {
      for (const path of ["/metrics", "/readyz", "/socket.io/x", "/ws/"]) {
        assert.equal((await send("GET", path)).status, 404, path);
      }
      assert.deepEqual([...one.requests, ...two.requests], []);
    });

    test("a gateway tells a person what this is", async () => {
      const { status, gateway } = await send("GET", "/");
      assert.deepEqual([status, [one.id, two.id].includes(gateway)], [200, true]);
    });

    if (makeBalancer === haproxy) {
      test("it knows of the sessions' connections too: new clients come to the gateway that has fewer", async () => {
        await Promise.all(range(40).map((i) => upgrade(ofSession(`gateway-1~0~${i}`, "websocket"))));
        const found = (await Promise.all(range(10).map(() => upgrade("/ws")))).map(({ gateway }) => gateway);
        assert.deepEqual(found, Array(10).fill(two.id));
      });

      test("a gateway that takes no new clients keeps its sessions", async () => {
        two.isReady = false;
        await until("the check", async () => (await Promise.all(range(6).map(() => send("GET", first)))).every(({ gateway }) => gateway === one.id));
        assert.equal((await send("GET", ofSession(secretOf(two)))).gateway, two.id);
      });
    }
  });
}
