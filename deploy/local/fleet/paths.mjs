// Where the checkout keeps what the fleet runs: binaries, Kafka's jars, the web page, NGINX's template.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const jarsFolder = join(root, ".local/jars");
export const webFolder = join(root, "web/dist");
export const nginxTemplate = join(root, "deploy/nginx/nginx.conf.template");
export const nginxRoutesTemplate = join(root, "deploy/nginx/listed_gateways.conf.template");
export const nginxLocations = join(root, "deploy/nginx/gateway_locations.conf.template");

// CHAT_BUILD names another build folder, such as build/asan, for tests of that build.
export const buildFolder = resolve(root, process.env.CHAT_BUILD ?? "build/release");
export const gatewayBinary = join(buildFolder, "gateway/chat-gateway");
export const persisterBinary = join(buildFolder, "persister/chat-persister");

// Debian puts PostgreSQL's server programs outside the PATH, one folder a version: the newest is taken.
export function postgresBinFolder() {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).filter((name) => existsSync(join(base, name, "bin/initdb"))) : [];
  if (versions.length === 0) {
    throw new Error(`No PostgreSQL server is under ${base}: run deploy/local/setup, which installs one.`);
  }
  versions.sort((a, b) => Number(a) - Number(b));
  return join(base, versions[versions.length - 1], "bin");
}

export function requireFile(path, remedy) {
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: ${remedy}.`);
  }
  return path;
}
