// How the services start, what they say when they cannot, what they show, and how they end.
import { after, before } from "node:test";
import { adminTests } from "./lifecycle/admin.mjs";
import { settingsTests } from "./lifecycle/settings.mjs";
import { startTests } from "./lifecycle/start.mjs";
import { stopTests } from "./lifecycle/stop.mjs";
import { startFleet } from "./support/fleet.mjs";

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 2, gatewayEnv: { GATEWAY_COLOUR: "a-secret-colour" }, persisterEnv: { PERSISTER_COLOUR: "a-secret-colour" } });
});
after(() => fleet?.stop());

settingsTests();
startTests(() => fleet);
adminTests(() => fleet);
stopTests(() => fleet);
