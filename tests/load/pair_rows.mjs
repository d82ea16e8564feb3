// How fast a persister stores what waits in Kafka.
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { cpuSeconds, cpuSecondsSince } from "./proc.mjs";
import { until } from "../system/support/until.mjs";

const rooms = 50;
const produceAtOnce = 5000;
// The first records are not counted: the consumer group forms and the connections are made meanwhile.
const countedFrom = 0.2;

let turns = 0;

// Writes the records to a topic of its own and stores them in a database of its own.
export async function rowsTurn(fleet, build, { records }) {
  const name = `pair_${++turns}`;
  await fill(fleet.kafka.broker, name, records);
  await fleet.postgres.psql(`CREATE DATABASE ${name} OWNER chat`, { admin: true });
  const url = new URL(fleet.postgres.url);
  url.pathname = `/${name}`;
  const persister = await fleet.addPersister({ KAFKA_TOPIC: name, DATABASE_URL: url.href, REDIS_PREFIX: `${name}:` });
  persister.use(fleet.persisterOf(build));
  fleet.persisters.pop();
  await persister.start();
  try {
    const stored = async () => (await persister.metric("chat_persister_stored_total")) ?? 0;
    await until(`the first rows of ${name}`, async () => (await stored()) >= records * countedFrom, 120_000);
    const [from, begin, cpuBefore] = [await stored(), performance.now(), cpuSeconds(persister.pid)];
    await until(`the rows of ${name}`, async () => (await stored()) >= records, 240_000);
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = cpuSecondsSince(persister.pid, cpuBefore);
    return { "rows/s": (records - from) / seconds, "CPU-s per million rows": ((user + system) * 1e6) / (records - from) };
  } finally {
    await persister.stop();
    await fleet.postgres.psql(`DROP DATABASE ${name} WITH (FORCE)`, { admin: true });
  }
}

async function fill(broker, topic, records) {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 8 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const sent_at = Date.now();
  for (let first = 0; first < records; first += produceAtOnce) {
    const messages = Array.from({ length: Math.min(produceAtOnce, records - first) }, (_, i) => {
      const number = first + i;
      const room = `room-${number % rooms}`;
      return { key: room, value: JSON.stringify({ v: 1, id: randomUUID(), room, epoch: sent_at, seq: Math.floor(number / rooms) + 1, sender: "Ann",
        sender_name: "Ann", text: "x".repeat(64), sent_at, gateway: "load" }) };
    });
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
}
