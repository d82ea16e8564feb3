// TCP ports: free ones from the kernel, and who holds one that is taken.
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";

export const anyAddress = "0.0.0.0";

// The IPv4 addresses under which other machines reach this one.
export function machineAddresses() {
  return Object.values(networkInterfaces()).flat().filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
}

// What this process was given: the kernel may give a port that was let go a second time.
const given = new Set();

// Resolves with `count` different ports that were free on `address` a moment ago, none of them given before.
export async function freePorts(count, address = "127.0.0.1") {
  const servers = [];
  const ports = [];
  while (ports.length < count) {
    const server = await listen(0, address);
    servers.push(server);
    const { port } = server.address();
    if (!given.has(port)) {
      ports.push(port);
      given.add(port);
    }
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

export async function freePort(address = "127.0.0.1") {
  return (await freePorts(1, address))[0];
}

export async function isFree(port, address = "127.0.0.1") {
  try {
    const server = await listen(port, address);
    await new Promise((done) => server.close(done));
    return true;
  } catch {
    return false;
  }
}

// Resolves with true once something accepts a connection on the port, with false when nothing does.
export function accepts(port, address = "127.0.0.1", timeoutMs = 1000) {
  return new Promise((done) => {
    const socket = connect({ port, host: address });
    const finish = (result) => {
      socket.destroy();
      done(result);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}

// Names who listens on the port, such as "nginx (pid 812)"; processes of other users are visible to root only.
export function describeOwner(port) {
  const inodes = listeningSockets(port);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (descriptors(pid).some((target) => inodes.has(target))) {
      return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (pid ${pid})`;
    }
  }
  return inodes.size > 0 ? "a process of another user" : "a process that cannot be seen from here";
}

function listen(port, address) {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen({ port, host: address, exclusive: true }, () => done(server));
  });
}

function listeningSockets(port) {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const listening = "0A";
      if (state === listening && local.endsWith(`:${hexPort}`)) {
        inodes.add(`socket:[${inode}]`);
      }
    }
  }
  return inodes;
}

function descriptors(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}
