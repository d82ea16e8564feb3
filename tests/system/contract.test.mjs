// PROTOCOL.md and asyncapi.yaml against each other and against a running fleet. The client of the system tests checks
// every frame that any test receives against asyncapi.yaml; here each documented frame is also brought about once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { Client } from "./support/client.mjs";
import { clientFrames, document, errorCodes, faultOfClientFrame, faultOfGatewayFrame, gatewayFrames } from "./support/contract.mjs";
import { startFleet } from "./support/fleet.mjs";
import { newRoom } from "./support/room.mjs";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const protocol = read("PROTOCOL.md");

// The rows of the first table below a heading, cell by cell.
function tableBelow(heading) {
  const section = protocol.split(new RegExp(`^#+ ${heading}$`, "m"))[1];
  assert.ok(section, `PROTOCOL.md has a section ${heading}`);
  return section.split(/^#/m)[0].split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

const typesOf = (heading) => tableBelow(heading).map(([frame]) => /"type":"(\w+)"/.exec(frame)[1]);
const sorted = (names) => [...names].sort();

let fleet;
before(async () => {
  fleet = await startFleet({ gateways: 1, persisters: 1 });
});
after(() => fleet?.stop());

test("asyncapi.yaml is an AsyncAPI 3 document", () => {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats(ajv);
  const schema = JSON.parse(read("tests/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"));
  const isValid = ajv.compile(schema);
  assert.ok(isValid(document), ajv.errorsText(isValid.errors));
  assert.ok(!isValid({ ...document, channels: { chat: { address: 7 } } }), "a wrong one is noticed");
});

test("PROTOCOL.md and asyncapi.yaml name the same frames", () => {
  assert.deepEqual(sorted(typesOf("Client to gateway")), sorted(clientFrames.keys()));
  assert.deepEqual(sorted(typesOf("Gateway to client")), sorted(gatewayFrames.keys()));
});

test("PROTOCOL.md, asyncapi.yaml and the gateway have the same error codes", () => {
  const documented = tableBelow("Error codes").flatMap(([codes]) => [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code));
  const ours = [...read("gateway/chat/error_code.cpp").matchAll(/return "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual(sorted(documented), sorted(errorCodes));
  assert.deepEqual(sorted(new Set(ours)), sorted(errorCodes));
});

test("PROTOCOL.md, the gateway and the page have the same close codes", () => {
  const documented = tableBelow("Close codes").map(([code, , reconnect]) => [Number(code), reconnect === "yes"]);
  const header = read("gateway/connection/close_codes.hpp");
  const numbers = Object.fromEntries([...header.matchAll(/uint16_t (\w+) = (\d+);/g)].map(([, name, code]) => [name, Number(code)]));
  const ours = [...header.matchAll(/\{close_code::(\w+),[^}]*?(true|false)\}/gs)].map(([, name, reconnect]) => [numbers[name], reconnect === "true"]);
  assert.deepEqual(documented, ours);
  const page = read("web/src/client/close_codes.ts");
  const rules = [...page.matchAll(/^ {2}(\d+): \{ comeBack: "(\w+)"/gm)].map(([, code, comeBack]) => [Number(code), comeBack !== "never"]);
  // A browser reports these two itself.
  assert.deepEqual(rules.filter(([code]) => ![1005, 1006].includes(code)), documented);
});

test("the frames in PROTOCOL.md's first conversation are as documented", () => {
  const lines = protocol.split("## A first conversation")[1].split("## Values")[0].split("\n");
  const frames = lines.map((line) => /^ {4}([→←]) (\{.*\})$/.exec(line)).filter(Boolean);
  assert.ok(frames.length >= 9, `${frames.length} frames`);
  for (const [, direction, text] of frames) {
    const frame = JSON.parse(text.replaceAll("[…]", "[]").replaceAll("{…}", '{"text_characters":1,"frame_bytes":1,"rooms":1,"history":1,"sends_in_flight":1}')
      .replaceAll("0b9f6b1e-…", "0b9f6b1e-6f0c-4a53-9f4e-3f8f6c1f2a10"));
    assert.equal((direction === "→" ? faultOfClientFrame : faultOfGatewayFrame)(frame), null, text);
  }
});

test("a gateway sends every documented frame, each as documented", async () => {
  const room = newRoom();
  const ann = await Client.connect(fleet.gateways[0].url, { name: "Ann" });
  const bob = await Client.connect(fleet.gateways[0].url, { name: "Bob" });
  const joined = await ann.join(room, { presence: true });
  await bob.join(room);
  const id = randomUUID();
  ann.write({ type: "send", id, room, text: "hello" });
  await ann.waitFor((frame) => frame.type === "ack" && frame.id === id);
  await ann.waitFor((frame) => frame.type === "stored" && frame.room === room);
  bob.write({ type: "typing", id: "t", room });
  await bob.waitFor((frame) => frame.type === "typing_taken" && frame.id === "t");
  bob.write({ type: "dance", id: "d" });
  await bob.waitFor((frame) => frame.type === "error" && frame.id === "d");
  ann.write({ type: "history", id: "h", room, before: { epoch: joined.epoch, seq: 1000 }, limit: 10 });
  ann.write({ type: "ping", id: "p" });
  for (const type of ["history", "pong", "presence", "typing", "message"]) {
    await ann.waitFor((frame) => frame.type === type);
  }
  bob.write({ type: "leave", id: "l", room });
  await bob.waitFor((frame) => frame.type === "left");
  await fleet.gateways[0].stop();
  await ann.waitFor((frame) => frame.type === "reconnect");
  await Promise.all([ann.closed, bob.closed]);
  const seen = new Set([...ann.frames, ...bob.frames].map(({ type }) => type));
  assert.deepEqual(sorted(seen), sorted(gatewayFrames.keys()));
  for (const frame of [...ann.frames, ...bob.frames]) {
    assert.equal(faultOfGatewayFrame(frame), null, JSON.stringify(frame));
  }
});
