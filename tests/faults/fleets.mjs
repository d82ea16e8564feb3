// The fleets of a run: one serves all faults that want nothing special, as long as none of them failed on it.
import { loadBreakPoints } from "../support/break_points.mjs";
import { startFleet } from "../system/support/fleet.mjs";
import { mountSmallDisk } from "./faults/kafka.mjs";

// A killed member of the group blocks its partitions for the session's timeout, and librdkafka waits between two tries.
const quickKafka = { KAFKA_CONF_RECONNECT_BACKOFF_MAX_MS: "500" };
const quickPersister = { ...quickKafka, PERSISTER_PAUSE_SECONDS: "2", KAFKA_CONF_SESSION_TIMEOUT_MS: "2000", KAFKA_CONF_HEARTBEAT_INTERVAL_MS: "500" };

export class Fleets {
  #current = null;
  // What was wrong when a fleet was stopped.
  complaints = [];

  constructor(say) {
    this.say = say;
  }

  // Resolves with a running {fleet, knownRooms}. options: those of startFleet; without them the shared one.
  async with(options) {
    if (this.#current && (options || this.#current.special)) {
      await this.stop();
    }
    this.#current ??= { special: options !== undefined, knownRooms: [], fleet: await start(options) };
    return this.#current;
  }

  // A fault has ended: after a failure nobody inherits the fleet.
  async done({ passed, rooms = [] }) {
    this.#current?.knownRooms.push(...rooms);
    if (!passed || this.#current?.special) {
      await this.stop();
    }
  }

  async stop() {
    const current = this.#current;
    this.#current = null;
    try {
      await current?.fleet.stop();
    } catch (error) {
      this.complaints.push(error.message);
      this.say(error.message);
    }
  }
}

// kafkaDiskMebibytes: Kafka's folder gets a file system of its own of that size; quick: settings that notice and heal sooner
// than those for users, and services that stop at break points. The others are options of startFleet.
async function start({ kafkaDiskMebibytes, quick = true, gatewayEnv, persisterEnv, ...options } = {}) {
  let unmount = () => {};
  const prepared = (fleet) => {
    if (kafkaDiskMebibytes) {
      unmount = mountSmallDisk(fleet.kafka.folder, kafkaDiskMebibytes);
    }
    if (quick) {
      [...fleet.gateways, ...fleet.persisters].forEach((service) => loadBreakPoints(service, fleet.folder));
    }
  };
  try {
    const fleet = await startFleet({ gateways: 2, durable: true, prepared, ...options,
      gatewayEnv: { ...(quick ? quickKafka : {}), ...gatewayEnv }, persisterEnv: { ...(quick ? quickPersister : {}), ...persisterEnv } });
    const stop = fleet.stop;
    fleet.stop = () => stop().finally(unmount);
    return fleet;
  } catch (error) {
    unmount();
    throw error;
  }
}
