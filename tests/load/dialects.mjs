// What a member says and hears, apart from how the bytes travel. A member has write(text) and is told by onJoined(),
// onMessage(text), onAck() and onRefused(text).
import { randomUUID } from "node:crypto";

const room = "general";

const native = {
  path: "/ws",
  opened(member) {
    member.write(JSON.stringify({ type: "join", id: "join", room }));
  },
  send(member, text) {
    member.write(JSON.stringify({ type: "send", id: randomUUID(), room, text }));
  },
  receive(member, text) {
    if (text.startsWith('{"type":"message"')) {
      member.onMessage(text);
    } else if (text.startsWith('{"type":"ack"')) {
      member.onAck();
    } else if (text.startsWith('{"type":"joined"')) {
      member.onJoined();
    } else if (text.startsWith('{"type":"error"')) {
      member.onRefused(text);
    }
  },
};

const joinAck = 0;
const sendAck = 1;

// Packets of Engine.IO 4 with those of Socket.IO 5 in them. All sends of a member ask for an ack under one number: it is only
// counted.
const socketio = {
  path: "/socket.io/?EIO=4&transport=websocket",
  opened() {},
  send(member, message) {
    member.write(`42${sendAck}${JSON.stringify(["event:message", { message, id: randomUUID() }])}`);
  },
  receive(member, text) {
    if (text.startsWith('42["message",')) {
      member.onMessage(text);
    } else if (text.startsWith("43")) {
      this.acknowledged(member, text);
    } else if (text === "2") {
      member.write("3");
    } else if (text.startsWith("0")) {
      member.write("40");
    } else if (text.startsWith("40")) {
      // Members of `general` without asking, but only the answer tells from when on.
      member.write(`42${joinAck}${JSON.stringify(["join", { room }])}`);
    } else if (text.startsWith("44") || text.startsWith("41") || text === "1") {
      member.onRefused(text);
    }
  },
  acknowledged(member, text) {
    if (text.includes('"code"')) {
      member.onRefused(text);
    } else if (text.startsWith(`43${joinAck}`)) {
      member.onJoined();
    } else {
      member.onAck();
    }
  },
};

export const dialects = { native, socketio };
