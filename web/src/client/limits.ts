// The protocol's limits on what a user may enter, checked before anything is sent (PROTOCOL.md).

export const maxTextCharacters = 4000;
export const maxNameCharacters = 64;

/** Unicode characters (code points), as the server counts them; not UTF-16 units. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const loneSurrogate = /\p{Surrogate}/u;
const controlCharacter = /\p{Cc}/u;

/** Why `text` cannot be sent, in a sentence; undefined if it can. */
export function textProblem(text: string): string | undefined {
  if (text.length === 0) return "Write something first.";
  const count = countCharacters(text);
  if (count > maxTextCharacters) {
    const over = (count - maxTextCharacters).toLocaleString("en");
    const unit = over === "1" ? "character" : "characters";
    return `The message is ${over} ${unit} too long; it may have up to 4,000.`;
  }
  if (text.includes("\0")) return "The message contains a NUL character, which cannot be stored; remove it.";
  if (loneSurrogate.test(text)) return "The message contains half of a character; delete and type it again.";
  return undefined;
}

/** Why `name` cannot be a sender's name; undefined if it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return "Enter a name.";
  if (countCharacters(name) > maxNameCharacters)
    return "The name is too long; it may have up to 64 characters.";
  if (controlCharacter.test(name) || loneSurrogate.test(name)) {
    return "The name contains a character that cannot be shown; remove it.";
  }
  return undefined;
}

/** Whether `room` is a room's name: 1 to 128 of letters, digits, `_`, `-`, `.` and `:`. */
export function isRoomName(room: string): boolean {
  return /^[A-Za-z0-9_.:-]{1,128}$/.test(room);
}
