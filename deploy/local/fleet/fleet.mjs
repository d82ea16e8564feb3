// The whole system on one machine: Redis, Kafka, PostgreSQL, gateways, persisters and NGINX, in one folder.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Gateway } from "./gateway.mjs";
import { Kafka } from "./kafka.mjs";
import { ManagedPostgres, ManagedServer } from "./managed.mjs";
import { Nginx } from "./nginx.mjs";
import { Persister } from "./persister.mjs";
import { anyAddress, freePorts, machineAddresses } from "./ports.mjs";
import { Postgres } from "./postgres.mjs";
import { Redis } from "./redis.mjs";
import { loadSecrets } from "./secrets.mjs";

export class Fleet {
  // Chooses ports and prepares the folder; starts nothing. webPort and port may be 0: the kernel chooses. NGINX alone listens on
  // `listen`; everything else stays on `address`.
  // gatewayEnv, persisterEnv: further settings; test: quick rather than durable servers, durable: PostgreSQL all the same.
  // env: settings of all services; what they name of Redis, Kafka and PostgreSQL is not started here.
  static async prepare({ folder, address = "127.0.0.1", listen = address, gateways = 2, persisters = 1, port = 0, webPort = 0, gatewayEnv = {},
    persisterEnv = {}, env = {}, test = false, durable = !test }) {
    mkdirSync(folder, { recursive: true });
    const fleet = new Fleet();
    Object.assign(fleet, { folder, address, listen, given: env, persisterEnv, gateways: [], persisters: [], ready: false });
    // Nobody waits at Ctrl-C, or in a test, for clients to move slowly.
    fleet.gatewayEnv = { DRAIN_SECONDS: test ? "0" : "1", ...gatewayEnv };
    const secrets = loadSecrets(join(folder, "secrets.json"), ["redis", "postgres", "postgresAdmin"]);
    const [redis, kafka, controller, postgres, ...more] = await freePorts(6, address);
    const place = (name) => ({ folder: join(folder, name), logFile: fleet.#log(name), address });
    fleet.redis = fleet.#managedRedis() ?? new Redis({ ...place("redis"), port: redis, password: secrets.redis });
    fleet.kafka = fleet.#managedKafka() ?? new Kafka({ ...place("kafka"), port: kafka, controllerPort: controller, heapMegabytes: test ? 256 : 384, quick: test });
    fleet.postgres = (env.DATABASE_URL && new ManagedPostgres(env)) || new Postgres({ ...place("postgres"), port: postgres, password: secrets.postgres,
      adminPassword: secrets.postgresAdmin, durable });
    for (const name of ["redis", "kafka", "nginx", "logs", "run"]) {
      mkdirSync(join(folder, name), { recursive: true });
      chmodSync(join(folder, name), 0o700);
    }
    fleet.ports = { port: port || more[0], webPort: webPort || more[1] };
    for (let i = 0; i < gateways; i++) {
      await fleet.addGateway();
    }
    for (let i = 0; i < persisters; i++) {
      await fleet.addPersister();
    }
    fleet.nginx = new Nginx({ ...place("nginx"), ...fleet.ports, address: listen, hosts: fleet.hosts, gateways: fleet.gateways });
    return fleet;
  }

  // The settings with which any of our services finds the servers.
  get env() {
    return { ...this.redis.env, ...this.kafka.env, ...this.postgres.env, ...this.given };
  }

  // Where NGINX serves the page, which polls the gateways by another port.
  get pageOrigins() {
    return this.hosts.map((host) => `http://${host}:${this.ports.webPort}`).join();
  }

  // The names under which a browser may find NGINX.
  get hosts() {
    return [...new Set(["localhost", this.address, ...(this.listen === anyAddress ? machineAddresses() : [this.listen])])];
  }

  // Adds a gateway, not started; NGINX knows it from its next start or reload on.
  async addGateway(env = {}) {
    const [port, adminPort] = await freePorts(2, this.address);
    const id = `gateway-${this.gateways.length + 1}`;
    const gateway = new Gateway({ id, address: this.address, port, adminPort, logFile: this.#log(id), pidFile: this.#pid(id),
      env: { ...this.env, ALLOWED_ORIGINS: this.pageOrigins, ...this.gatewayEnv, ...env } });
    this.gateways.push(gateway);
    return gateway;
  }

  async addPersister(env = {}) {
    const [adminPort] = await freePorts(1, this.address);
    const name = `persister-${this.persisters.length + 1}`;
    const persister = new Persister({ name, address: this.address, adminPort, logFile: this.#log(name), pidFile: this.#pid(name),
      env: { ...this.env, ...this.persisterEnv, ...env } });
    this.persisters.push(persister);
    return persister;
  }

  // Starts everything, what is independent side by side. onStep(text) is told what is ready, as it gets ready.
  // After an error what runs is still running: stop() ends it.
  async start(onStep = () => {}) {
    const timed = async (name, work) => {
      const begin = Date.now();
      await work();
      onStep(`${name} ready after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
    };
    await all([
      timed("Redis", () => this.redis.start()),
      timed("Kafka", () => this.kafka.start()),
      timed("PostgreSQL", () => this.postgres.start()),
    ]);
    await all([
      ...this.persisters.map((persister) => timed(persister.name, () => persister.start())),
      ...this.gateways.map((gateway) => timed(gateway.id, () => gateway.start())),
      timed("NGINX", () => this.nginx.start()),
    ]);
    this.ready = true;
  }

  get servers() {
    return [this.redis, this.kafka, this.postgres, this.nginx, ...this.gateways, ...this.persisters].filter(({ process }) => process);
  }

  // Until `ended` resolves: starts again whatever ends by itself, and tells onStep(text).
  async supervise(ended, onStep) {
    let stopping = false;
    ended.then(() => (stopping = true));
    const watch = async (server) => {
      const { name } = server.process;
      while (!stopping) {
        const { code, signal } = await server.process.exited;
        const pause = delay(1000);
        await Promise.race([pause, ended]);
        if (!stopping) {
          onStep(`${name} ended (${signal ?? `exit code ${code}`}): starting it again`);
          await server.start().then(() => onStep(`${name} is ready again`), (error) => onStep(error.message));
        }
      }
    };
    this.servers.forEach((server) => void watch(server));
    await ended;
  }

  // Stops everything in the order that loses nothing: first who takes messages, last who keeps them.
  async stop() {
    await all([this.nginx.stop(), ...this.gateways.map((gateway) => gateway.stop())]);
    await all(this.persisters.map((persister) => persister.stop()));
    await all([this.kafka.stop(), this.redis.stop(), this.postgres.stop()]);
  }

  #managedRedis() {
    const { REDIS_URLS: url, REDIS_HOST: host, REDIS_PORT: port = 6379 } = this.given;
    return url || host ? new ManagedServer({}, url ? new URL(url).host : `${host}:${port}`) : null;
  }

  #managedKafka() {
    const broker = this.given.KAFKA_BROKER;
    return broker ? new ManagedServer({}, broker) : null;
  }

  #log(name) {
    return join(this.folder, "logs", `${name}.log`);
  }

  #pid(name) {
    return join(this.folder, "run", name);
  }
}

// Like Promise.all, but waits for all even if one fails, so that nothing still starts while others are stopped.
async function all(promises) {
  const failed = (await Promise.allSettled(promises)).find((result) => result.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
}
