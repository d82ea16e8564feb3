// One chat-persister process.
import { persisterBinary } from "./paths.mjs";
import { Service } from "./service.mjs";

export class Persister extends Service {
  // name: for messages and logs only; env: addresses of the servers it uses, and any other setting.
  constructor({ name, address = "127.0.0.1", adminPort, env, logFile, pidFile, binary = persisterBinary }) {
    super({ name, binary, address, adminPort, env, logFile, pidFile });
  }
}
