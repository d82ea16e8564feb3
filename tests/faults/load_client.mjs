// One client of the load: in several rooms, many sends in flight, back on another gateway after each break, where it joins
// again behind what it has seen and sends again, with the same ids, what was not acknowledged.
import { randomUUID } from "node:crypto";
import WebSocket from "ws";

const handshakeWithinMs = 8000;
const joinedWithinMs = 20_000;
// Longer than the gateway takes to say `unavailable`: who waits on a healthy connection gets an answer.
const answerWithinMs = 15_000;

export class LoadClient {
  #socket = null;
  #stopped = false;
  #rejoins = new Map();
  #attempt;
  #timers = new Set();

  // name: of the member; urls: gateways in the order to try; rooms: it is a member of all of them; ledger; events:
  // {acknowledged(message, client), shown(message, client), refused(frame, client), stored(message, client)}, each optional;
  // mayComeBackAfterMs: at most so long it waits before it connects again.
  constructor({ name, urls, rooms, ledger, events = {}, first = 0, random, mayComeBackAfterMs = 100 }) {
    Object.assign(this, { name, urls, ledger, events, random, mayComeBackAfterMs, gateway: null, disconnects: 0, closeCodes: [] });
    this.#attempt = first;
    this.pending = new Map();
    this.places = new Map(rooms.map((room) => [room, { room, view: ledger.view(name, room), cursor: undefined, joined: false, unstored: [] }]));
    this.rooms = rooms;
    this.#connect();
  }

  // Whether it is a member of all its rooms.
  get joined() {
    return [...this.places.values()].every(({ joined }) => joined);
  }

  send(room, text, id = randomUUID()) {
    const message = this.ledger.sent(id, room, text, Date.now());
    message.sentAt = performance.now();
    this.pending.set(id, message);
    this.#try(message);
    return message;
  }

  // Reads nothing more from its connection until it is told to resume.
  pauseReading() {
    this.#socket.pause();
  }

  resumeReading() {
    this.#socket.resume();
  }

  // Breaks the connection and comes back on the gateway with this URL.
  moveTo(url) {
    this.#attempt = this.urls.indexOf(url);
    this.disconnects--;
    const away = new Promise((done) => this.#socket.once("close", done));
    this.#socket.terminate();
    return away;
  }

  // Goes away for good, without a close frame.
  stop() {
    this.#stopped = true;
    this.#timers.forEach(clearTimeout);
    this.#socket?.terminate();
  }

  #after(ms, work) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #connect() {
    const url = this.urls[this.#attempt++ % this.urls.length];
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: handshakeWithinMs, skipUTF8Validation: true });
    this.#socket = socket;
    const late = this.#after(handshakeWithinMs + joinedWithinMs, () => !this.joined && socket.terminate());
    socket.on("open", () => this.places.forEach((place) => this.#join(place)));
    socket.on("message", (data) => this.#onFrame(JSON.parse(data)));
    socket.on("error", () => {});
    socket.on("close", (code) => {
      clearTimeout(late);
      this.#onClose(code);
    });
  }

  #onClose(code) {
    if (this.gateway && !this.#stopped) {
      this.disconnects++;
      this.closeCodes.push(code);
    }
    this.gateway = null;
    this.#rejoins.forEach(clearTimeout);
    this.#rejoins.clear();
    this.places.forEach((place) => Object.assign(place, { joined: false, unstored: [] }));
    if (!this.#stopped) {
      this.#after(this.random.integer(10, this.mayComeBackAfterMs), () => this.#connect());
    }
  }

  #join(place) {
    this.#write({ type: "join", id: place.room, room: place.room, since: place.cursor });
  }

  #onFrame(frame) {
    switch (frame.type) {
      case "message":
        return this.#onMessage(this.places.get(frame.room), frame);
      case "ack":
        return this.#onAck(frame);
      case "joined":
        return this.#onJoined(this.places.get(frame.room), frame);
      case "error":
        return this.#onError(frame);
      case "stored":
        return this.#onStored(this.places.get(frame.room), frame);
      case "welcome":
        this.gateway = frame.gateway;
    }
  }

  #onMessage(place, message) {
    place.cursor = { epoch: message.epoch, seq: message.seq };
    this.ledger.shown(place.view, message);
    this.events.shown?.(message, this);
  }

  #onJoined(place, frame) {
    frame.messages.forEach((message) => this.#onMessage(place, message));
    if (place.cursor && frame.complete !== true) {
      this.ledger.surprise(`${this.name} was told complete:${frame.complete} in ${place.room}`);
    }
    if (frame.more) {
      this.#join(place);
      return;
    }
    place.cursor ??= { epoch: frame.epoch, seq: frame.seq };
    place.view.from ??= place.cursor;
    place.joined = true;
    this.pending.forEach((message) => message.room === place.room && this.#try(message));
  }

  #onAck(frame) {
    const message = this.ledger.messages.get(frame.id);
    if (!message || message.room !== frame.room) {
      this.ledger.surprise(`${this.name} got an ack of ${frame.id}, which was not sent to ${frame.room}`);
      return;
    }
    this.ledger.acknowledged(message, frame);
    if (this.pending.delete(frame.id)) {
      this.places.get(message.room).unstored.push({ message, ack: frame });
      this.events.acknowledged?.(message, this);
    }
  }

  // All that was sent on this connection up to this number is said to be in PostgreSQL.
  #onStored(place, { epoch, seq }) {
    const at = Date.now();
    const isMeant = ({ ack }) => ack.epoch < epoch || (ack.epoch === epoch && ack.seq <= seq);
    for (const { message } of place.unstored.filter(isMeant)) {
      message.claimedAt ??= at;
      this.events.stored?.(message, this);
    }
    place.unstored = place.unstored.filter((waiting) => !isMeant(waiting));
  }

  #onError(frame) {
    const message = this.pending.get(frame.id);
    const place = this.places.get(frame.id);
    this.events.refused?.(frame, this);
    const wait = frame.retry_after_ms ?? 1000;
    if (place) {
      this.#rejoins.set(place.room, this.#after(wait, () => this.#join(place)));
    } else if (message) {
      const connection = this.#socket;
      this.#after(wait, () => connection === this.#socket && this.pending.has(message.id) && this.#try(message));
    }
  }

  // Asks again for an answer that is so late that it must be lost; called now and then.
  nudge(now = Date.now()) {
    for (const message of this.pending.values()) {
      if (now - message.lastTryAt >= answerWithinMs) {
        this.#try(message);
      }
    }
  }

  // What cannot be sent now is when its room is joined.
  #try(message) {
    if (this.places.get(message.room).joined) {
      message.lastTryAt = Date.now();
      message.tries++;
      this.#write({ type: "send", id: message.id, room: message.room, text: message.text });
    }
  }

  #write(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(frame));
    }
  }
}
