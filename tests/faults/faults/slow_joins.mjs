// PostgreSQL answers no read of old messages while waves of members come back with old cursors to busy rooms.
import { range } from "../../system/support/traffic.mjs";
import { SqlSession } from "../sql_session.mjs";

// What a room's joins hold on one worker at most (gateway/chat/held_messages.hpp), and more text than that.
const mostHeldBytes = 256 * 1024;
const textBytes = 3900;
const moreThanIsHeld = Math.ceil((2 * mostHeldBytes) / textBytes);
const roomCount = 3;
const workersEach = 2;
const mostGrowthKib = 100 * 1024;

export const slowJoins = {
  name: "slow-joins",
  title: "slow PostgreSQL under joins that overlap",
  // A read that PostgreSQL does not answer within 10 s is given up.
  codes: ["unavailable"],
  clientsStay: true,
  // So few stay in Redis that an old cursor needs PostgreSQL.
  fleet: { gatewayEnv: { STREAM_HARD_CAP: "100", WORKERS: String(workersEach) } },
  load: { clients: 6, rooms: roomCount, roomsEach: roomCount, perSecond: 300, finishPerSecond: 300, texts: (n) => String(n).padEnd(textBytes, " x") },
  async strike(scene) {
    const { load, fleet, ledger } = scene;
    const total = async (name) => (await Promise.all(fleet.gateways.map((gateway) => gateway.metric(name)))).reduce((sum, value) => sum + value, 0);
    await load.more(400 * roomCount);
    const places = new Map(load.rooms.map((room) => [room, ledger.views.find((view) => view.room === room && view.seen.length > 0).seen[0]]));
    const closedBefore = await total("chat_slow_consumers_total");
    const peakBefore = scene.watch.peakKib.gateway;
    let mostHeld = 0;
    for (let round = 0; round < (scene.short ? 2 : 4); round++) {
      const hold = await holdReads(scene);
      const strike = scene.strike("PostgreSQL answers no read");
      const members = [];
      for (let wave = 0; wave < 3; wave++) {
        const asked = await total("chat_room_reads_total");
        members.push(...range(4).map((i) => comeBack(scene, `round ${round} wave ${wave} member ${i}`, i, places)));
        await scene.until("the wave's reads", async () => (await total("chat_room_reads_total")) > asked);
        await load.more(moreThanIsHeld * roomCount);
        mostHeld = Math.max(mostHeld, await total("chat_join_held_bytes"));
      }
      strike.hit &&= (await hold.waiting()) > 0;
      await hold.release();
      await scene.until("all that came back to be members", () => members.every(({ joined }) => joined), 90_000);
    }
    const bound = fleet.gateways.length * workersEach * roomCount * mostHeldBytes;
    scene.note(`${mostHeld} bytes were held for joins at most, of ${bound} that may be; gateways grew by ${scene.watch.peakKib.gateway - peakBefore} KiB at most`);
    if (mostHeld > bound) {
      ledger.surprise(`${mostHeld} bytes were held for joins; the bound is ${bound}`);
    }
    if (scene.watch.peakKib.gateway - peakBefore > mostGrowthKib) {
      ledger.surprise(`a gateway grew by ${scene.watch.peakKib.gateway - peakBefore} KiB`);
    }
    const closed = (await total("chat_slow_consumers_total")) - closedBefore;
    const left = scene.leaving.filter(({ disconnects }) => disconnects > 0);
    if (closed > 0 || left.length > 0) {
      ledger.surprise(`${closed} clients were closed as slow, ${left.length} of those that came back lost their connection`);
    }
  },
};

// A member that was away since the places.
function comeBack({ load, fleet, leaving }, name, first, places) {
  const member = load.addClient({ name, urls: fleet.gateways.map(({ url }) => url), first, rooms: load.rooms });
  for (const { room, view } of member.places.values()) {
    const { epoch, seq } = places.get(room);
    member.places.get(room).cursor = view.from = { epoch, seq };
  }
  leaving.push(member);
  return member;
}

// Holds what the gateways read of old messages, by a lock that neither the persister's rows nor its positions need.
async function holdReads({ fleet, sql, until }) {
  const holder = new SqlSession(fleet.postgres);
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE void_numbers IN ACCESS EXCLUSIVE MODE");
  const waiting = async () => Number((await sql.query("SELECT count(*) FROM pg_locks WHERE relation = 'void_numbers'::regclass AND NOT granted"))[0][0]);
  return {
    waiting,
    async release() {
      holder.close();
      await until("no read to wait", async () => (await waiting()) === 0);
    },
  };
}
