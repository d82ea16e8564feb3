// Receipts of what is stored, the watermark behind them, and answers from a gateway's memory.
import { after, before } from "node:test";
import { ringTests } from "./receipts/ring.mjs";
import { senderTests } from "./receipts/senders.mjs";
import { watermarkTests } from "./receipts/watermark.mjs";
import { startFleet } from "./support/fleet.mjs";

const streamKeep = 400;

let fleet;
before(async () => {
  const quick = { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
  fleet = await startFleet({
    gateways: 2,
    gatewayEnv: { ...quick, WORKERS: "1" },
    persisterEnv: { ...quick, PERSISTER_PAUSE_SECONDS: "1", STREAM_KEEP: String(streamKeep), KAFKA_CONF_SESSION_TIMEOUT_MS: "2000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500" },
  });
});
after(() => fleet?.stop());

ringTests(() => fleet.gateways[0], () => fleet);
senderTests(() => fleet);
watermarkTests(() => fleet, streamKeep);
