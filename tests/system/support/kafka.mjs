// What Kafka holds. A client in this process asks where it can: each of Kafka's own programs needs seconds of both cores to start.
import { Kafka, Partitioners, logLevel } from "kafkajs";
import { until } from "./until.mjs";

const answerWithinMs = 120_000;

// Resolves with all records of a topic, partition by partition: {timestamp, partition, offset, key, value, headers}. They are read by
// Kafka's own program, since the client here knows no LZ4.
export async function readTopic(fleet, topic) {
  const ends = await endOffsets(fleet, topic);
  const count = [...ends.values()].reduce((sum, end) => sum + end, 0);
  if (count === 0) {
    return [];
  }
  const separator = "\t";
  const properties = ["print.timestamp=true", "print.partition=true", "print.offset=true", "print.headers=true", "print.key=true", `key.separator=${separator}`];
  const output = await fleet.kafka.tool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    "--bootstrap-server", fleet.kafka.broker, "--topic", topic, "--from-beginning", "--max-messages", String(count),
    "--timeout-ms", String(answerWithinMs), ...properties.flatMap((property) => ["--formatter-property", property]),
  ]);
  const lines = output.split("\n").filter((line) => line !== "");
  if (lines.length < count) {
    throw new Error(`${lines.length} of ${count} records of ${topic} came within ${answerWithinMs / 1000} s.`);
  }
  return lines.map((line) => {
    const [timestamp, partition, offset, headers, key, ...value] = line.split(separator);
    return { timestamp: Number(timestamp.split(":")[1]), partition: Number(partition.split(":")[1]), offset: Number(offset.split(":")[1]), headers, key, value: value.join(separator) };
  });
}

// Resolves with a map from partition to the offset that the next record will get.
export async function endOffsets(fleet, topic) {
  const watermarks = await withAdmin(fleet, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(watermarks.map(({ partition, high }) => [partition, Number(high)]));
}

// Resolves with a map from partition to the offset that the persisters' group has committed.
export async function committedOffsets(fleet, topic = "MESSAGES", group = "message-consumer-group") {
  const [{ partitions }] = await withAdmin(fleet, (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  return new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]).filter(([, offset]) => offset >= 0));
}

// Resolves with the names of all consumer groups and of all topics that are not Kafka's own.
export function groupsAndTopics(fleet) {
  return withAdmin(fleet, async (admin) => ({
    groups: (await admin.listGroups()).groups.map(({ groupId }) => groupId).sort(),
    topics: (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort(),
  }));
}

// Writes records {key, value} to a topic; a key may be null.
export async function produce(fleet, topic, records) {
  const producer = clientOf(fleet).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: records.map(({ key, value }) => ({ key: key ?? null, value })) });
  } finally {
    await producer.disconnect();
  }
}

// Deletes the topic and makes another one of the same name; resolves once it can be written to.
export async function makeTopicAgain(fleet, topic = "MESSAGES", partitions = 8) {
  await withAdmin(fleet, async (admin) => {
    await admin.deleteTopics({ topics: [topic], timeout: answerWithinMs });
    await until("the topic to go", async () => !(await admin.listTopics()).includes(topic));
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }], timeout: answerWithinMs, waitForLeaders: true });
    // The metadata names the leaders before the broker knows that it leads.
    await until("the leaders of all partitions", () => admin.fetchTopicOffsets(topic).catch(() => false));
  });
}

function clientOf({ kafka }) {
  return new Kafka({ brokers: [kafka.broker], clientId: "tests", logLevel: logLevel.NOTHING, connectionTimeout: answerWithinMs, requestTimeout: answerWithinMs });
}

// Runs work(admin) with an administrator's client of kafkajs.
export async function withAdmin(fleet, work) {
  const admin = clientOf(fleet).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
