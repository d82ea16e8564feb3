// Where the page finds the gateways, and which room its address names.
import { isRoomName } from "./client/limits";

const defaultRoom = "general";

type PageAddress = Pick<Location, "protocol" | "host" | "search" | "hash">;

/** `configured` (VITE_GATEWAY_URL) if set, else `/ws` on the page's own host and port. */
export function gatewayUrl(configured: string | undefined, { protocol, host }: PageAddress): string {
  if (configured) return configured;
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/ws`;
}

/** The room in `#room` or `?room=room`; `general` if there is none or it cannot be a room's name. */
export function roomOf({ search, hash }: PageAddress): string {
  const named = hash.slice(1) || new URLSearchParams(search).get("room") || "";
  return isRoomName(named) ? named : defaultRoom;
}
