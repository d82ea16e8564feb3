// The members of a herd (herd.mjs): what both kinds note about their absences.
import { io } from "socket.io-client";
import { follow, NativeMember } from "./native_member.mjs";

const room = "general";

// Absences of one member, in milliseconds; one that lasts has an `awaySince`.
class Absences {
  awaySince = null;
  longestMs = 0;
  count = 0;

  begin() {
    this.awaySince ??= performance.now();
  }

  end() {
    if (this.awaySince !== null) {
      this.longestMs = Math.max(this.longestMs, performance.now() - this.awaySince);
      this.awaySince = null;
      this.count++;
    }
  }
}

// url: of a balancer; onConnecting(): a connection is begun.
export function nativeMember(url, random, onConnecting) {
  const { hostname: address, port } = new URL(url);
  const place = { address, port: Number(port) };
  const absences = new Absences();
  const member = new NativeMember(room, [place, place], random,
    { connecting: onConnecting, away: () => absences.begin(), back: () => absences.end() });
  member.connect();
  return {
    absences,
    get present() {
      return member.joined;
    },
    get seen() {
      return member;
    },
    recoveries: { whole: 0, failed: 0 },
  };
}

// An unmodified socket.io-client: its options are its own defaults, but for a connection to itself in a process of many.
export function socketIoMember(url, random, onConnecting, options = {}) {
  const socket = io(url, { forceNew: true, ...options });
  const absences = new Absences();
  const member = { absences, seen: { cursor: null, gaps: 0, repeats: 0 }, recoveries: { whole: 0, failed: 0 }, socket, reasons: [] };
  socket.io.on("reconnect_attempt", onConnecting);
  socket.io.on("error", (error) => member.reasons.push(`${error.message} ${error.context?.status ?? ""}`));
  onConnecting();
  socket.on("message", (message) => (member.seen = follow(member.seen, message)));
  socket.on("disconnect", (reason) => {
    absences.begin();
    member.reasons.push(reason);
  });
  socket.on("connect", () => {
    if (absences.awaySince !== null) {
      member.recoveries[socket.recovered ? "whole" : "failed"]++;
    }
    absences.end();
  });
  Object.defineProperty(member, "present", { get: () => socket.connected });
  return member;
}

// The same without polls.
export function webSocketMember(url, random, onConnecting) {
  return socketIoMember(url, random, onConnecting, { transports: ["websocket"] });
}
