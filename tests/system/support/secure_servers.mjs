// A fleet's servers with certificates and users, as a provider would run them, beside the plain ports that the tests use.
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import kafkajs from "kafkajs";
import { root } from "../../../deploy/local/fleet/paths.mjs";
import { freePorts } from "../../../deploy/local/fleet/ports.mjs";
import { isRoot, runToEnd } from "../../../deploy/local/fleet/process.mjs";
import { makeCertificates } from "./certificates.mjs";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

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

// The rights that deploy/README.md lists for the user of one service, as Kafka's ACLs. service: gateway, persister.
export function documentedKafkaAcls(service) {
  const row = tableRow(`the ${service}'s`);
  const [topic, letters, group, cluster] = row.map((cell) => [...cell.matchAll(/\b(DescribeConfigs|Describe|Write|Read)\b/g)].map(([name]) => name));
  const groupName = "message-consumer-group"; // KAFKA_GROUP's default
  return [["TOPIC", "MESSAGES", topic], ["TOPIC", "MESSAGES.dead", letters], ["GROUP", groupName, group], ["CLUSTER", "kafka-cluster", cluster]]
    .flatMap(([type, name, operations]) => operations.map((operation) => ({
      resourceType: AclResourceTypes[type], resourceName: name, resourcePatternType: ResourcePatternTypes.LITERAL, principal: `User:${service}`,
      host: "*", operation: AclOperationTypes[operation.replace(/(?<=[a-z])(?=[A-Z])/, "_").toUpperCase()], permissionType: AclPermissionTypes.ALLOW,
    })));
}

// The words of the documented ACL SETUSER with a password; more: further rights.
export function documentedRedisAcl(user, password, more = []) {
  const [text] = new RegExp(`ACL SETUSER ${user} [^\n]*\n[^\n]*`).exec(readme());
  return [...text.trim().split(/\s+/).map((word) => (word === ">…" ? `>${password}` : word)), ...more];
}

// The cells behind the first one of the row that begins with it, of the table of Kafka's rights.
function tableRow(first) {
  const line = readme().split("\n").find((text) => text.startsWith(`| ${first} |`));
  return line.split("|").slice(2, -1);
}

const readme = () => readFileSync(join(root, "deploy/README.md"), "utf8");

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
