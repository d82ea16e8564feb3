// The protocol's error codes in words for the user.
import type { ErrorCode } from "../client/protocol";

const words: Readonly<Record<ErrorCode, string>> = {
  bad_request: "The server could not accept this",
  unknown_type: "The server does not know this request",
  too_large: "This is too large",
  not_joined: "You are not in this room",
  too_many_rooms: "You are in too many rooms",
  unauthorized: "You are not signed in",
  forbidden: "You may not do this here",
  rate_limited: "You are sending too fast",
  overloaded: "The server is too busy",
  unavailable: "The server cannot do this at the moment",
  cancelled: "A later request took the place of this one",
  internal: "The server failed",
};

/** A sentence for an error frame: what it means, then what the server said about it. */
export function describeError(code: ErrorCode, message: string): string {
  const meaning = Object.hasOwn(words, code) ? words[code] : "The server refused this";
  return message ? `${meaning}: ${message}` : `${meaning}.`;
}
