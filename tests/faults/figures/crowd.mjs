// A process with thousands of members on plain sockets, each in one room: started by resume.mjs, which sends the orders.
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../random.mjs";
import { hasSeen, NativeMember } from "./native_member.mjs";

const connectingAtOnce = 200;

let members = [];

const isUpToDate = ({ room, cursor }, newest) => hasSeen(cursor, newest[room]);

const orders = {
  async connect({ first, then, clients, rooms, seed }) {
    const random = new Random(seed, "crowd");
    members = Array.from({ length: clients }, (_, i) => new NativeMember(rooms[i % rooms.length], [first, then], random));
    for (let i = 0; i < members.length; i += connectingAtOnce) {
      members.slice(i, i + connectingAtOnce).forEach((member) => member.connect());
      while (members.slice(0, i + connectingAtOnce).some(({ joined }) => !joined)) {
        await delay(5);
      }
    }
    members.forEach((member) => (member.backAt = null));
    return {};
  },
  async waitUntilBack({ deadline }) {
    while (members.some(({ backAt }) => backAt === null) && Date.now() < deadline) {
      await delay(20);
    }
    return {};
  },
  // newest: a message of each room.
  async waitUntilSeen({ newest, deadline = Infinity }) {
    while (members.some((member) => !isUpToDate(member, newest)) && Date.now() < deadline) {
      await delay(20);
    }
    return {};
  },
  // newest: each room's last message, which all must have seen.
  async report({ newest }) {
    const incomplete = members.filter((member) => member.gaps + member.repeats > 0 || !isUpToDate(member, newest));
    return { backAt: members.map(({ backAt }) => backAt).filter((at) => at !== null), incomplete: incomplete.length };
  },
};

process.on("message", async (order) => {
  const [name, value] = Object.entries(order)[0];
  process.send(await orders[name](value));
});
process.on("disconnect", () => process.exit());
