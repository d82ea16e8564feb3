// One message. Its text is only ever text: React sets it as a text node.
import { memo } from "react";
import type { TimelineItem } from "../state/timeline";
import { Avatar } from "./Avatar";
import { DeliveryMark } from "./DeliveryMark";

interface Props extends TimelineItem {
  onRetry: (id: string, text: string) => void;
  onDiscard: (id: string) => void;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dateAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
/** What a Date can hold; the protocol's numbers go further. */
const latestTime = 8.64e15;

export const MessageItem = memo(function MessageItem(props: Props) {
  const { id, sender_name, text, at, own, delivery, problem, opensGroup, onRetry, onDiscard } = props;
  const time = new Date(Math.min(at, latestTime));
  const kind = `message${own ? " message-own" : ""}${opensGroup ? " message-opens" : ""}`;
  return (
    <li className={kind} data-delivery={delivery} data-message-id={id}>
      {!own && opensGroup && <Avatar name={sender_name} />}
      <div className="message-body">
        <span className={own || !opensGroup ? "visually-hidden" : "message-sender"} dir="auto">
          {own ? "You" : sender_name}
        </span>
        <div className="bubble">
          <p className="message-text" dir="auto">
            {text}
          </p>
          <span className="message-meta">
            <time dateTime={time.toISOString()} title={dateAndClock.format(time)}>
              {clock.format(time)}
            </time>
            {delivery !== undefined && <DeliveryMark delivery={delivery} />}
          </span>
        </div>
        {problem !== undefined && (
          <div className="message-problem" role="alert">
            <span>Not sent. {problem}</span>
            <button type="button" className="link" onClick={() => onRetry(id, text)}>
              Try again
            </button>
            <button type="button" className="link" onClick={() => onDiscard(id)}>
              Discard
            </button>
          </div>
        )}
      </div>
    </li>
  );
});
