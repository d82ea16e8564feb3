// The native protocol against one real gateway: what PROTOCOL.md promises a client, and what it gets for a wrong frame.
import { after, before } from "node:test";
import { badFrameTests } from "./protocol/bad_frames.mjs";
import { framingTests } from "./protocol/framing.mjs";
import { joinTests } from "./protocol/join.mjs";
import { sendTests } from "./protocol/send.mjs";
import { sessionTests } from "./protocol/session.mjs";
import { startFleet } from "./support/fleet.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 1, persisters: 1 });
});
after(() => fleet?.stop());

// The tests run after `before`, so they ask for the gateway then.
const gateway = () => fleet.gateways[0];
sessionTests(gateway);
joinTests(gateway);
sendTests(gateway);
badFrameTests(gateway);
framingTests(gateway);
