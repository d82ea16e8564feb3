// PostgreSQL answers no read of old messages while waves of members come back with old cursors to busy rooms.
import { range } from "../../system/support/traffic.mjs";
import { SqlSession } from "../sql_session.mjs";

// What a room's joins hold on one worker at most (gateway/chat/held_messages.hpp).
const mostHeldBytes = 256 * 1024;
const workersEach = 2;
// A member comes back from behind the stream, and its page holds all up to the newest number.
const streamMessages = 100;
const textBytes = 1900;
const missed = streamMessages + 5;
// More than an outbox holds, and sooner than a read is given up.
const meanwhile = 700;
const [trickle, burst] = [20, 2000];
const mostGrowthKib = 100 * 1024;

export const slowJoins = {
  name: "slow-joins",
  title: "slow PostgreSQL under joins that overlap",
  // A read that PostgreSQL does not answer within 10 s is given up.
  codes: ["unavailable"],
  clientsStay: true,
  fleet: { gatewayEnv: { STREAM_HARD_CAP: String(streamMessages), WORKERS: String(workersEach) } },
  load: { clients: 6, rooms: 1, roomsEach: 1, inFlight: 64, perSecond: 200, finishPerSecond: 300, texts: (n) => String(n).padEnd(textBytes, " x") },
  async strike(scene) {
    const { load, fleet, ledger } = scene;
    const total = async (name, label) =>
      (await Promise.all(fleet.gateways.map((gateway) => gateway.metric(name, label)))).reduce((sum, value) => sum + value, 0);
    await load.more(3 * streamMessages);
    load.perSecond = trickle;
    const closedBefore = await total("chat_slow_consumers_total");
    const peakBefore = scene.watch.peakKib.gateway;
    let mostHeld = 0;
    for (let round = 0; round < (scene.short ? 2 : 4); round++) {
      const hold = await holdReads(scene);
      const strike = scene.strike("PostgreSQL answers no read");
      const members = [];
      let mostWaiting = 0;
      for (let wave = 0; wave < 3; wave++) {
        const asked = await total("chat_redis_reads_total", 'cause="resume"');
        members.push(...range(4).map((i) => comeBack(scene, `round ${round} wave ${wave} member ${i}`, i)));
        await scene.until("the wave's reads", async () => members.every(({ gateway }) => gateway) && (await total("chat_redis_reads_total", 'cause="resume"')) > asked);
        load.perSecond = burst;
        const enough = load.acked + meanwhile / (wave < 2 ? 4 : 1);
        await scene.until("messages that come meanwhile", async () => {
          mostHeld = Math.max(mostHeld, await total("chat_join_held_bytes"));
          mostWaiting = Math.max(mostWaiting, await hold.waiting());
          return load.acked >= enough;
        });
        load.perSecond = trickle;
        await scene.until("the burst to end", () => load.unanswered < trickle);
      }
      strike.hit &&= mostWaiting > 0;
      await hold.release();
      await scene.until("all that came back to be members", () => members.every(({ joined }) => joined), 90_000);
    }
    const bound = fleet.gateways.length * workersEach * mostHeldBytes;
    const grown = scene.watch.peakKib.gateway - peakBefore;
    scene.note(`${mostHeld} bytes were seen held for joins, of ${bound} that may be; gateways grew by ${grown} KiB at most`);
    if (mostHeld > bound) {
      ledger.surprise(`${mostHeld} bytes were held for joins; the bound is ${bound}`);
    }
    if (grown > mostGrowthKib) {
      ledger.surprise(`a gateway grew by ${grown} KiB`);
    }
    const closed = (await total("chat_slow_consumers_total")) - closedBefore;
    // 1006 is a client's own: it gives a connection up on which it is not a member after half a minute.
    const codes = scene.leaving.flatMap(({ closeCodes }) => closeCodes).filter((code) => code !== 1006);
    if (closed > 0 || codes.length > 0) {
      ledger.surprise(`${closed} clients were closed as slow, those that came back with ${[...new Set(codes)].join(", ") || "no code"}`);
    }
  },
};

// A member that missed the newest messages.
function comeBack({ load, fleet, ledger, leaving }, name, first) {
  const [room] = load.rooms;
  const member = load.addClient({ name, urls: fleet.gateways.map(({ url }) => url), first, rooms: load.rooms });
  const { epoch, seq } = ledger.views.find(({ seen }) => seen.length > missed).seen.at(-missed);
  const place = member.places.get(room);
  place.cursor = place.view.from = { epoch, seq };
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
