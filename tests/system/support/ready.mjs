// What /readyz says.
import { until } from "./until.mjs";

// Resolves with {http, causes, …}: the status of the answer, and what its body says.
export async function readiness(service) {
  const { status, body } = await service.admin("/readyz");
  return { http: status, causes: [], ...JSON.parse(body || "{}") };
}

// Resolves once every running gateway is connected to Redis and Kafka.
export function gatewaysReady(fleet, deadlineMs = 20_000) {
  const isReady = async (gateway) => {
    const { http, degraded } = await readiness(gateway);
    return http === 200 && degraded.length === 0;
  };
  const running = fleet.gateways.filter(({ process }) => process.running);
  return until("all gateways to be ready", async () => (await Promise.all(running.map(isReady))).every(Boolean), deadlineMs);
}
