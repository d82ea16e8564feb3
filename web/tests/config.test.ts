import { expect, it } from "vitest";
import { gatewayUrl, roomOf } from "../src/config";

const page = { protocol: "http:", host: "chat.test:3000", search: "", hash: "" };

it("finds the gateways at /ws on the page's own host, or where the build says", () => {
  expect(gatewayUrl(undefined, page)).toBe("ws://chat.test:3000/ws");
  expect(gatewayUrl("", { ...page, protocol: "https:" })).toBe("wss://chat.test:3000/ws");
  expect(gatewayUrl("wss://gw.test/ws", page)).toBe("wss://gw.test/ws");
});

it("takes the room from the address, and general where it names none that can be", () => {
  expect(roomOf(page)).toBe("general");
  expect(roomOf({ ...page, search: "?room=cats" })).toBe("cats");
  expect(roomOf({ ...page, search: "?room=cats", hash: "#dogs" })).toBe("dogs");
  expect(roomOf({ ...page, hash: "#no such room" })).toBe("general");
});
