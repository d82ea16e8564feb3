// Turns what the gateway sent into a typed frame, believing nothing that the page depends on.
import type { Cursor, Message, ServerFrame } from "./protocol";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isString = (value: unknown): value is string => typeof value === "string";
const isCursor = (value: unknown): value is Cursor =>
  isFields(value) && isNumber(value.epoch) && isNumber(value.seq);
const isMessage = (value: unknown): value is Message =>
  isFields(value) &&
  isCursor(value) &&
  [value.room, value.id, value.sender, value.sender_name, value.text].every(isString) &&
  isNumber(value.sent_at);

/** For each type that this client uses, what has to be there; other fields are ignored. */
const required: Record<ServerFrame["type"], (frame: Fields) => boolean> = {
  welcome: (frame) => [frame.session, frame.gateway, frame.user].every(isString),
  joined: (frame) =>
    isCursor(frame) &&
    isString(frame.id) &&
    isString(frame.room) &&
    isCursor(frame.stored) &&
    Array.isArray(frame.messages) &&
    frame.messages.every(isMessage) &&
    typeof frame.complete === "boolean",
  message: isMessage,
  ack: (frame) => isCursor(frame) && isString(frame.id) && isString(frame.room),
  stored: (frame) => isCursor(frame) && isString(frame.room),
  error: (frame) =>
    isString(frame.code) &&
    isString(frame.message) &&
    (frame.id === undefined || isString(frame.id)) &&
    (frame.retry_after_ms === undefined || isNumber(frame.retry_after_ms)),
  left: (frame) => isString(frame.room),
  pong: () => true,
  reconnect: (frame) => isNumber(frame.after_ms),
};

/**
 * The frame in `data`, or undefined if it is not JSON,
 * not of a type known here, or lacks what its type needs.
 */
export function parseFrame(data: unknown): ServerFrame | undefined {
  if (!isString(data)) return undefined;
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isFields(frame) || !isString(frame.type) || !Object.hasOwn(required, frame.type)) return undefined;
  const complete = required[frame.type as ServerFrame["type"]](frame);
  return complete ? (frame as unknown as ServerFrame) : undefined;
}
