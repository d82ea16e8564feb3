// The break points are in a library of the tests alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gatewayBinary, persisterBinary } from "../../deploy/local/fleet/paths.mjs";
import { breakPointLibrary } from "../support/break_points.mjs";

const switchName = "CHAT_BREAK_POINTS";

test("the services hold no break points", () => {
  assert.ok(readFileSync(breakPointLibrary).includes(switchName), "the library is recognised by this name");
  for (const binary of [gatewayBinary, persisterBinary]) {
    const bytes = readFileSync(binary);
    assert.ok(!bytes.includes(switchName), binary);
    assert.ok(!bytes.includes("stop_if_armed"), binary);
  }
});
