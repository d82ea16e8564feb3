// Keeps a list scrolled to its end for as long as
// the reader is there, and counts what comes while they are not.
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

/** A new item of the reader's own goes to the end in any case. */
export function useFollowEnd(items: readonly Item[]): FollowEnd {
  const listRef = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const known = useRef<ReadonlySet<string>>(new Set());
  const [unseen, setUnseen] = useState(0);

  const toEnd = useCallback(() => {
    const list = listRef.current;
    if (list) list.scrollTop = list.scrollHeight;
    following.current = true;
    setUnseen(0);
  }, []);

  const last = items.at(-1);
  useLayoutEffect(() => {
    const added = items.filter(({ id }) => !known.current.has(id));
    known.current = new Set(items.map(({ id }) => id));
    if (following.current || added.some(({ own }) => own)) toEnd();
    else setUnseen((count) => count + added.length);
    // The list is made anew at every change of state; only one of its length or its end matters here.
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
