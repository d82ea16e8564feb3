// Gateways that are killed.

export const gatewayKilled = {
  name: "gateway",
  title: "gateway killed",
  async strike(scene) {
    for (let i = 0; i < (scene.short ? 3 : 10); i++) {
      await scene.moment();
      const gateway = scene.random.pick(scene.fleet.gateways);
      await scene.until("its clients to have messages in flight", () => scene.clientsOn(gateway).some(({ pending }) => pending.size > 0));
      await scene.kill(gateway, { clients: scene.clientsOn(gateway) });
      await scene.moment();
      await gateway.start();
      await scene.until("some client to be on it", () => scene.load.clients.every(({ joined }) => joined));
      await spread(scene);
    }
  },
};

// After a restart all clients are on the others: some are sent to the new one, so that the next kill can hit any.
async function spread({ load, fleet, until }) {
  for (const gateway of fleet.gateways) {
    const least = Math.floor(load.clients.length / fleet.gateways.length / 2);
    const there = load.clients.filter((client) => client.gateway === gateway.id).length;
    for (const client of load.clients.filter((client) => client.gateway !== gateway.id).slice(0, Math.max(least - there, 0))) {
      await client.moveTo(gateway.url);
    }
  }
  await until("all clients to be in their rooms", () => load.clients.every(({ joined }) => joined));
}
