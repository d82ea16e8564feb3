// Debian's Chromium, and the web page in it as a user sees it.
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

const switches = [
  "--no-sandbox", // It refuses to run as root with one.
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Starts a browser with a profile of its own; close() ends it and removes the profile.
export function launchBrowser() {
  return chromium.launch({ executablePath: findChromium(), args: switches });
}

function findChromium() {
  try {
    return execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  } catch {
    throw new Error("There is no chromium on the PATH: install it with deploy/local/setup --tests.");
  }
}

// One user's tab: cookies and storage of its own.
export class Tab {
  // Opens the page, enters the name and resolves once a gateway has answered.
  static async open(browser, url, name, { deadlineMs = 15_000 } = {}) {
    const context = await browser.newContext();
    context.setDefaultTimeout(deadlineMs);
    const tab = new Tab(context, await context.newPage());
    await tab.page.goto(url);
    await tab.page.getByRole("textbox", { name: "Your name" }).fill(name);
    await tab.page.getByRole("button", { name: "Join" }).click();
    await tab.gateway();
    return tab;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    // What the page complains of: errors in the console (the content policy's too) and exceptions.
    this.complaints = [];
    page.on("console", (message) => message.type() === "error" && this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  // Resolves with the name of the gateway that the tab is connected to, once it is connected to one.
  gateway() {
    return this.page.locator("[data-gateway]").getAttribute("data-gateway");
  }

  async type(text) {
    await this.page.getByRole("textbox", { name: /^Message to/ }).fill(text);
    await this.page.getByRole("button", { name: "Send" }).click();
  }

  // The messages with exactly this text, as a locator.
  messages(text) {
    const exactly = this.page.locator(".message-text").and(this.page.getByText(text, { exact: true }));
    return this.page.getByRole("log").getByRole("listitem").filter({ has: exactly });
  }

  // The name above the message; only the first of several from one sender has one.
  senderOf(text) {
    return this.messages(text).locator(".message-sender").innerText();
  }

  // Resolves with the message's id once the page says that it is logged.
  async logged(text) {
    const message = this.messages(text);
    await message.getByRole("img", { name: /^(Logged|Stored)$/ }).waitFor();
    return message.getAttribute("data-message-id");
  }

  // Resolves once the page says that the message is stored.
  stored(text) {
    return this.messages(text).getByRole("img", { name: "Stored" }).waitFor();
  }

  close() {
    return this.context.close();
  }
}
