// A DNS server, Debian's dnsmasq, that answers for the names it is given and for nothing else.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, accepts } from "../../../deploy/local/fleet/ports.mjs";
import { Process } from "../../../deploy/local/fleet/process.mjs";

export class Dns {
  #process;
  #hosts;

  // folder: for its files; address: where it listens, for UDP and TCP.
  static async start({ folder, address }) {
    const dns = new Dns();
    const port = await freePort(address);
    dns.server = `${address}:${port}`;
    dns.#hosts = join(folder, "hosts");
    writeFileSync(dns.#hosts, "");
    dns.#process = new Process({ name: "dnsmasq", command: "/usr/sbin/dnsmasq", logFile: join(folder, "dnsmasq.log"),
      args: ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--no-resolv", "--no-hosts", "--user=", "--log-facility=-",
        `--addn-hosts=${dns.#hosts}`, `--port=${port}`, `--listen-address=${address}`, "--bind-interfaces"] });
    await dns.#process.start(() => accepts(port, address));
    return dns;
  }

  // names: {name: [address]}, all that it knows from now on.
  know(names) {
    const lines = Object.entries(names).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`));
    writeFileSync(this.#hosts, lines.join(""));
    this.#process.kill("SIGHUP");
  }

  stop() {
    return this.#process.stop();
  }
}
