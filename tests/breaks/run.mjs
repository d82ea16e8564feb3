// Applies each deliberate break of an invariant to a copy of the tree and demands that the tests it names turn red.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "../..");
const tree = join(root, "build/breaks/tree");
const build = join(tree, "build/release");
const services = ["chat-gateway", "chat-persister"];
const testDeadlineMs = 300_000;

// A patch's head has these lines: "Break: what is done", and once or more "Red: unit TARGET FILTER" or
// "Red: system FILE NAME", NAME being the beginning of the test's name.
function readBreak(file) {
  const [head] = readFileSync(join(folder, file), "utf8").split(/^--- /m);
  const values = (name) => [...head.matchAll(new RegExp(`^${name}: (.+)$`, "gm"))].map((match) => match[1].trim());
  const tests = values("Red").map((line) => {
    const [, kind, where, name] = /^(unit|system) (\S+) (.+)$/.exec(line) ?? fail(`${file}: cannot read "Red: ${line}".`);
    return { kind, where, name };
  });
  const targets = tests.flatMap(({ kind, where }) => (kind === "unit" ? [where] : services));
  if (tests.length === 0 || values("Break").length !== 1) {
    fail(`${file} names no test, or not one break.`);
  }
  return { file, what: values("Break")[0], tests, targets: [...new Set(targets)] };
}

function fail(message) {
  throw new Error(message);
}

// Resolves with {code, output}.
function run(command, args, { env = {}, cwd = root, deadlineMs } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], timeout: deadlineMs });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", failed);
    child.once("close", (code, signal) => {
      if (signal) {
        failed(new Error(`${command} ${args.join(" ")} was ended by ${signal}, as too slow or from outside:\n${output.split("\n").slice(-20).join("\n")}`));
      } else {
        done({ code, output });
      }
    });
  });
}

async function mustRun(what, command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) {
    fail(`${what} failed:\n${output.trim().split("\n").slice(-25).join("\n")}`);
  }
  return output;
}

// Makes the copy equal to the checkout. A file that is equal already keeps its time, so that little is built again.
async function syncTree() {
  const listed = await mustRun("git ls-files", "git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const wanted = listed.split("\0").filter((path) => path && !path.startsWith("web/") && existsSync(join(root, path)));
  for (const path of wanted) {
    const content = readFileSync(join(root, path));
    const copy = join(tree, path);
    if (!existsSync(copy) || !readFileSync(copy).equals(content)) {
      mkdirSync(dirname(copy), { recursive: true });
      writeFileSync(copy, content);
    }
  }
  const keep = new Set(wanted);
  const present = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of present) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const relative = path.slice(tree.length + 1);
    if (!relative.startsWith("build/") && !keep.has(relative)) {
      rmSync(path);
    }
  }
}

async function buildTargets(targets) {
  if (!existsSync(join(build, "build.ninja"))) {
    await mustRun("cmake", "cmake", ["--preset", "release"], { cwd: tree });
  }
  await mustRun("the build", "cmake", ["--build", build, "--target", ...targets]);
}

// Resolves with {ran, red, output}: whether a test of that name ran, and whether it failed.
async function runTest({ kind, where, name }) {
  const options = { deadlineMs: testDeadlineMs };
  if (kind === "unit") {
    const binary = (await mustRun("find", "find", [build, "-type", "f", "-name", where])).trim();
    const { output } = await run(binary, [`--gtest_filter=${name}`], options);
    return { ran: /\[ RUN {6}\]/.test(output), red: /\[ {2}FAILED {2}\]/.test(output), output };
  }
  const pattern = `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
  const args = ["--test", "--test-reporter=tap", `--test-name-pattern=${pattern}`, join(root, "tests/system", where)];
  const { output } = await run("node", args, { ...options, env: { CHAT_BUILD: build } });
  const results = output.split(/^(?=\s*(?:not )?ok \d+ - )/m).filter((result) => result.split("\n")[0].includes(` - ${name}`) && !result.includes("# SKIP"));
  // Where the servers did not even start, nothing was tested.
  const ran = results.length > 0 && !results.some((result) => result.includes("failureType: 'hookFailed'"));
  return { ran, red: results.some((result) => result.trimStart().startsWith("not ok")), output };
}

async function expect(red, tests) {
  for (const test of tests) {
    const result = await runTest(test);
    const name = `${test.kind} test ${test.where} "${test.name}"`;
    if (!result.ran) {
      fail(`the ${name} did not run:\n${result.output.split("\n").slice(-20).join("\n")}`);
    }
    if (result.red !== red) {
      fail(red ? `the ${name} stayed green with the break` : `the ${name} is red without the break:\n${result.output.split("\n").slice(-40).join("\n")}`);
    }
  }
}

async function tryBreak({ file, targets, tests }) {
  await syncTree();
  await buildTargets(targets);
  await expect(false, tests);
  // The copy lies below the checkout, whose repository must not be taken for the copy's.
  const apart = { cwd: tree, env: { GIT_CEILING_DIRECTORIES: dirname(tree) } };
  await mustRun(`${file} no longer fits the code; git apply`, "git", ["apply", "-C1", join(folder, file)], apart);
  try {
    await buildTargets(targets);
    await expect(true, tests);
  } finally {
    await syncTree();
  }
}

const only = process.argv[2] ?? "";
const breaks = readdirSync(folder).filter((name) => name.endsWith(".patch") && name.startsWith(only)).sort().map(readBreak);
if (breaks.length === 0) {
  fail(`No break begins with "${only}".`);
}
mkdirSync(tree, { recursive: true });
let failures = 0;
for (const [i, one] of breaks.entries()) {
  const begin = Date.now();
  const outcome = await tryBreak(one).then(() => "red, as it must be", (error) => `WRONG: ${error.message}`);
  failures += outcome.startsWith("WRONG");
  console.log(`${i + 1}/${breaks.length} ${one.file}: ${one.what}: ${outcome} (${((Date.now() - begin) / 1000).toFixed(0)} s)`);
}
console.log(`${breaks.length - failures} of ${breaks.length} breaks turned their tests red.`);
process.exitCode = failures > 0 ? 1 : 0;
