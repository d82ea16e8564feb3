// What Kafka holds, read by Kafka's own console programs.

// Resolves with all records of a topic, partition by partition: {timestamp, partition, offset, key, value, headers}.
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
    "--timeout-ms", "20000", ...properties.flatMap((property) => ["--formatter-property", property]),
  ]);
  return output.trimEnd().split("\n").map((line) => {
    const [timestamp, partition, offset, headers, key, ...value] = line.split(separator);
    return { timestamp: Number(timestamp.split(":")[1]), partition: Number(partition.split(":")[1]), offset: Number(offset.split(":")[1]), headers, key, value: value.join(separator) };
  });
}

// Resolves with a map from partition to the offset that the next record will get.
export async function endOffsets(fleet, topic) {
  const output = await fleet.kafka.tool("org.apache.kafka.tools.GetOffsetShell", ["--bootstrap-server", fleet.kafka.broker, "--topic", topic]);
  const lines = output.trim().split("\n").filter((line) => line.startsWith(`${topic}:`));
  return new Map(lines.map((line) => line.split(":").slice(-2).map(Number)));
}

// Resolves with a map from partition to the offset that the persisters' group has committed.
export async function committedOffsets(fleet, topic = "MESSAGES", group = "message-consumer-group") {
  const output = await fleet.kafka.tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    ["--bootstrap-server", fleet.kafka.broker, "--describe", "--offsets", "--group", group]);
  const rows = output.split("\n").map((line) => line.trim().split(/\s+/)).filter((words) => words[1] === topic);
  return new Map(rows.filter((words) => words[3] !== "-").map((words) => [Number(words[2]), Number(words[3])]));
}

// Writes records {key, value} to a topic; a key may be null. Neither holds a tab or a line's end.
export async function produce(fleet, topic, records) {
  const properties = ["parse.key=true", "key.separator=\t", "null.marker=NULL"];
  await fleet.kafka.tool("org.apache.kafka.tools.ConsoleProducer", ["--bootstrap-server", fleet.kafka.broker, "--topic", topic,
    ...properties.flatMap((property) => ["--reader-property", property])],
    { input: records.map(({ key, value }) => `${key ?? "NULL"}\t${value}\n`).join("") });
}
