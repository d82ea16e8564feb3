// A gateway killed between Redis and Kafka, whose senders never come back: what members saw has to be stored all the same.

const storedWithinMs = 60_000;

export const orphan = {
  name: "orphan",
  title: "gateway killed between Redis and Kafka, senders gone",
  codes: ["unavailable", "overloaded"],
  async strike(scene) {
    const { fleet, load, ledger, random } = scene;
    const [dies, lives] = fleet.gateways;
    for (let i = 0; i < (scene.short ? 1 : 5); i++) {
      const senders = load.rooms.map((room, n) => load.addClient({ name: `lost sender ${i}.${n}`, urls: [dies.url], rooms: [room] }));
      await scene.until("the senders to join", () => senders.every(({ joined }) => joined));
      // Which clients have a message in flight on that gateway proves nothing here: after the first crash none are on it.
      const strike = scene.freeze(fleet.kafka);
      const messages = senders.flatMap((sender) => Array.from({ length: random.integer(1, 5) }, (_, n) => sender.send(sender.rooms[0], `orphan ${n}`)));
      messages.forEach((message) => (message.abandoned = true));
      const witnesses = scene.clientsOn(lives);
      const seen = (message) => ledger.views.some(({ member, room, seen: list }) => room === message.room &&
        witnesses.some(({ name }) => name === member) && list.slice(-500).some(({ id }) => id === message.id));
      await scene.until("the other gateway's members to see them", () => messages.every(seen));
      senders.forEach((sender) => sender.stop());
      // They are owed nothing: they are gone.
      ledger.views = ledger.views.filter(({ member }) => !senders.some(({ name }) => name === member));
      scene.watch.expectEnd(dies.pid);
      strike.hit &&= messages.every(({ acks }) => acks.length === 0);
      await dies.crash();
      scene.thaw(fleet.kafka, strike);
      const began = Date.now();
      await dies.start();
      const ids = messages.map(({ id }) => `'${id}'`).join(",");
      const stored = async () => Number((await scene.sql.query(`SELECT count(*) FROM messages WHERE id IN (${ids})`))[0][0]);
      await scene.until("the orphans to be stored", async () => (await stored()) === messages.length, storedWithinMs).then(
        () => scene.note(`${messages.length} messages without a sender were stored after ${((Date.now() - began) / 1000).toFixed(1)} s`),
        async () => ledger.surprise(`${messages.length - (await stored())} of ${messages.length} messages without a sender were not stored within 60 s`));
    }
  },
};
