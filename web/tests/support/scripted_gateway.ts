// A gateway that says exactly what a test makes it say, over sockets that are plain objects.
import type { Socket } from "../../src/client/connection";
import type { ChatEvent } from "../../src/client/events";
import { ChatClient } from "../../src/client/chat_client";
import type { ClientFrame, Message } from "../../src/client/protocol";

export class ScriptedSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: ClientFrame[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.closed = true;
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(code = 1006): void {
    this.onclose?.({ code });
  }

  framesOf<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }

  last<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }> {
    const frame = this.framesOf(type).at(-1);
    if (!frame) throw new Error(`no ${type} was sent`);
    return frame;
  }

  /** Opens, and answers the hello. */
  welcome(session = "s-1", gateway = "gateway-1"): void {
    const greeting = { type: "welcome", version: 1, session, gateway, user: "guest-1", limits: {} };
    this.onopen?.();
    this.say(greeting);
    const { id, name } = this.last("hello");
    this.say({ ...greeting, id, user: name });
  }

  /** Answers the last join. */
  joined(seq: number, messages: Message[] = [], more: object = {}): void {
    const { id, room } = this.last("join");
    const stored = { epoch: 1, seq: 0 };
    this.say({ type: "joined", id, room, epoch: 1, seq, stored, messages, complete: true, ...more });
  }

  ack(id: string, seq: number, room = "general"): void {
    this.say({ type: "ack", id, room, epoch: 1, seq, duplicate: false });
  }

  refuse(id: string, code: string, more: object = {}): void {
    this.say({ type: "error", id, code, message: `${code}!`, ...more });
  }
}

export function message(seq: number, more: Partial<Message> = {}): Message {
  const text = `text ${seq}`;
  return {
    room: "general",
    epoch: 1,
    seq,
    id: `id-${seq}`,
    sender: "Bob",
    sender_name: "Bob",
    text,
    sent_at: seq,
    ...more,
  };
}

export class ScriptedChat {
  readonly sockets: ScriptedSocket[] = [];
  readonly events: ChatEvent[] = [];
  readonly client: ChatClient;
  #ids = 0;

  /** `random` is what the client draws for its waits; 0.5 makes each half of its upper limit. */
  constructor(random = 0.5) {
    this.client = new ChatClient({
      url: "ws://gateway.test/ws",
      name: "Ada",
      newId: () => `made-${++this.#ids}`,
      random: () => random,
      openSocket: () => {
        this.sockets.push(new ScriptedSocket());
        return this.socket;
      },
    });
    this.client.subscribe((event) => this.events.push(event));
  }

  /** The newest socket. */
  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  eventsOf<T extends ChatEvent["type"]>(type: T): Extract<ChatEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ChatEvent, { type: T }> => event.type === type);
  }

  get phase(): string {
    return this.eventsOf("connection").at(-1)?.state.phase ?? "none";
  }

  shownTexts(): string[] {
    return this.eventsOf("messages").flatMap(({ messages }) => messages.map(({ text }) => text));
  }

  /** Connected and in `general`, whose newest number is `seq`. */
  online(seq = 0): this {
    this.client.start();
    this.client.join("general");
    this.socket.welcome();
    this.socket.joined(seq);
    return this;
  }
}
