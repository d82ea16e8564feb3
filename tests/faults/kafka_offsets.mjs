// Asks Kafka how far its partitions and the persisters' group are: two requests of its protocol, since a tool of Kafka's own
// needs a second of both cores to start.
import { connect } from "node:net";

const listOffsets = { key: 2, version: 1 };
const offsetFetch = { key: 9, version: 1 };
const answerWithinMs = 3000;

// Resolves with a map from partition to the offset that the next record will get.
export async function endOffsets(kafka, topic = "MESSAGES", partitions = 8) {
  const latest = -1n;
  const body = new Writer().int32(-1).int32(1).string(topic).int32(partitions);
  for (let partition = 0; partition < partitions; partition++) {
    body.int32(partition).int64(latest);
  }
  return readPartitions(await ask(kafka, listOffsets, body), (answer) => {
    const [partition, error] = [answer.int32(), answer.int16()];
    answer.int64();
    return { partition, error, offset: answer.int64() };
  });
}

// Resolves with a map from partition to the offset that the group has committed, -1 where it has none.
export async function committedOffsets(kafka, topic = "MESSAGES", partitions = 8, group = "message-consumer-group") {
  const body = new Writer().string(group).int32(1).string(topic).int32(partitions);
  for (let partition = 0; partition < partitions; partition++) {
    body.int32(partition);
  }
  return readPartitions(await ask(kafka, offsetFetch, body), (answer) => {
    const [partition, offset] = [answer.int32(), answer.int64()];
    answer.string();
    return { partition, offset, error: answer.int16() };
  });
}

function readPartitions(answer, readOne) {
  const offsets = new Map();
  for (let topics = answer.int32(); topics > 0; topics--) {
    answer.string();
    for (let count = answer.int32(); count > 0; count--) {
      const { partition, error, offset } = readOne(answer);
      if (error !== 0) {
        throw new Error(`Kafka answered error ${error} for partition ${partition}.`);
      }
      offsets.set(partition, offset);
    }
  }
  return offsets;
}

function ask({ address, port }, { key, version }, body) {
  const request = new Writer().int16(key).int16(version).int32(1).string("faults").bytes(body.buffer).buffer;
  return new Promise((done, fail) => {
    const socket = connect({ host: address, port });
    let received = Buffer.alloc(0);
    socket.setTimeout(answerWithinMs, () => socket.destroy(new Error("Kafka did not answer.")));
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("Kafka closed the connection.")));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const lengthAndCorrelation = 8;
        done(new Reader(received.subarray(lengthAndCorrelation)));
        socket.destroy();
      }
    });
    socket.write(new Writer().int32(request.length).bytes(request).buffer);
  });
}

class Writer {
  #parts = [];

  #number(size, write, value) {
    const part = Buffer.alloc(size);
    part[write](value);
    return this.bytes(part);
  }
  int16(value) {
    return this.#number(2, "writeInt16BE", value);
  }
  int32(value) {
    return this.#number(4, "writeInt32BE", value);
  }
  int64(value) {
    return this.#number(8, "writeBigInt64BE", value);
  }
  string(text) {
    return this.int16(Buffer.byteLength(text)).bytes(Buffer.from(text));
  }
  bytes(part) {
    this.#parts.push(part);
    return this;
  }
  get buffer() {
    return Buffer.concat(this.#parts);
  }
}

class Reader {
  #at = 0;

  constructor(buffer) {
    this.buffer = buffer;
  }
  int16() {
    return this.buffer.readInt16BE((this.#at += 2) - 2);
  }
  int32() {
    return this.buffer.readInt32BE((this.#at += 4) - 4);
  }
  int64() {
    return Number(this.buffer.readBigInt64BE((this.#at += 8) - 8));
  }
  string() {
    const length = this.int16();
    return length < 0 ? null : this.buffer.toString("utf8", this.#at, (this.#at += length));
  }
}
