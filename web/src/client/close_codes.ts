// The one table that says, for each way a connection can end, whether to come back.

/** `soon`: with backoff. `later`: with backoff, but never at once. `never`: only when the user asks. */
export type Return = "soon" | "later" | "never";

interface CloseRule {
  comeBack: Return;
  /** One sentence for the user. */
  reason: string;
}

/** The close codes of PROTOCOL.md, and the two that only a browser reports (RFC 6455, section 7.4.1). */
const rules: Readonly<Record<number, CloseRule>> = {
  1000: { comeBack: "never", reason: "The chat was closed." },
  1001: { comeBack: "soon", reason: "The server is going away." },
  1002: { comeBack: "never", reason: "The server did not accept what this page sent." },
  1003: { comeBack: "never", reason: "The server did not accept what this page sent." },
  1005: { comeBack: "soon", reason: "The connection was closed." },
  1006: { comeBack: "soon", reason: "The connection was lost." },
  1007: { comeBack: "never", reason: "The server did not accept what this page sent." },
  1008: { comeBack: "never", reason: "The server refused this page for breaking its rules." },
  1009: { comeBack: "never", reason: "The server refused a message that was too large." },
  1011: { comeBack: "soon", reason: "The server failed on this connection." },
  1012: { comeBack: "soon", reason: "The server is restarting." },
  1013: { comeBack: "later", reason: "The server is too busy." },
  4000: { comeBack: "soon", reason: "This connection was too slow to keep up." },
  4001: { comeBack: "never", reason: "You are not signed in any more." },
  4002: { comeBack: "never", reason: "An administrator disconnected you." },
  4003: { comeBack: "never", reason: "You have too many connections open." },
};

const unknownCode: CloseRule = { comeBack: "soon", reason: "The connection was closed." };

/** What to do after a close with `code`; a code that the table does not have is treated as a lost connection. */
export function closeRule(code: number): CloseRule {
  return rules[code] ?? unknownCode;
}
