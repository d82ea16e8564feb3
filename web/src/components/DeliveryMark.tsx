// How far an own message has got: a clock, a tick once it is logged, two once it is stored.
import type { Delivery } from "../state/chat_state";

const marks: Readonly<Record<Delivery, { label: string; path: string }>> = {
  sending: { label: "Sending", path: "M10 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M10 5v3.2l2.2 1.3" },
  logged: { label: "Logged", path: "m5.5 8.5 3 3 6-7" },
  stored: { label: "Stored", path: "m2 8.5 3 3 6-7m-2 5.5 1.5 1.5 6-7" },
  refused: { label: "Not sent", path: "M10 3v6m0 3v.5" },
};

export function DeliveryMark({ delivery }: { delivery: Delivery }) {
  const { label, path } = marks[delivery];
  return (
    <svg
      className={`mark mark-${delivery}`}
      viewBox="0 0 20 16"
      width="20"
      height="16"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path d={path} />
    </svg>
  );
}
