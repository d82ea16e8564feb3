// Runs one fault on a running fleet, from the first message to the checked ledger.
import { quote } from "../system/support/db.mjs";
import { until } from "../system/support/until.mjs";
import { check, isClean } from "./checker.mjs";
import { Ledger } from "./ledger.mjs";
import { Load } from "./load.mjs";
import { Random } from "./random.mjs";
import { Scene } from "./scene.mjs";
import { SqlSession } from "./sql_session.mjs";
import { Watch } from "./watch.mjs";

const settledWithinMs = 90_000;

// A fault is {name, title, codes, clientsStay, idsForgotten, fleet, load, shortLoad, strike(scene), verify(scene)}:
//   codes        error codes that clients may get; without it none
//   clientsStay  no client may lose its connection
//   idsForgotten Redis loses its memory of ids (see checker.mjs)
//   rowsLost     PostgreSQL loses rows, which come again later than their senders were told that they are stored
//   fleet, load  options of startFleet and Load; load.throughNginx: clients come through NGINX
//   strike       does it, and leaves everything running again
//   verify       optional, when all has settled: notes further surprises in the ledger
// options: {messages, seed, short, minutes, knownRooms: rooms of earlier faults on this fleet, say}.
// Resolves with a row of the table.
export async function runFault(fault, fleet, { messages, seed, short, minutes, knownRooms, say }) {
  const random = new Random(seed, fault.name);
  // A sequence of its own: how many numbers it takes depends on the machine's speed, and strikes must not.
  const loadRandom = new Random(seed, `load of ${fault.name}`);
  const ledger = new Ledger();
  const watch = await Watch.start(fleet, ledger);
  const sql = new SqlSession(fleet.postgres);
  const { throughNginx, ...wishes } = { ...fault.load, ...(short ? fault.shortLoad : {}) };
  const urls = throughNginx ? [fleet.nginx.socketUrl] : fleet.gateways.map(({ url }) => url);
  const load = new Load({ urls, ledger, random: loadRandom, name: fault.name, ...wishes });
  const scene = new Scene({ fleet, load, ledger, watch, sql, random, short, minutes, say });
  let lag = null;
  try {
    await load.joined();
    load.start();
    await load.more(100);
    await fault.strike(scene);
    const lagZero = scene.secondsToLagZero().then((value) => (lag = value), (error) => ledger.surprise(error.message));
    if (!(await load.finish(Math.max(messages, load.sent + 200)))) {
      ledger.surprise(`after ${load.sent} messages ${load.unanswered} were not acknowledged in time`);
    }
    await lagZero;
    await settle(scene);
    await fault.verify?.(scene);
  } catch (error) {
    ledger.surprise(error.message);
    say(error.stack);
  } finally {
    load.stop();
    scene.leaving.forEach((client) => client.stop());
  }
  await readStored(fleet, load.rooms, knownRooms, ledger).catch((error) => ledger.surprise(`PostgreSQL could not be read: ${error.message}`));
  sql.close();
  notePeculiarities(fault, scene);
  const counts = check(ledger, { idsForgotten: fault.idsForgotten, rowsLost: fault.rowsLost, unrepairedByMetric: await watch.finish() });
  const claimed = [...ledger.messages.values()].filter(({ claimedAt }) => claimedAt !== null).length;
  say(`${claimed} of ${counts.acked} messages were called stored to their senders`);
  const hits = scene.strikes.filter(({ hit }) => hit).length;
  const struck = hits > 0 && hits === scene.strikes.length;
  return {
    fault: fault.title, ...counts, hits, strikes: scene.strikes.length, passed: struck && isClean(counts), misses: scene.strikes.filter(({ hit }) => !hit),
    secondsToFirstAck: scene.secondsToFirstAck, secondsToLagZero: lag, peakKib: watch.peakKib, notes: scene.notes, rooms: load.rooms,
  };
}

// Until everything acknowledged is stored and seen by all, and one more message has passed through each room: what would be
// shown twice has been by then. What is still missing at the deadline is the checker's to say.
async function settle(scene) {
  const { ledger, load, sql } = scene;
  const met = (condition) => until("", condition, settledWithinMs).catch(() => {});
  const rooms = load.rooms.map(quote).join(",");
  const expected = () => [...ledger.messages.values()].filter(({ acks }) => acks.length > 0);
  await met(async () => Number((await sql.query(`SELECT count(*) FROM messages WHERE room IN (${rooms})`).catch(() => [[0]]))[0][0]) >= expected().length);
  const counts = new Map(load.rooms.map((room) => [room, 0]));
  expected().forEach(({ room }) => counts.set(room, counts.get(room) + 1));
  // Who came later never sees as many.
  const cameLater = new Set(scene.leaving.map(({ name }) => name));
  await met(() => ledger.views.every(({ member, room, seen }) => cameLater.has(member) || seen.length >= counts.get(room)));
  const barriers = load.rooms.map((room) => load.clients.find((client) => client.rooms.includes(room))?.send(room, "the last one")).filter(Boolean);
  const ids = new Map(barriers.map(({ room, id }) => [room, id]));
  await met(() => load.unanswered === 0 && ledger.views.every(({ room, seen }) => seen.slice(-50).some(({ id }) => id === ids.get(room))));
  await met(async () => Number((await sql.query(`SELECT count(*) FROM messages WHERE id IN (${[...ids.values()].map(quote).join(",")})`).catch(() => [[0]]))[0][0]) === ids.size);
}

// The rows and void numbers of a run, into the ledger.
export async function readStored(fleet, rooms, knownRooms, ledger) {
  const list = (names) => `ARRAY[${names.map(quote).join(",")}]::text[]`;
  ledger.rows = await fleet.postgres.query(`SELECT room, id, epoch, seq, text, floor(extract(epoch FROM created_at) * 1000)::bigint AS created_ms FROM messages WHERE room <> ALL (${list(knownRooms)})`);
  const [{ exists }] = await fleet.postgres.query("SELECT to_regclass('void_numbers') IS NOT NULL AS exists");
  if (exists) {
    ledger.voids = await fleet.postgres.query(`SELECT room, epoch, seq FROM void_numbers WHERE room = ANY (${list(rooms)})`);
  }
}

function notePeculiarities({ codes = [], clientsStay = false }, { load, ledger }) {
  for (const [code, count] of load.refusals) {
    if (!codes.includes(code)) {
      ledger.surprise(`${count} errors with the code ${code}`);
    }
  }
  const left = load.clients.filter(({ disconnects }) => disconnects > 0);
  if (clientsStay && left.length > 0) {
    ledger.surprise(`${left.length} clients were disconnected, with ${[...new Set(left.flatMap(({ closeCodes }) => closeCodes))].join(", ")}`);
  }
}
