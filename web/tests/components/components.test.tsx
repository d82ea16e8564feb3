// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { steadyMs } from "../../src/client/clock";
import { Composer } from "../../src/components/Composer";
import { ConnectionBanner } from "../../src/components/ConnectionBanner";
import { MessageList } from "../../src/components/MessageList";
import { NameForm } from "../../src/components/NameForm";
import type { TimelineItem } from "../../src/state/timeline";

afterEach(cleanup);

const nothing = () => undefined;
const item: TimelineItem = {
  id: "a",
  sender_name: "Bob",
  text: "hello",
  at: 1_700_000_000_000,
  own: false,
  delivery: undefined,
  problem: undefined,
  opensGroup: true,
};
function list(items: TimelineItem[]) {
  return <MessageList items={items} loading={false} gap={false} pruned={false} onRetry={nothing} onDiscard={nothing} />;
}

describe("the composer", () => {
  function composer() {
    const onSend = vi.fn();
    render(<Composer room="general" onSend={onSend} />);
    const input = screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message to general" });
    return { onSend, input, type: (value: string) => fireEvent.change(input, { target: { value } }) };
  }

  it("sends by Enter exactly what was typed, and is empty again", () => {
    const { onSend, input, type } = composer();
    type("  two\nlines ");
    fireEvent.keyDown(input, { key: "Enter" });
    expect(onSend.mock.calls).toEqual([["  two\nlines "]]);
    expect(input.value).toBe("");
  });

  it("does not send by Shift+Enter, nor while an input method composes, nor blank text", () => {
    const { onSend, input, type } = composer();
    type("text");
    fireEvent.keyDown(input, { key: "Enter", shiftKey: true });
    fireEvent.keyDown(input, { key: "Enter", isComposing: true });
    type(" \n ");
    fireEvent.keyDown(input, { key: "Enter" });
    expect(onSend).not.toHaveBeenCalled();
  });

  it("refuses a text that is too long, in words, and keeps it", () => {
    const { onSend, input, type } = composer();
    type("😀".repeat(4_002));
    fireEvent.keyDown(input, { key: "Enter" });
    expect(onSend).not.toHaveBeenCalled();
    expect(screen.getByRole("alert").textContent).toBe(
      "The message is 2 characters too long; it may have up to 4,000.",
    );
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Send" }).disabled).toBe(true);
    expect(input.value).toHaveLength(8_004);
  });
});

describe("the message list", () => {
  it("shows markup as the text that it is", () => {
    const text = '<img src=x onerror="alert(1)"><b>bold</b>&amp;';
    const { container } = render(list([{ ...item, text }]));
    expect(container.querySelector(".message-text")?.textContent).toBe(text);
    expect(container.querySelector("img, b")).toBeNull();
  });

  it("marks own messages as sending, logged and stored", () => {
    const deliveries = ["sending", "logged", "stored"] as const;
    render(list(deliveries.map((delivery) => ({ ...item, id: delivery, own: true, delivery }))));
    expect(screen.getAllByRole("img").map((mark) => mark.getAttribute("aria-label"))).toEqual([
      "Sending",
      "Logged",
      "Stored",
    ]);
  });

  it("lets the user try a refused message again or discard it", () => {
    const [onRetry, onDiscard] = [vi.fn(), vi.fn()];
    const refused: TimelineItem = { ...item, own: true, delivery: "refused", problem: "You may not." };
    render(
      <MessageList items={[refused]} loading={false} gap={false} pruned={false} onRetry={onRetry} onDiscard={onDiscard} />,
    );
    expect(screen.getByRole("alert").textContent).toMatch("Not sent. You may not.");
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    fireEvent.click(screen.getByRole("button", { name: "Discard" }));
    expect([onRetry.mock.calls, onDiscard.mock.calls]).toEqual([[["a", "hello"]], [["a"]]]);
  });

  it("holds a time that no calendar has", () => {
    expect(() => render(list([{ ...item, at: Number.MAX_SAFE_INTEGER }]))).not.toThrow();
  });

  it("follows new messages at the end, and tells of them when the reader is elsewhere", () => {
    const { rerender } = render(list([item]));
    const log = screen.getByRole("log");
    Object.defineProperties(log, { scrollHeight: { value: 1_000 }, clientHeight: { value: 100 } });
    rerender(list([item, { ...item, id: "b" }]));
    expect(log.scrollTop).toBe(1_000);
    log.scrollTop = 0;
    fireEvent.scroll(log);
    rerender(list([item, { ...item, id: "b" }, { ...item, id: "c" }]));
    expect(log.scrollTop).toBe(0);
    fireEvent.click(screen.getByRole("button", { name: /1 new message/ }));
    expect(log.scrollTop).toBe(1_000);
    expect(screen.queryByRole("button", { name: /new message/ })).toBeNull();
  });
});

it("the name form takes a trimmed name and says what is wrong with another", () => {
  const onSubmit = vi.fn();
  render(<NameForm initial="" onSubmit={onSubmit} />);
  fireEvent.click(screen.getByRole("button", { name: "Join" }));
  expect(screen.getByRole("alert").textContent).toBe("Enter a name.");
  fireEvent.change(screen.getByLabelText("Your name"), { target: { value: " Ada " } });
  fireEvent.click(screen.getByRole("button", { name: "Join" }));
  expect(onSubmit.mock.calls).toEqual([["Ada"]]);
});

it("the banner says why the connection is not there and when it is tried again", () => {
  const onReconnect = vi.fn();
  const waiting = {
    phase: "waiting",
    until: steadyMs() + 4_500,
    reason: "The connection was lost.",
  } as const;
  render(<ConnectionBanner connection={waiting} onReconnect={onReconnect} />);
  expect(screen.getByRole("status").textContent).toMatch("The connection was lost. Trying again in 5 s.");
  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  expect(onReconnect).toHaveBeenCalledTimes(1);
});
