// What somebody has who comes from Socket.IO: a page of another origin with the client's own bundle, in a real browser.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { launchBrowser } from "./support/browser.mjs";
import { Client } from "./support/client.mjs";
import { startFleet } from "./support/fleet.mjs";

const bundle = readFileSync(join(root, "tests/node_modules/socket.io-client/dist/socket.io.min.js"));

// What the page of a chat with a Socket.IO server does; the address of the server is in its query.
const page = `<!doctype html><meta charset="utf-8"><ul></ul><form><input><button>Send</button></form>
<script src="/socket.io.min.js"></script>
<script>
  const socket = io(new URLSearchParams(location.search).get("server"));
  window.transports = [];
  window.refusals = [];
  // Listens from the engine's opening on: the upgrade may be done before the chat has answered CONNECT.
  socket.io.on("open", () => {
    transports.push(socket.io.engine.transport.name);
    socket.io.engine.on("upgrade", ({ name }) => transports.push(name));
  });
  socket.on("connect_error", ({ message }) => refusals.push(message));
  socket.on("message", ({ message }) => {
    const item = document.createElement("li");
    item.textContent = message;
    document.querySelector("ul").append(item);
  });
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    socket.emit("event:message", { message: document.querySelector("input").value }, (answer) => (window.answer = answer));
  });
</script>`;

class PageServer {
  async start() {
    this.server = createServer(({ url }, response) => {
      const isScript = url === "/socket.io.min.js";
      response.writeHead(200, { "Content-Type": isScript ? "text/javascript" : "text/html" }).end(isScript ? bundle : page);
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let allowed, foreign, fleet, browser;
before(async () => {
  [allowed, foreign] = await Promise.all([new PageServer().start(), new PageServer().start()]);
  [fleet, browser] = await Promise.all([startFleet({ gateways: 2, gatewayEnv: { ALLOWED_ORIGINS: `${allowed.origin.toUpperCase()}, null` } }), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  [allowed, foreign].forEach((server) => server?.stop());
  await fleet?.stop();
});

const balanced = () => `http://${fleet.address}:${fleet.ports.port}`;

// A user's tab with the page; `complaints` are the console's errors.
async function openTab({ origin }) {
  const context = await browser.newContext();
  context.setDefaultTimeout(15_000);
  const tab = await context.newPage();
  tab.complaints = [];
  tab.on("console", (message) => message.type() === "error" && tab.complaints.push(message.text()));
  tab.on("pageerror", (error) => tab.complaints.push(String(error)));
  await tab.goto(`${origin}/?server=${balanced()}`);
  return tab;
}

const shown = (tab, text) => tab.getByRole("listitem").filter({ hasText: text });

test("the page of a Socket.IO server, with the client's bundle, works with another address: polling first, then WebSocket", async () => {
  const tabs = await Promise.all([openTab(allowed), openTab(allowed)]);
  for (const tab of tabs) {
    await tab.waitForFunction(() => window.transports.length === 2);
    assert.deepEqual(await tab.evaluate(() => window.transports), ["polling", "websocket"]);
  }
  const gateways = await Promise.all(tabs.map((tab) => tab.evaluate("socket.io.engine.id.split('~')[0]")));
  assert.deepEqual(gateways.sort(), ["gateway-1", "gateway-2"]);
  const text = `Hello <b>everybody</b> 😀 ${randomUUID()}`;
  await tabs[0].getByRole("textbox").fill(text);
  await tabs[0].getByRole("button").click();
  await Promise.all(tabs.map((tab) => shown(tab, text).waitFor()));
  await tabs[0].waitForFunction(() => window.answer);
  const answer = await tabs[0].evaluate(() => window.answer);
  assert.deepEqual([answer.room, answer.duplicate, answer.seq > 0], ["general", false, true]);
  for (const tab of tabs) {
    assert.equal(await shown(tab, text).count(), 1);
    assert.deepEqual(tab.complaints, []);
    await tab.context().close();
  }
});

test("a tab whose gateway is killed is recovered on the other one, with what was sent meanwhile", async () => {
  const tab = await openTab(allowed);
  await tab.waitForFunction(() => window.transports.length === 2);
  const gateway = await tab.evaluate("socket.io.engine.id.split('~')[0]");
  const [dies, lives] = gateway === "gateway-1" ? fleet.gateways : [...fleet.gateways].reverse();
  const writer = await Client.connect(lives.url);
  await writer.join("general");
  await writer.send("general", "before the loss");
  await shown(tab, "before the loss").waitFor();
  await dies.crash();
  await writer.send("general", "amid the loss");
  await shown(tab, "amid the loss").waitFor();
  assert.equal(await tab.evaluate("socket.recovered"), true);
  assert.equal(await shown(tab, "loss").count(), 2);
  await writer.close();
  await tab.context().close();
  await dies.start();
});

test("a browser's WebSocket that offers subprotocols is connected: to the first one, natively to chat.v1 where it is offered", async () => {
  const tab = await openTab(allowed);
  await tab.evaluate((url) => (window.offering = io(url, { transports: ["websocket"], protocols: ["my-app.v2", "other"], forceNew: true })), balanced());
  await tab.waitForFunction(() => window.offering.connected);
  assert.equal(await tab.evaluate("offering.io.engine.transport.ws.protocol"), "my-app.v2");
  const connect = (protocols) => tab.evaluate(([url, offered]) => new Promise((done) => {
    const socket = new WebSocket(url, offered);
    socket.onmessage = ({ data }) => done([socket.protocol, JSON.parse(data).type]);
    socket.onerror = () => done("refused");
  }), [`${balanced().replace("http", "ws")}/ws`, protocols]);
  assert.deepEqual(await connect([]), ["", "welcome"]);
  assert.deepEqual(await connect(["chat.v1", "a-token"]), ["chat.v1", "welcome"]);
  assert.deepEqual(await connect(["my-app.v2", "chat.v1"]), ["chat.v1", "welcome"]);
  assert.deepEqual(await connect(["my-app.v2", "other"]), ["my-app.v2", "welcome"]);
  assert.deepEqual(tab.complaints, []);
  await tab.context().close();
});

test("a page without an origin of its own may poll where null is allowed", async () => {
  const tab = await openTab(allowed);
  const frame = await tab.evaluateHandle((query) => {
    const element = document.createElement("iframe");
    element.sandbox = "allow-scripts";
    element.src = `/${query}`;
    document.body.append(element);
    return element;
  }, `?server=${balanced()}`);
  const inside = await frame.asElement().contentFrame();
  await inside.waitForFunction(() => window.transports?.length === 2);
  assert.deepEqual(await inside.evaluate(() => [self.origin, ...window.transports]), ["null", "polling", "websocket"]);
  await tab.context().close();
});

test("a page of an origin that is not allowed cannot poll; a WebSocket is not bound to an origin", async () => {
  const tab = await openTab(foreign);
  await tab.waitForFunction(() => window.refusals.length > 0);
  assert.equal(await tab.evaluate(() => window.refusals[0]), "xhr poll error");
  assert.equal(await tab.evaluate("socket.connected"), false);
  assert.ok(tab.complaints.some((text) => text.includes("CORS")), tab.complaints.join("\n"));
  await tab.evaluate((url) => (window.direct = io(url, { transports: ["websocket"], forceNew: true })), balanced());
  await tab.waitForFunction(() => window.direct.connected);
  await tab.context().close();
});
