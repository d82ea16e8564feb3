// welcome, hello and ping.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client } from "../support/client.mjs";
import { member, newRoom } from "../support/room.mjs";

export function sessionTests(gateway) {
  describe("welcome and hello", () => {
    test("the welcome comes right after the upgrade and tells version, session, gateway, user and limits", async () => {
      const client = await Client.connect(gateway().url);
      const { session, user, ...rest } = client.frames[0];
      assert.match(session, /^.+$/);
      assert.match(user, /^guest-/);
      assert.equal(rest.type, "welcome");
      assert.equal(rest.version, 1);
      assert.equal(rest.gateway, gateway().id);
      assert.equal(typeof rest.limits, "object");
      await client.close();
    });

    test("hello is answered by a welcome with its id, and the name is the sender from then on", async () => {
      const room = newRoom("hello");
      const client = await member(gateway(), room);
      const welcome = await client.hello({ id: "my hello", name: "Ann Ä ☃ 😀" });
      assert.deepEqual([welcome.id, welcome.user, welcome.version], ["my hello", "Ann Ä ☃ 😀", 1]);
      await client.send(room, "who am I?");
      const [message] = await client.waitForMessages(room, 1);
      assert.deepEqual([message.sender, message.sender_name], ["Ann Ä ☃ 😀", "Ann Ä ☃ 😀"]);
      assert.equal((await client.hello({})).user, "Ann Ä ☃ 😀");
      await client.close();
    });

    test("a name that is empty, too long or has control characters is refused and the old one stays", async () => {
      const client = await Client.connect(gateway().url);
      for (const name of ["", "x".repeat(65), "a\nb", "a\u0000b", "a\u007fb", "a\u0085b", "a\ud800", 7, ["Ann"]]) {
        const answer = await client.request({ type: "hello", name });
        assert.deepEqual([answer.type, answer.code], ["error", "bad_request"], JSON.stringify(name));
      }
      assert.equal((await client.hello({ name: "😀".repeat(64) })).user, "😀".repeat(64));
      await client.close();
    });
  });

  describe("ping and unknown fields", () => {
    test("ping is answered by pong with its id, or without one", async () => {
      const client = await Client.connect(gateway().url);
      assert.deepEqual(await client.request({ type: "ping", id: "é".repeat(64) }), { type: "pong", id: "é".repeat(64) });
      client.write({ type: "ping" });
      assert.deepEqual(await client.waitFor((frame) => frame.type === "pong" && !("id" in frame)), { type: "pong" });
      await client.close();
    });

    test("fields that the protocol does not know are ignored, even ones nested thousands deep", async () => {
      const client = await Client.connect(gateway().url);
      client.write(`{"type":"ping","id":"deep","colour":{"a":null},"deep":${"[".repeat(20_000)}${"]".repeat(20_000)}}`);
      await client.waitFor((frame) => frame.type === "pong" && frame.id === "deep");
      await client.close();
    });
  });
}
