// One Kafka node (broker and controller in one, KRaft) run from the jars that deploy/local/setup fetched.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { jarsFolder } from "./paths.mjs";
import { accepts } from "./ports.mjs";
import { Process, runToEnd } from "./process.mjs";

// Tests kill the server and start it again at once: it has to wait until its own former session has ended.
const shortSession = { "broker.session.timeout.ms": 4000, "broker.heartbeat.interval.ms": 1000 };
// Kafka on one machine has little to do: the second compiler would cost its start two fifths of its CPU time.
const quickStart = ["-XX:TieredStopAtLevel=1", "-Xshare:auto"];

export class Kafka {
  // folder: data, configuration and pid file; port: for clients; controllerPort: its own quorum of one;
  // quick: for tests, which kill it and start it again at once; settings: further broker properties;
  // clusterId: of the cluster to join with another node's quorum in `settings`; scramUsers: {name: password}, of a new cluster.
  constructor({ folder, logFile, address = "127.0.0.1", port, controllerPort, heapMegabytes = 384, quick = false, settings = {},
    clusterId = randomBytes(16).toString("base64url"), scramUsers = {} }) {
    Object.assign(this, { folder, address, port, controllerPort, quick, settings, clusterId, scramUsers });
    this.configFile = join(folder, "server.properties");
    this.process = new Process({
      name: "Kafka",
      command: "java",
      args: [
        `-Xms${heapMegabytes}m`,
        `-Xmx${heapMegabytes}m`,
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        ...quickStart,
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
        "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
        "-cp",
        classPath(),
        "kafka.Kafka",
        this.configFile,
      ],
      logFile,
      pidFile: join(folder, "pid"),
      stopDeadlineMs: 20_000,
    });
  }

  get pid() {
    return this.process.pid;
  }

  get broker() {
    return `${this.address}:${this.port}`;
  }

  get env() {
    return { KAFKA_BROKER: this.broker };
  }

  async start() {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(this.configFile, this.#properties(join(this.folder, "data")), { mode: 0o600 });
    await this.#formatOnce();
    const logFile = this.process.logFile;
    const before = existsSync(logFile) ? statSync(logFile).size : 0;
    await this.process.start(async () => {
      const log = existsSync(logFile) ? this.process.readLog().slice(before) : "";
      return log.includes("Kafka Server started") && (await accepts(this.port, this.address));
    });
  }

  stop() {
    return this.process.stop();
  }

  kill(signal) {
    this.process.kill(signal);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  // Runs one of Kafka's command-line programs by its Java class, which reads `input`, and resolves with its output.
  tool(className, args, { input } = {}) {
    return runToEnd("java", ["-Xmx128m", "-XX:+UseSerialGC", ...quickStart, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      "-cp", classPath(), className, ...args], { input });
  }

  // Formats into a temporary name first, so that a start that was broken off leaves nothing half done.
  async #formatOnce() {
    const data = join(this.folder, "data");
    if (existsSync(data)) {
      return;
    }
    const fresh = join(this.folder, "data.new");
    const config = join(this.folder, "format.properties");
    rmSync(fresh, { recursive: true, force: true });
    writeFileSync(config, this.#properties(fresh), { mode: 0o600 });
    // Joined by "=", since an id may begin with a dash.
    const users = Object.entries(this.scramUsers).flatMap(([name, password]) =>
      ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => ["--add-scram", `${mechanism}=[name=${name},password=${password}]`]));
    await this.tool("kafka.tools.StorageTool", ["format", `--cluster-id=${this.clusterId}`, "-c", config, ...users]);
    renameSync(fresh, data);
  }

  #properties(data) {
    return Object.entries({
      "process.roles": "broker,controller",
      "node.id": 1,
      "controller.quorum.voters": `1@${this.address}:${this.controllerPort}`,
      "controller.listener.names": "CONTROLLER",
      "inter.broker.listener.name": "PLAINTEXT",
      "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      listeners: `PLAINTEXT://${this.address}:${this.port},CONTROLLER://${this.address}:${this.controllerPort}`,
      "advertised.listeners": `PLAINTEXT://${this.address}:${this.port}`,
      "log.dirs": data,
      "auto.create.topics.enable": false,
      "offsets.topic.num.partitions": 1,
      "offsets.topic.replication.factor": 1,
      "transaction.state.log.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "share.coordinator.state.topic.num.partitions": 1,
      "share.coordinator.state.topic.replication.factor": 1,
      "share.coordinator.state.topic.min.isr": 1,
      "group.initial.rebalance.delay.ms": 0,
      "group.min.session.timeout.ms": 1000,
      "log.segment.bytes": 64 * 1024 * 1024,
      "num.network.threads": 2,
      "num.io.threads": 4,
      ...(this.quick ? shortSession : {}),
      ...this.settings,
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join("");
  }
}

function classPath() {
  const jars = existsSync(jarsFolder) ? readdirSync(jarsFolder).filter((name) => name.endsWith(".jar")) : [];
  if (jars.length === 0) {
    throw new Error(`Kafka's jars are not in ${jarsFolder}: run deploy/local/setup, which fetches them.`);
  }
  return jars.map((name) => join(jarsFolder, name)).join(":");
}
