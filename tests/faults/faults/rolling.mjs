// Every gateway restarted in turn, as for a new version, under many clients that come through NGINX.

export const rollingRestart = {
  name: "rolling",
  title: "rolling restart",
  // A gateway that is about to stop takes no more sends, and answers those that still wait before it closes.
  codes: ["overloaded", "unavailable"],
  load: { clients: 3000, rooms: 150, roomsEach: 1, inFlight: 1, mayComeBackAfterMs: 2000, perSecond: 600, throughNginx: true },
  shortLoad: { clients: 400, rooms: 40 },
  fleet: { gateways: 3 },
  async strike(scene) {
    const { fleet, load } = scene;
    for (const gateway of fleet.gateways) {
      await scene.moment();
      const moved = scene.clientsOn(gateway);
      const strike = scene.strike(`${gateway.id} restarted under ${moved.length} clients`, { clients: moved });
      scene.watch.expectEnd(gateway.pid);
      const { code } = await gateway.stop();
      strike.hit &&= moved.length > 0 && !gateway.process.running;
      if (code !== 0) {
        scene.ledger.surprise(`${gateway.id} ended with exit code ${code} on SIGTERM`);
      }
      await gateway.start();
      await scene.until("all clients to be back", () => load.clients.every(({ joined }) => joined), 120_000);
      scene.note(`${moved.length} clients of ${gateway.id} were back after ${((Date.now() - strike.at) / 1000).toFixed(1)} s`);
    }
  },
};
