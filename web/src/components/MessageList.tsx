// A room's messages, oldest first, followed to the end while the reader is there.
import { useFollowEnd } from "../hooks/useFollowEnd";
import type { TimelineItem } from "../state/timeline";
import { MessageItem } from "./MessageItem";

interface Props {
  items: readonly TimelineItem[];
  loading: boolean;
  gap: boolean;
  pruned: boolean;
  onRetry: (id: string, text: string) => void;
  onDiscard: (id: string) => void;
}

export function MessageList({ items, loading, gap, pruned, onRetry, onDiscard }: Props) {
  const { listRef, onScroll, unseen, toEnd } = useFollowEnd(items);
  return (
    <div className="messages-frame">
      <div
        className="messages"
        ref={listRef}
        onScroll={onScroll}
        role="log"
        aria-label="Messages"
        aria-live="polite"
        aria-busy={loading}
        tabIndex={0}
      >
        {pruned && <p className="messages-note">Older messages were deleted.</p>}
        {gap && <p className="messages-note">Some messages from while you were away may be missing.</p>}
        {items.length === 0 && (
          <p className="messages-empty">
            {loading ? "Loading …" : "Nothing here yet. Write the first message."}
          </p>
        )}
        <ol>
          {items.map((item) => (
            <MessageItem key={item.id.toLowerCase()} {...item} onRetry={onRetry} onDiscard={onDiscard} />
          ))}
        </ol>
      </div>
      {unseen > 0 && (
        <button type="button" className="unseen" onClick={toEnd}>
          {unseen === 1 ? "1 new message" : `${unseen} new messages`} <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  );
}
