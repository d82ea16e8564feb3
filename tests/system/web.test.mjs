// The web page in a real browser: two users on two gateways see
// each other's messages, with a tick once they are logged and two once they are stored.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { launchBrowser, Tab } from "./support/browser.mjs";
import { waitForRows } from "./support/db.mjs";
import { startFleet } from "./support/fleet.mjs";

let fleet;
let browser;
before(async () => {
  [fleet, browser] = await Promise.all([startFleet({ gateways: 2 }), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await fleet?.stop();
});

test("a message typed in one tab appears in both, which are on two gateways, and gets its ticks", async () => {
  const ada = await Tab.open(browser, fleet.nginx.webUrl, "Ada");
  const grace = await Tab.open(browser, fleet.nginx.webUrl, "Grace");
  assert.deepEqual([await ada.gateway(), await grace.gateway()].sort(), ["gateway-1", "gateway-2"]);

  // Markup, to see that it stays text.
  const text = `Hello <b>everybody</b> 😀 ${randomUUID()}`;
  await ada.type(text);
  const id = await ada.logged(text);
  await grace.messages(text).waitFor();
  assert.equal(await grace.senderOf(text), "Ada");
  const reply = `Hello Ada ${randomUUID()}`;
  await grace.type(reply);
  await grace.logged(reply);
  await ada.messages(reply).waitFor();

  for (const tab of [ada, grace]) {
    assert.equal(await tab.messages(text).count(), 1);
    assert.equal(await tab.messages(reply).count(), 1);
    assert.deepEqual(tab.complaints, []);
  }
  const rows = await waitForRows(fleet, "general", 2);
  assert.deepEqual(
    rows.map(({ sender_name, text }) => [sender_name, text]),
    [
      ["Ada", text],
      ["Grace", reply],
    ],
  );
  assert.equal(rows[0].id, id);
  await Promise.all([ada.stored(text), grace.stored(reply)]);

  await ada.page.reload();
  await ada.messages(reply).waitFor();
  assert.equal(await ada.messages(text).count(), 1);
  assert.deepEqual(ada.complaints, []);
  await Promise.all([ada.close(), grace.close()]);
});

test("a tab whose gateway dies goes on over the other one, with what was written meanwhile", async () => {
  const room = `web-${randomUUID()}`;
  const url = `${fleet.nginx.webUrl}?room=${room}`;
  const ada = await Tab.open(browser, url, "Ada");
  const grace = await Tab.open(browser, url, "Grace");
  const survivor = await grace.gateway();
  const dying = fleet.gateways.find(({ id }) => id !== survivor);
  assert.equal(await ada.gateway(), dying.id);

  await dying.crash();
  await ada.type("written by Ada while offline");
  await grace.type("written by Grace meanwhile");
  for (const tab of [ada, grace]) {
    await tab.messages("written by Ada while offline").waitFor();
    await tab.messages("written by Grace meanwhile").waitFor();
  }
  await ada.logged("written by Ada while offline");
  assert.equal(await ada.gateway(), survivor);
  assert.equal((await waitForRows(fleet, room, 2)).length, 2);
  await dying.start();
  await Promise.all([ada.close(), grace.close()]);
});
