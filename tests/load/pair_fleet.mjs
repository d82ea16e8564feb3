// One fleet with a gateway of each build.
import { join } from "node:path";
import { startFleet } from "../system/support/fleet.mjs";

// Calls work(fleet): fleet.gateways[0] is of the build before, [1] of the one after; fleet.persisterOf(build) gives the binary.
export async function withBuilds({ builds }, work) {
  const prepared = (fleet) => {
    ["before", "after"].forEach((build, i) => fleet.gateways[i].use(join(builds[build], "gateway/chat-gateway")));
    fleet.persisters[0].use(join(builds.after, "persister/chat-persister"));
  };
  // As they run for users: Kafka compiles all it can, PostgreSQL syncs.
  const fleet = await startFleet({ gateways: 2, persisters: 1, test: false, gatewayEnv: { WORKERS: "1" }, prepared });
  fleet.gatewayOf = (build) => fleet.gateways[build === "before" ? 0 : 1];
  fleet.persisterOf = (build) => join(builds[build], "persister/chat-persister");
  try {
    await work(fleet);
  } finally {
    await fleet.stop();
  }
}
