// One chat-gateway process.
import { gatewayBinary } from "./paths.mjs";
import { Service } from "./service.mjs";

export class Gateway extends Service {
  // id: GATEWAY_ID; port: for clients; env: addresses of the servers it uses, and any other setting.
  constructor({ id, address = "127.0.0.1", port, adminPort, env, logFile, pidFile, binary = gatewayBinary }) {
    super({
      name: id,
      binary,
      address,
      adminPort,
      env: { GATEWAY_ID: id, LISTEN_ADDRESS: address, PORT: String(port), ...env },
      logFile,
      pidFile,
    });
    this.id = id;
    this.port = port;
  }

  get url() {
    return `${this.process.env.TLS_CERTIFICATE_FILE ? "wss" : "ws"}://${this.address}:${this.port}/ws`;
  }
}
