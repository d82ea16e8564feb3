// Debian's Prometheus scrapes a fleet with traffic: the metrics are sound and documented, the dashboards have something to
// show, the alerts can be evaluated, and the one for a paused persister fires and clears.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../deploy/local/fleet/paths.mjs";
import { startFleet } from "./support/fleet.mjs";
import { checkMetrics, startPrometheus } from "./support/prometheus.mjs";
import { cursorOf, fill, member, newRoom } from "./support/room.mjs";
import { until } from "./support/until.mjs";

const shippedRules = join(root, "deploy/prometheus/alerts.yml");
const dashboards = join(root, "deploy/grafana/dashboards");

let fleet;
let prometheus;
let traffic;

before(async () => {
  fleet = await startFleet({ gateways: 2, persisterEnv: { PERSISTER_PAUSE_SECONDS: "1" } });
  prometheus = await startPrometheus(fleet, shippedRules);
  traffic = await beginTraffic();
});
after(async () => {
  await traffic?.end();
  await prometheus?.stop();
  await fleet?.stop();
});

// Two members write in turn and one resumes, until end().
async function beginTraffic() {
  const room = newRoom("watched");
  const clients = [await member(fleet.gateways[0], room), await member(fleet.gateways[1], room)];
  let isEnding = false;
  const turns = (async () => {
    while (!isEnding) {
      for (const client of clients) {
        const [first] = await fill(client, room, 20);
        await client.join(room, { since: cursorOf(first) });
      }
    }
  })();
  return {
    async end() {
      isEnding = true;
      await turns;
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

const familiesOf = (metrics) => [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();

// The rows of deploy/METRICS.md, by service.
function documented(service) {
  const document = readFileSync(join(root, "deploy/METRICS.md"), "utf8");
  const [, table] = document.split(`\n## chat-${service}\n`);
  return [...table.split("\n## ")[0].matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`).sort();
}

for (const service of ["gateway", "persister"]) {
  test(`promtool finds no fault with the metrics of the ${service}, and deploy/METRICS.md has each of them`, async () => {
    const [instance] = fleet[`${service}s`];
    if (service === "persister") {
      await until("a stored position", async () => (await instance.metric("chat_persister_position")) > 0, 20_000);
    }
    const { body } = await instance.admin("/metrics");
    assert.equal(await checkMetrics(body), "");
    assert.deepEqual(familiesOf(body), documented(service));
    assert.equal(await instance.metric("chat_build_info"), 1);
    assert.equal(await instance.metric("chat_ready"), 1);
  });
}

// Every expression of the dashboards, as Grafana would send it, with where it stands.
function panelExpressions() {
  return readdirSync(dashboards).flatMap((file) =>
    JSON.parse(readFileSync(join(dashboards, file), "utf8")).panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${file}, ${title}`, expression: expr.replaceAll("$__rate_interval", "10s") }))));
}

test("each expression of the dashboards gives a number", async () => {
  const expressions = panelExpressions();
  assert.ok(expressions.length > 60, `${expressions.length} expressions`);
  let empty = expressions;
  await until(() => empty.map(({ where, expression }) => `${where}: ${expression}`).join("\n"), async () => {
    const results = await Promise.all(empty.map(({ expression }) => prometheus.query(expression)));
    empty = empty.filter((_, i) => !results[i].some(({ value }) => Number.isFinite(Number(value[1]))));
    return empty.length === 0;
  }, 20_000);
});

test("each alert can be evaluated, names metrics that exist, and none fires while all is well", async () => {
  const rules = await until("all rules to be evaluated", async () => {
    const all = await prometheus.rules();
    return all.length > 20 && all.every(({ health }) => health !== "unknown") && all;
  }, 20_000);
  assert.deepEqual(rules.filter(({ health }) => health !== "ok").map(({ name, lastError }) => `${name}: ${lastError}`), []);
  const known = new Set([...documented("gateway"), ...documented("persister")].map((family) => family.split(" ")[0]));
  const named = rules.flatMap(({ query }) => query.match(/\bchat_\w+/g) ?? []).map((name) => name.replace(/_bucket$/, ""));
  const onlyWithTls = "chat_tls_certificate_expiry_timestamp_seconds";
  assert.deepEqual(named.filter((name) => !known.has(name) && name !== onlyWithTls), []);
  assert.deepEqual(await prometheus.firing(), []);
});

test("the alert for a paused persister fires while PostgreSQL is stopped, and clears after it is back", async () => {
  await fleet.postgres.stop();
  await until("the alert to fire", async () => (await prometheus.firing()).includes("ChatPersisterPaused"), 20_000);
  await fleet.postgres.start();
  await until("the alert to clear", async () => !(await prometheus.firing()).includes("ChatPersisterPaused"), 20_000);
  assert.equal(await fleet.persisters[0].metric("chat_persister_paused"), 0);
});
