// The user's name, kept in this browser between visits.
import { useState } from "react";
import { nameProblem } from "../client/limits";

const key = "chat.name";

/** Storage may be switched off; then the name lasts as long as the page. */
function remembered(): string | undefined {
  try {
    const name = localStorage.getItem(key) ?? "";
    return nameProblem(name) === undefined ? name : undefined;
  } catch {
    return undefined;
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(key, name);
  } catch {
    // See above.
  }
}

export function useRememberedName(): [string | undefined, (name: string) => void] {
  const [name, setName] = useState(remembered);
  const change = (next: string) => {
    remember(next);
    setName(next);
  };
  return [name, change];
}
