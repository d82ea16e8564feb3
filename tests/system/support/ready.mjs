// Gateways that have what they need.
import { until } from "./until.mjs";

// Resolves once every running gateway is connected to Redis and Kafka.
export function gatewaysReady(fleet, deadlineMs = 20_000) {
  const isReady = async (gateway) => {
    const { status, body } = await gateway.admin("/readyz");
    return status === 200 && JSON.parse(body).degraded.length === 0;
  };
  const running = fleet.gateways.filter(({ process }) => process.running);
  return until("all gateways to be ready", async () => (await Promise.all(running.map(isReady))).every(Boolean), deadlineMs);
}
