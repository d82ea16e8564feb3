// A PostgreSQL cluster of our own, with one role and one database, both named chat.
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresBinFolder } from "./paths.mjs";
import { Process, isRoot, patience, runToEnd } from "./process.mjs";
import { psql, queryRows } from "./psql.mjs";

const systemUser = "postgres";

export class Postgres {
  // folder: data and pid file; password: of the role chat; adminPassword: of the superuser; durable: false trades safety
  // against power loss for speed in tests (a killed process still loses nothing); settings: further ones of the server.
  constructor({ folder, logFile, address = "127.0.0.1", port, password, adminPassword, durable = true, settings = {} }) {
    Object.assign(this, { folder, logFile, address, port, password, adminPassword, durable, settings });
    this.bin = postgresBinFolder();
    this.user = isRoot ? systemUser : undefined;
  }

  get pid() {
    return this.process?.pid;
  }

  get url() {
    return `postgresql://chat:${this.password}@${this.address}:${this.port}/chat`;
  }

  get env() {
    return { DATABASE_URL: this.url };
  }

  async start() {
    const cluster = await this.#clusterFolder();
    this.clusterFolder = cluster;
    await this.#initialiseOnce(cluster);
    this.process ??= this.#makeProcess(join(cluster, "data"));
    await this.#startOnceFree();
  }

  stop() {
    return this.process?.stop();
  }

  kill(signal) {
    this.process.kill(signal);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  // While the server is stopped: copies its data, and puts the copy in the place of what there is.
  async saveData() {
    const copy = join(mkdtempSync(join(this.clusterFolder, "copy-")), "data");
    await runToEnd("cp", ["-a", join(this.clusterFolder, "data"), copy]);
    return copy;
  }

  async replaceData(copy) {
    const data = join(this.clusterFolder, "data");
    await runToEnd("rm", ["-rf", data]);
    await runToEnd("cp", ["-a", copy, data]);
  }

  // A standby that replicates from this server by streaming, asynchronously, until cutOff() is called. promote() makes it a
  // server of its own, stops it, and resolves with its data, for replaceData(). port: a free one.
  async addStandby(port) {
    const folder = mkdtempSync(join(this.clusterFolder, "standby-"));
    if (this.user) {
      chownSync(folder, ...(await userIds(this.user)));
    }
    const data = join(folder, "data");
    const as = { user: this.user, env: { PGPASSWORD: this.adminPassword } };
    await runToEnd(join(this.bin, "pg_basebackup"), ["-D", data, "-R", "-X", "stream", "-c", "fast", "-h", this.address,
      "-p", String(this.port), "-U", "postgres"], as);
    const log = join(folder, "log");
    const control = (...args) => runToEnd(join(this.bin, "pg_ctl"), ["-D", data, "-w", ...args], as);
    const ask = (sql) => runToEnd(join(this.bin, "psql"), ["-X", "-q", "-A", "-t"], { input: sql, env: { PGHOST: this.address,
      PGPORT: String(port), PGDATABASE: "chat", PGUSER: "postgres", PGPASSWORD: this.adminPassword } });
    await control("start", "-l", log, "-o", `-c listen_addresses=${this.address} -c port=${port} -c unix_socket_directories=''`);
    return {
      async cutOff() {
        await ask("ALTER SYSTEM SET primary_conninfo = ''");
        await ask("SELECT pg_reload_conf()");
      },
      receives: async () => (await ask("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'")).trim() === "1",
      async promote() {
        await control("promote");
        await control("stop", "-m", "fast");
        return data;
      },
    };
  }

  // Resolves with the rows of a query as objects.
  query(sql, { admin = false } = {}) {
    return queryRows(sql, (wrapped) => this.psql(wrapped, { admin }));
  }

  // Runs SQL through psql and resolves with its plain output.
  psql(sql, { admin = false } = {}) {
    return psql(sql, {
      PGHOST: this.address,
      PGPORT: String(this.port),
      PGDATABASE: "chat",
      PGUSER: admin ? "postgres" : "chat",
      PGPASSWORD: admin ? this.adminPassword : this.password,
    });
  }

  #makeProcess(data) {
    const settings = {
      listen_addresses: this.address,
      port: this.port,
      unix_socket_directories: "",
      max_connections: 60,
      ...(this.durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
      ...this.settings,
    };
    return new Process({
      name: "PostgreSQL",
      command: join(this.bin, "postgres"),
      args: ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      logFile: this.logFile,
      pidFile: join(this.folder, "pid"),
      user: this.user,
      stopSignal: "SIGINT",
    });
  }

  // After a crash the old server's children need a moment to go; until then a new one refuses to start.
  async #startOnceFree() {
    const deadline = Date.now() + 10_000 * patience;
    for (;;) {
      try {
        return await this.process.start(() => this.#accepts());
      } catch (error) {
        if (!/shared memory block|lock file/.test(error.message) || Date.now() > deadline) {
          throw error;
        }
      }
    }
  }

  async #accepts() {
    try {
      await runToEnd(join(this.bin, "pg_isready"), ["-q", "-h", this.address, "-p", String(this.port), "-t", "2"]);
      return true;
    } catch {
      return false;
    }
  }

  // The folder that holds the cluster: ours, or where the server's user cannot reach it a temporary one, noted for the next start.
  async #clusterFolder() {
    mkdirSync(this.folder, { recursive: true });
    if (!this.user) {
      return this.folder;
    }
    const note = join(this.folder, "location");
    if (existsSync(note)) {
      const noted = readFileSync(note, "utf8").trim();
      if (existsSync(noted)) {
        return noted;
      }
    }
    const own = join(this.folder, "cluster");
    mkdirSync(own, { recursive: true });
    if (await this.#handOver(own)) {
      return own;
    }
    for (const parent of [tmpdir(), "/tmp", "/var/tmp"]) {
      const elsewhere = mkdtempSync(join(parent, "chat-postgres-"));
      if (await this.#handOver(elsewhere)) {
        writeFileSync(note, elsewhere + "\n");
        return elsewhere;
      }
      rmSync(elsewhere, { recursive: true });
    }
    throw new Error(`The user ${this.user} can write neither below ${this.folder} nor in a temporary folder: give a --folder it can reach.`);
  }

  // Gives the folder to the server's user; resolves with whether that user can reach it.
  async #handOver(folder) {
    chownSync(folder, ...(await userIds(this.user)));
    return runToEnd("test", ["-w", folder, "-a", "-x", folder], { user: this.user }).then(() => true, () => false);
  }

  async #initialiseOnce(cluster) {
    const data = join(cluster, "data");
    if (existsSync(data)) {
      return;
    }
    const fresh = join(cluster, "data.new");
    const passwordFile = join(cluster, "admin-password");
    rmSync(fresh, { recursive: true, force: true });
    writeFileSync(passwordFile, this.adminPassword + "\n", { mode: 0o600 });
    if (this.user) {
      chownSync(passwordFile, ...(await userIds(this.user)));
    }
    const as = { user: this.user };
    await runToEnd(join(this.bin, "initdb"), ["-D", fresh, "-U", "postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256",
      "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", ...(this.durable ? [] : ["--no-sync"])], as);
    rmSync(passwordFile);
    // Single-user mode needs no port and no login, and reads one statement a line.
    const sql = `CREATE ROLE chat LOGIN PASSWORD '${this.password}'\nCREATE DATABASE chat OWNER chat\n`;
    await runToEnd(join(this.bin, "postgres"), ["--single", "-D", fresh, "-c", "exit_on_error=on", "postgres"], { ...as, input: sql });
    chmodSync(fresh, 0o700);
    renameSync(fresh, data);
  }
}

async function userIds(user) {
  return Promise.all([runToEnd("id", ["-u", user]), runToEnd("id", ["-g", user])]).then((ids) => ids.map(Number));
}
