// A file of settings, as systemd's EnvironmentFile and Docker's --env-file read it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

export class EnvFileError extends Error {}

// Returns {NAME: value}. Lines are NAME=value, empty or comments (#); quotes around a whole value are taken off, nothing in it is
// expanded. Files that it names are looked for beside it.
export function readEnvFile(file) {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new EnvFileError(`${file} cannot be read (${error.code}).`);
  }
  const env = {};
  text.split("\n").forEach((line, i) => {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) {
      return;
    }
    const found = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(content);
    if (!found) {
      throw new EnvFileError(`Line ${i + 1} of ${file} is not of the form NAME=value.`);
    }
    const [, name, value] = found;
    env[name] = withFilesBeside(name, /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value, dirname(resolve(file)));
  });
  return env;
}

function withFilesBeside(name, value, folder) {
  if (name.endsWith("_FILE") && value !== "") {
    return resolve(folder, value);
  }
  // libpq would look for it in the folder in which the service was started.
  return name === "DATABASE_URL"
    ? value.replace(/([?&]sslrootcert=)([^&]+)/, (_, before, path) => before + encodeURIComponent(resolve(folder, decodeURIComponent(path))).replaceAll("%2F", "/"))
    : value;
}
