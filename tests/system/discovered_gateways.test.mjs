// NGINX where the gateways' names are in a cluster's DNS, as in Kubernetes: real NGINX as the container starts it, a real DNS
// server, and stand-ins for gateways.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { freePorts } from "../../deploy/local/fleet/ports.mjs";
import { runToEnd } from "../../deploy/local/fleet/process.mjs";
import { clusterNginx } from "./support/balancers.mjs";
import { Dns } from "./support/dns.mjs";
import { loopbackAddress } from "./support/fleet.mjs";
import { StandInGateway } from "./support/stand_in_gateway.mjs";
import { range } from "./support/traffic.mjs";
import { until } from "./support/until.mjs";

const folder = mkdtempSync(join(tmpdir(), "chat-test-"));
const address = loopbackAddress();
const service = "gateway.chat.svc.cluster.local";
const domain = "gateway-pods.chat.svc.cluster.local";
let dns, nginx, gateways, stranger;

const podNames = (pods) => Object.fromEntries(pods.map((pod) => [`${pod.id}.${domain}`, [pod.address]]));
// ready: those that take new clients; pods: all that there are.
const announce = (ready, pods) => dns.know({ [service]: ready.map((pod) => pod.address), ...podNames([...pods, stranger]) });

// Resolves with {status, gateway}: who answered.
async function get(sid) {
  const response = await fetch(`http://${address}:${nginx.port}/socket.io/?EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`);
  await response.text();
  return { status: response.status, gateway: response.headers.get("x-gateway") };
}
const sessionOn = (gateway) => get(`${gateway.id}~0~secret`);

before(async () => {
  chmodSync(folder, 0o711);
  dns = await Dns.start({ folder, address });
  const [port] = await freePorts(1, address);
  const ids = ["gateway-0", "gateway-1", "gateway-12"];
  gateways = ids.map((id) => new StandInGateway({ id, address: loopbackAddress(), port }));
  stranger = new StandInGateway({ id: "stranger", address: loopbackAddress(), port });
  await Promise.all([...gateways, stranger].map((gateway) => gateway.start()));
  announce(gateways.slice(0, 2), gateways.slice(0, 2));
  nginx = await clusterNginx({ folder, address, resolver: dns.server, service: `${service}:${port}`, names: "gateway-[0-9]{1,4}", domain });
  await nginx.start();
  await until("the gateways behind NGINX", async () => (await get()).status === 200);
});
after(async () => {
  await nginx?.stop();
  await dns?.stop();
  await Promise.all([...(gateways ?? []), stranger].map((gateway) => gateway?.crash()));
  rmSync(folder, { recursive: true, force: true });
});

test("first requests are spread over all addresses of the service", async () => {
  const answers = await Promise.all(range(30).map(() => get()));
  for (const gateway of gateways.slice(0, 2)) {
    assert.ok(answers.some((answer) => answer.gateway === gateway.id), gateway.id);
  }
});

test("the requests of a session go to the gateway that its id names", async () => {
  for (const gateway of gateways.slice(0, 2)) {
    const answers = await Promise.all(range(10).map(() => sessionOn(gateway)));
    assert.deepEqual(new Set(answers.map((answer) => `${answer.status} ${answer.gateway}`)), new Set([`200 ${gateway.id}`]));
  }
});

test("a new gateway is found without a reload", async () => {
  assert.equal((await sessionOn(gateways[2])).status, 400, "its name is not known yet");
  announce(gateways, gateways);
  await until("the session on the new gateway", async () => (await sessionOn(gateways[2])).gateway === gateways[2].id);
  await until("a first request at the new gateway", async () => (await get()).gateway === gateways[2].id);
});

test("a gateway that takes no new clients still gets the requests of its sessions", async () => {
  announce(gateways.slice(0, 2), gateways);
  const draining = gateways[2];
  await until("no first request at it", async () => (await Promise.all(range(20).map(() => get()))).every(({ gateway }) => gateway !== draining.id));
  assert.deepEqual(await sessionOn(draining), { status: 200, gateway: draining.id });
});

test("no other name leads anywhere, even if the DNS has it", async () => {
  for (const sid of ["stranger~0~x", "gateway-0.stranger~0~x", "gateway-12345~0~x", `${stranger.address}~0~x`, "xgateway-0~0~x"]) {
    const { status, gateway } = await get(sid);
    assert.equal(status, 400, sid);
    assert.ok(gateways.some(({ id }) => id === gateway), sid);
  }
  assert.equal(stranger.requests.length, 0);
});

test("the session of a gateway that is gone is answered as unknown, by another one", async () => {
  announce(gateways.slice(0, 2), gateways.slice(0, 2));
  await until("the session to be lost", async () => (await sessionOn(gateways[2])).status === 400);
  assert.notEqual((await sessionOn(gateways[2])).gateway, gateways[2].id);
});

test("a pattern or domain that could break the configuration is refused with a sentence", async () => {
  const start = (env) => runToEnd(join(root, "deploy/docker/start-nginx"), [], { env: { NGINX_FOLDER: folder, GATEWAY_SERVICE: "gateway:8000", ...env } });
  await assert.rejects(start({ GATEWAY_NAMES: 'gateway-0"; evil' }), /GATEWAY_NAMES is .* which is no regular expression of/);
  await assert.rejects(start({ GATEWAY_DOMAIN: "pods; evil" }), /GATEWAY_DOMAIN is "pods; evil", which is not a domain/);
});
