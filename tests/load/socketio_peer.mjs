// The chat server that a team would write with Socket.IO, for comparison: every server publishes through Redis, emits what
// comes from there to its own clients, and logs to Kafka. Nothing here numbers, dedupes, keeps or stores messages.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { Server } from "socket.io";

const { LISTEN_ADDRESS, PORT, REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_CHANNEL, KAFKA_BROKER, KAFKA_TOPIC } = process.env;
const redis = { host: REDIS_HOST, port: Number(REDIS_PORT), password: REDIS_PASSWORD };
const [publisher, subscriber] = [new Redis(redis), new Redis(redis)];
const producer = new Kafka({ brokers: KAFKA_BROKER.split(","), logLevel: logLevel.ERROR }).producer();
const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => {
  socket.join("general");
  socket.on("join", ({ room }, ack) => {
    socket.join(room);
    ack?.({ room });
  });
  socket.on("event:message", async ({ message, room = "general", id = randomUUID() }, ack) => {
    const value = JSON.stringify({ message, id, room, sender: socket.id, sent_at: Date.now() });
    const written = [publisher.publish(REDIS_CHANNEL, value), producer.send({ topic: KAFKA_TOPIC, acks: -1, messages: [{ key: room, value }] })];
    const answer = await Promise.all(written).then(() => ({ id, room }), () => ({ code: "unavailable" }));
    ack?.(answer);
  });
});
subscriber.on("message", (_, value) => {
  const message = JSON.parse(value);
  io.to(message.room).emit("message", message);
});
await Promise.all([producer.connect(), subscriber.subscribe(REDIS_CHANNEL)]);
http.listen(Number(PORT), LISTEN_ADDRESS);
