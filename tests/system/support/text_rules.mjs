// What PROTOCOL.md says becomes of a text in a `send`. Written from its words alone, apart from the gateway's code.

const mostCharacters = 4000;
export const mostFrameBytes = 64 * 1024;

// "accepted", the error code of the refusal, or "close 1009" where the frame itself is too large to be read.
export function expectedOutcome(text, frameBytes) {
  if (frameBytes > mostFrameBytes) {
    return "close 1009";
  }
  const characters = Array.from(text);
  if (characters.length === 0 || characters.includes("\u0000") || characters.some(isLoneSurrogate)) {
    return "bad_request";
  }
  return characters.length > mostCharacters ? "too_large" : "accepted";
}

// Array.from keeps pairs together, so what is still alone has no partner.
function isLoneSurrogate(character) {
  return character.length === 1 && character >= "\ud800" && character <= "\udfff";
}
