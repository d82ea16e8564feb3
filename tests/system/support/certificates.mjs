// Certificates for servers in tests: an authority of our own, and what it signed.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { runToEnd } from "../../../deploy/local/fleet/process.mjs";

// Makes an authority and one certificate for all `names` (host names and addresses) in the folder, valid for `days`. Resolves with
// the paths of {caFile, certificateFile, keyFile, storeFile}, all PEM; the store is key, certificate and authority in one, as Kafka
// reads it. Each call makes an authority of its own, which knows nothing of the others.
export async function makeCertificates(folder, { names = ["localhost", "127.0.0.1"], days = 2 } = {}) {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const paths = Object.fromEntries(
    [["caFile", "ca.pem"], ["caKeyFile", "ca.key"], ["certificateFile", "server.pem"], ["keyFile", "server.key"], ["storeFile", "store.pem"]]
      .map(([name, file]) => [name, join(folder, file)]),
  );
  const alternatives = names.map((name) => `${isIP(name) ? "IP" : "DNS"}:${name}`).join();
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", String(days)];
  await runToEnd("openssl", ["req", "-x509", ...newKey, "-subj", "/CN=authority of a test", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    "-keyout", paths.caKeyFile, "-out", paths.caFile]);
  await runToEnd("openssl", ["req", "-x509", ...newKey, "-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`,
    "-addext", "basicConstraints=critical,CA:FALSE", "-CA", paths.caFile, "-CAkey", paths.caKeyFile, "-keyout", paths.keyFile,
    "-out", paths.certificateFile]);
  writeFileSync(paths.storeFile, [paths.keyFile, paths.certificateFile, paths.caFile].map((file) => readFileSync(file, "utf8")).join(""), { mode: 0o600 });
  return paths;
}
