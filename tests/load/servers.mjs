// What is measured: one gateway with one worker in a whole fleet, and the Node server beside it.
import { startFleet } from "../system/support/fleet.mjs";
import { startPeer } from "./peer.mjs";

// Calls work({gateway, peer}) while they run, and stops them whatever becomes of it.
export async function withServers(work) {
  // As they run for users: Kafka compiles all it can, PostgreSQL syncs.
  const fleet = await startFleet({ gateways: 1, test: false, gatewayEnv: { WORKERS: "1" } });
  let peer;
  try {
    peer = await startPeer(fleet);
    return await work({ gateway: fleet.gateways[0], peer });
  } finally {
    await peer?.stop();
    await fleet.stop();
  }
}
