// A fleet's servers with certificates and users, as a provider would run them, beside the plain ports that the tests use.
import { chmodSync, chownSync, statSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { isRoot, runToEnd } from "../../../deploy/local/fleet/process.mjs";
import { makeCertificates } from "./certificates.mjs";

export const newPassword = () => randomBytes(12).toString("hex");
const jaas = "org.apache.kafka.common.security";

// Before the fleet's start. Its certificates are for the name localhost only, so that 127.0.0.1 is a wrong name.
// users: of Kafka. Resolves with {caFile, otherCaFile, passwords: {user: password}, kafkaBroker, redisPort}.
export async function secureServers(fleet, { users }) {
  const certificates = await makeCertificates(join(fleet.folder, "certificates"), { names: ["localhost"] });
  const other = await makeCertificates(join(fleet.folder, "other-certificates"));
  const [kafkaPort, redisPort] = await freePorts(2, fleet.address);
  const passwords = Object.fromEntries(users.map((user) => [user, newPassword()]));
  secureKafka(fleet.kafka, kafkaPort, certificates, passwords);
  secureRedis(fleet.redis, redisPort, certificates);
  await securePostgres(fleet.postgres, certificates);
  return { caFile: certificates.caFile, otherCaFile: other.caFile, passwords, kafkaBroker: `localhost:${kafkaPort}`, redisPort };
}

// A second listener for clients, with TLS and users. Who comes by the plain one may do everything.
function secureKafka(kafka, port, { storeFile }, passwords) {
  const { address, controllerPort } = kafka;
  const plain = Object.entries(passwords).map(([name, password]) => `user_${name}="${password}"`).join(" ");
  const listener = "listener.name.secure";
  kafka.scramUsers = passwords;
  Object.assign(kafka.settings, {
    listeners: `PLAINTEXT://${address}:${kafka.port},SECURE://${address}:${port},CONTROLLER://${address}:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://${address}:${kafka.port},SECURE://localhost:${port}`,
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL",
    [`${listener}.ssl.keystore.type`]: "PEM",
    [`${listener}.ssl.keystore.location`]: storeFile,
    [`${listener}.sasl.enabled.mechanisms`]: "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    [`${listener}.plain.sasl.jaas.config`]: `${jaas}.plain.PlainLoginModule required ${plain};`,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: `${jaas}.scram.ScramLoginModule required;`,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
  });
}

function secureRedis(redis, port, { certificateFile, keyFile, caFile }) {
  redis.lines.push(`tls-port ${port}`, `tls-cert-file ${certificateFile}`, `tls-key-file ${keyFile}`, `tls-ca-cert-file ${caFile}`,
    "tls-auth-clients no");
}

// The server's user has to read the key, and nobody else may.
async function securePostgres(postgres, { certificateFile, keyFile }) {
  if (isRoot) {
    const group = Number(await runToEnd("id", ["-g", postgres.user]));
    chownSync(keyFile, statSync(keyFile).uid, group);
    chmodSync(keyFile, 0o640);
  }
  Object.assign(postgres.settings, { ssl: "on", ssl_cert_file: certificateFile, ssl_key_file: keyFile });
}

// The rights that deploy/README.md lists, as ACLs of Kafka: what each user may do with which resource.
export const kafkaRights = {
  gateway: [["topic", "MESSAGES", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS", "READ"], ["cluster", "kafka-cluster", "DESCRIBE_CONFIGS"]],
};
