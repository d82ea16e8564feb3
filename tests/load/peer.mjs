// The Node server of socketio_peer.mjs as a process beside a fleet: the same Redis and Kafka, a channel and a topic of its own.
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { accepts, freePort } from "../../deploy/local/fleet/ports.mjs";
import { Process } from "../../deploy/local/fleet/process.mjs";

const topic = "PEER_MESSAGES";

// Resolves with a running {address, port, pid, restart(), stop()}.
export async function startPeer(fleet) {
  await createTopic(fleet.kafka.broker);
  const { address } = fleet;
  const port = await freePort(address);
  const process = new Process({
    name: "Node server",
    command: globalThis.process.execPath,
    args: [join(import.meta.dirname, "socketio_peer.mjs")],
    env: { ...fleet.redis.env, ...fleet.kafka.env, LISTEN_ADDRESS: address, PORT: String(port), REDIS_CHANNEL: "peer", KAFKA_TOPIC: topic, NODE_ENV: "production" },
    logFile: join(fleet.folder, "logs", "peer.log"),
  });
  const start = () => process.start(() => accepts(port, address));
  await start();
  return {
    address,
    port,
    get pid() {
      return process.pid;
    },
    stop: () => process.stop(),
    restart: () => process.stop().then(start),
  };
}

// Brokers do not make topics by themselves here; as many partitions as the gateway's topic has.
async function createTopic(broker) {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 8 }] });
  await admin.disconnect();
}
