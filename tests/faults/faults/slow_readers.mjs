// Members that stop reading until they are closed, and come back.
import { range } from "../../system/support/traffic.mjs";

const slowConsumer = 4000;
const cutOff = 1006;

export const slowReaders = {
  name: "slow-readers",
  title: "slow readers",
  // Many bytes a message, or the kernel's buffers would hold what is not read.
  load: { texts: (n) => `${n} ${"a long text for those who do not read it 😀 ".repeat(60)}`, perSecond: 500, finishPerSecond: 500 },
  async strike(scene) {
    const { load, fleet } = scene;
    const slow = range(scene.short ? 2 : 6).map((i) => load.addClient({ name: `slow reader ${i}`, urls: fleet.gateways.map(({ url }) => url), first: i, rooms: load.rooms }));
    await scene.until("the slow readers to join", () => slow.every(({ joined }) => joined));
    const closed = async () => (await Promise.all(fleet.gateways.map((gateway) => gateway.metric("chat_slow_consumers_total")))).reduce((a, b) => a + b);
    const before = await closed();
    const strike = scene.strike(`${slow.length} members stop reading`);
    slow.forEach((client) => client.pauseReading());
    await scene.until("all of them to be closed", async () => (await closed()) >= before + slow.length, 180_000);
    slow.forEach((client) => client.resumeReading());
    await scene.until("all of them to be back", () => slow.every((client) => client.joined && client.disconnects > 0), 90_000);
    const codes = slow.flatMap(({ closeCodes }) => closeCodes);
    scene.note(`${slow.length} slow readers were closed ${codes.length} times, with ${[...new Set(codes)].join(", ")}, after ${load.sent} messages`);
    // Who does not read for 5 s more is cut, and never sees the code.
    strike.hit &&= slow.every(({ closeCodes }) => closeCodes.some((code) => code === slowConsumer || code === cutOff));
    if (load.clients.some(({ disconnects }) => disconnects > 0)) {
      scene.ledger.surprise("members that read were disconnected too");
    }
    scene.leaving.push(...slow);
  },
};
