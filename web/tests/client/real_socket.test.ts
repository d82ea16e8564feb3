// The client over a real WebSocket: what the scripted sockets take for granted.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ChatClient } from "../../src/client/chat_client";
import type { Socket } from "../../src/client/connection";
import type { ChatEvent } from "../../src/client/events";

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

type Frame = Record<string, unknown>;

/**
 * A server that answers as a gateway does,
 * and that closes after the first message without acknowledging it.
 */
async function forgetfulServer(): Promise<{ url: string; texts: [unknown, unknown][] }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws" });
  closers.push(() => server.close());
  const texts: [unknown, unknown][] = [];
  server.on("connection", (socket) => {
    const say = (frame: Frame) => socket.send(JSON.stringify(frame));
    const session = `s-${texts.length}`;
    say({ type: "welcome", version: 1, session, gateway: "g", user: "guest-1", limits: {} });
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      const { id, room } = frame;
      const place = { room, epoch: 1, seq: 0 };
      if (frame.type === "hello") say({ type: "welcome", id, session, gateway: "g", user: frame.name });
      if (frame.type === "join") {
        say({ type: "joined", id, ...place, stored: { epoch: 1, seq: 0 }, messages: [], complete: true });
      }
      if (frame.type === "send") {
        texts.push([id, frame.text]);
        if (texts.length === 1) socket.close(1001);
        else say({ type: "ack", id, ...place, seq: 1, duplicate: true });
      }
    });
  });
  await once(server, "listening");
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`, texts };
}

it("sends a message again, with its id, over the next connection until it is acknowledged", async () => {
  const { url, texts } = await forgetfulServer();
  const openSocket = (address: string) => new WebSocket(address) as unknown as Socket;
  const client = new ChatClient({ url, name: "Ada", openSocket, newId: randomUUID, random: () => 0 });
  closers.push(() => client.stop());
  const acked = new Promise<ChatEvent>((resolve) => {
    client.subscribe((event) => event.type === "acked" && resolve(event));
  });
  client.start();
  client.join("general");
  const id = client.send("general", "grüße 😀");
  expect(await acked).toMatchObject({ id, seq: 1 });
  expect(texts).toEqual([
    [id, "grüße 😀"],
    [id, "grüße 😀"],
  ]);
});
