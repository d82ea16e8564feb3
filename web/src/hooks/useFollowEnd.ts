// Keeps a list scrolled to its end for as long as the reader is there, and counts what comes while they are not.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How near to the end, in CSS pixels, counts as being there. */
const nearPx = 48;

interface Item {
  readonly id: string;
  readonly own: boolean;
}

interface FollowEnd {
  listRef: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
  /** Items that came below what the reader sees. */
  unseen: number;
  toEnd: () => void;
}

/** A new last item that is the reader's own goes to the end in any case. */
export function useFollowEnd(items: readonly Item[]): FollowEnd {
  const listRef = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const lastSeen = useRef<string>(undefined);
  const [unseen, setUnseen] = useState(0);

  const toEnd = useCallback(() => {
    const list = listRef.current;
    if (list) list.scrollTop = list.scrollHeight;
    following.current = true;
    setUnseen(0);
  }, []);

  const last = items.at(-1);
  useLayoutEffect(() => {
    const before = items.findLastIndex(({ id }) => id === lastSeen.current);
    const added = items.length - 1 - before;
    lastSeen.current = last?.id;
    if (following.current || (added > 0 && last?.own)) toEnd();
    else if (added > 0 && before >= 0) setUnseen((count) => count + added);
    // What matters is that the end has changed, not that the list was made anew.
  }, [last?.id, items.length, toEnd]);

  // The list's own height changes as the composer grows or a keyboard opens.
  useEffect(() => {
    const list = listRef.current;
    if (!list || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => following.current && toEnd());
    observer.observe(list);
    return () => observer.disconnect();
  }, [toEnd]);

  const onScroll = useCallback(() => {
    const list = listRef.current;
    if (!list) return;
    following.current = list.scrollHeight - list.scrollTop - list.clientHeight <= nearPx;
    if (following.current) setUnseen(0);
  }, []);

  return { listRef, onScroll, unseen, toEnd };
}
