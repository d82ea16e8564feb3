// TLS for clients: at the gateway itself and through NGINX, with certificates that are replaced while clients are connected.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { gatewayBinary } from "../../deploy/local/fleet/paths.mjs";
import { makeCertificates } from "./support/certificates.mjs";
import { Client } from "./support/client.mjs";
import { loopbackAddress, startFleet } from "./support/fleet.mjs";
import { RawWebSocket, opcode } from "./support/raw_websocket.mjs";
import { fill, newRoom } from "./support/room.mjs";
import { runService } from "./support/run_service.mjs";
import { closeSockets, connect, gets, modes, request } from "./support/socketio_client.mjs";
import { assertNoGapNoRepeat, assertStoredOnce, keepSending, pipelined, range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const address = loopbackAddress();
let fleet;
let made; // the first certificate; every later one has an authority of its own
let served; // the files that the services read
let authorities; // all authorities so far

before(async () => {
  fleet = await startFleet({
    address,
    gateways: 2,
    prepared: async ({ folder, gateways, nginx }) => {
      mkdirSync(join(folder, "tls"));
      served = { certificateFile: join(folder, "tls", "served.pem"), keyFile: join(folder, "tls", "served.key") };
      made = await newCertificate(folder);
      serve(made);
      gateways.forEach((gateway) => gateway.setEnv({ TLS_CERTIFICATE_FILE: served.certificateFile, TLS_KEY_FILE: served.keyFile }));
      nginx.tls = served;
      nginx.gatewayTls = { caFile: made.caFile, name: "localhost" };
    },
  });
});
after(async () => {
  closeSockets();
  await fleet?.stop();
});

async function newCertificate(folder = fleet.folder) {
  const files = await makeCertificates(join(folder, "tls", randomUUID()), { names: [address, "localhost"] });
  authorities = [...(authorities ?? []), readFileSync(files.caFile)];
  return files;
}

function serve({ certificateFile, keyFile }) {
  copyFileSync(certificateFile, served.certificateFile);
  copyFileSync(keyFile, served.keyFile);
}

const nginxUrl = () => `wss://${address}:${fleet.ports.port}/ws`;
const open = (url) => Client.connect(url, { ca: authorities });

async function memberAt(url, room) {
  const client = await open(url);
  await client.join(room);
  return client;
}

// The fingerprint of the certificate that a new connection is shown.
function shownAt(port) {
  return new Promise((done, fail) => {
    const socket = connectTls({ host: address, port, ca: authorities, ALPNProtocols: ["http/1.1"] }, () => {
      done({ fingerprint: socket.getPeerCertificate().fingerprint256, protocol: socket.alpnProtocol, version: socket.getProtocol() });
      socket.destroy();
    });
    socket.once("error", fail);
  });
}

const isShown = (port, fingerprint) => until("another certificate", async () => (await shownAt(port)).fingerprint !== fingerprint);

// Messages to a room while `change` happens: no member is disconnected and each sees all of them.
async function duringTraffic(url, change) {
  const room = newRoom("reload");
  const members = await Promise.all(range(3).map(() => memberAt(url, room)));
  const traffic = keepSending(members.map((client) => ({ send: (text) => client.send(room, text) })));
  await until("traffic", () => traffic.acks.length >= 30);
  await change();
  const before = traffic.acks.length;
  await until("more traffic", () => traffic.acks.length >= before + 100);
  const acks = await traffic.finish();
  for (const client of members) {
    assertNoGapNoRepeat(await client.waitForMessages(room, acks.length), "a member");
    assert.equal(client.closeCode, undefined);
  }
  await Promise.all(members.map((client) => client.close()));
}

describe("at the gateway", () => {
  test("a native client's message over wss is acknowledged, seen on the other gateway, and stored", async () => {
    const room = newRoom("tls");
    const [sender, other] = await Promise.all(fleet.gateways.map(({ url }) => memberAt(url, room)));
    assert.match(fleet.gateways[0].url, /^wss:/);
    const ack = await sender.send(room, "hello");
    await other.waitForMessages(room, 1);
    await assertStoredOnce(fleet, room, [{ ...ack, text: "hello" }]);
    const { protocol, version } = await shownAt(fleet.gateways[0].port);
    assert.deepEqual([protocol, version], ["http/1.1", "TLSv1.3"]);
    await Promise.all([sender.close(), other.close()]);
  });

  for (const mode of ["polling", "websocket", "upgrade"]) {
    test(`an unmodified socket.io-client over https: ${mode}`, async () => {
      const options = { ca: authorities, ...modes[mode] };
      const sockets = await Promise.all(fleet.gateways.map(({ port }) => connect(`https://${address}:${port}`, options)));
      const id = randomUUID();
      await request(sockets[0], "event:message", { message: `by ${mode}`, id });
      await gets(sockets, id);
      closeSockets();
    });
  }

  test("a room's long history comes whole, over many records", async () => {
    const room = newRoom("long");
    const [{ url }] = fleet.gateways;
    const sender = await memberAt(url, room);
    const text = "é".repeat(4000);
    const acks = await fill(sender, room, 60, (i) => `${i}${text}`.slice(0, 4000));
    const reader = await open(url);
    const { messages } = await reader.join(room, { history: 20 });
    assert.deepEqual(messages.map((message) => message.text), range(20).map((i) => `${i + 40}${text}`.slice(0, 4000)));
    assert.equal(acks.length, 60);
    await Promise.all([sender.close(), reader.close()]);
  });

  test("I6 a client that does not read is closed with 4000, after whole frames only", async () => {
    const room = newRoom("slow");
    const [gateway] = fleet.gateways;
    const sender = await memberAt(gateway.url, room);
    const slow = await RawWebSocket.connect(gateway, { ca: authorities });
    slow.send(opcode.text, JSON.stringify({ type: "join", room }));
    await until("the slow client to be in the room", () => slow.messages.some(({ type }) => type === "joined"));
    slow.pause();
    const before = await gateway.metric("chat_slow_consumers_total");
    const text = "😀".repeat(4000);
    let sent = 0;
    let isClosed = false;
    const watch = until("4000", async () => (isClosed = (await gateway.metric("chat_slow_consumers_total")) > before), 60_000);
    await pipelined(range(3000), 16, async () => {
      if (!isClosed) {
        await sender.send(room, text);
        sent++;
      }
    });
    await watch;
    slow.resume();
    assert.equal(await slow.closeCode(), 4000);
    assertNoGapNoRepeat(slow.messages.filter(({ type }) => type === "message"), "the slow member, as far as it got");
    assertNoGapNoRepeat(await sender.waitForMessages(room, sent), "the sender");
    await sender.close();
  });

  test("plain HTTP is answered by a sentence and counted, and a client that does not know the authority refuses the certificate", async () => {
    const [gateway] = fleet.gateways;
    const answer = await new Promise((done, fail) => {
      const socket = connectTcp({ host: address, port: gateway.port }, () => socket.write(`GET /ws HTTP/1.1\r\nHost: ${address}\r\n\r\n`));
      let text = "";
      socket.setEncoding("utf8").on("data", (chunk) => (text += chunk)).once("end", () => done(text)).once("error", fail);
    });
    assert.match(answer, /^HTTP\/1\.1 400 .*use https:\/\/ or wss:\/\/\.\s*$/s);
    await assert.rejects(Client.connect(gateway.url), /self-signed|unable to verify/);
    const { body } = await gateway.admin("/metrics");
    assert.match(body, /^chat_tls_handshake_failures_total\{reason="plain_http"\} 1$/m);
  });

  test("SIGHUP replaces the certificate for new connections and disconnects nobody; wrong files change nothing", async () => {
    const [gateway] = fleet.gateways;
    const { fingerprint } = await shownAt(gateway.port);
    const errors = () => gateway.process.readLog().split("\n").filter((line) => line.includes("the old one is served on")).length;
    await duringTraffic(gateway.url, async () => {
      const next = await newCertificate();
      copyFileSync(next.certificateFile, served.certificateFile);
      gateway.kill("SIGHUP");
      await until("an error about the key", () => errors() === 1);
      assert.equal((await shownAt(gateway.port)).fingerprint, fingerprint);
      serve(next);
      gateway.kill("SIGHUP");
      await isShown(gateway.port, fingerprint);
      const end = await gateway.metric("chat_tls_certificate_expiry_timestamp_seconds");
      assert.ok(end > Date.now() / 1000 + 86_400 && end < Date.now() / 1000 + 3 * 86_400);
    });
    const now = await shownAt(gateway.port);
    writeFileSync(served.certificateFile, "no certificate");
    gateway.kill("SIGHUP");
    await until("a second error", () => errors() === 2);
    assert.equal((await shownAt(gateway.port)).fingerprint, now.fingerprint);
    assert.ok(!gateway.process.readLog().includes("PRIVATE KEY"));
    serve(made);
    gateway.kill("SIGHUP");
    await isShown(gateway.port, now.fingerprint);
  });

  test("wrong settings end the start with 2 and one sentence", async () => {
    const folder = join(fleet.folder, "tls");
    const other = await newCertificate();
    writeFileSync(join(folder, "text.pem"), "hunter2");
    for (const [env, sentence] of [
      [{ TLS_CERTIFICATE_FILE: made.certificateFile }, /TLS_CERTIFICATE_FILE is set without TLS_KEY_FILE/],
      [{ TLS_CERTIFICATE_FILE: made.certificateFile, TLS_KEY_FILE: "/nowhere" }, /TLS_KEY_FILE "\/nowhere" cannot be read/],
      [{ TLS_CERTIFICATE_FILE: join(folder, "text.pem"), TLS_KEY_FILE: made.keyFile }, /TLS_CERTIFICATE_FILE .* holds no certificate/],
      [{ TLS_CERTIFICATE_FILE: made.certificateFile, TLS_KEY_FILE: join(folder, "text.pem") }, /TLS_KEY_FILE .* holds no private key/],
      [{ TLS_CERTIFICATE_FILE: made.certificateFile, TLS_KEY_FILE: other.keyFile }, /does not belong to the certificate/],
    ]) {
      const { code, stderr } = await runService(gatewayBinary, { env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.ok(!stderr.includes("hunter2"));
    }
  });
});

describe("through NGINX, which speaks TLS to clients and to the gateways", () => {
  test("a message over wss reaches the members on both gateways, and the page may connect so", async () => {
    const room = newRoom("nginx");
    const clients = await Promise.all([nginxUrl(), ...fleet.gateways.map(({ url }) => url)].map((url) => memberAt(url, room)));
    const ack = await clients[0].send(room, "through");
    await Promise.all(clients.map((client) => client.waitForMessages(room, 1)));
    await assertStoredOnce(fleet, room, [{ ...ack, text: "through" }]);
    await Promise.all(clients.map((client) => client.close()));
    const policy = await headerOfPage("content-security-policy");
    assert.ok(policy.includes(`wss://${address}:${fleet.ports.port}`), policy);
  });

  for (const mode of ["polling", "websocket"]) {
    test(`an unmodified socket.io-client over https: ${mode}`, async () => {
      const sockets = await Promise.all(range(4).map(() => connect(`https://${address}:${fleet.ports.port}`, { ca: authorities, ...modes[mode] })));
      const id = randomUUID();
      await request(sockets[0], "event:message", { message: "balanced", id });
      await gets(sockets, id);
      closeSockets();
    });
  }

  test("NGINX's reload shows new connections the new certificate and disconnects nobody", async () => {
    const { fingerprint } = await shownAt(fleet.ports.port);
    await duringTraffic(nginxUrl(), async () => {
      serve(await newCertificate());
      await fleet.nginx.reload();
      await isShown(fleet.ports.port, fingerprint);
    });
  });
});

function headerOfPage(name) {
  return new Promise((done, fail) => {
    const socket = connectTls({ host: address, port: fleet.ports.webPort, ca: authorities }, () =>
      socket.write(`GET / HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => (text += chunk)).once("error", fail);
    socket.once("close", () => done(new RegExp(`^${name}: (.*)$`, "im").exec(text)?.[1] ?? text));
  });
}
