// Where a message is written. Checks it against the limits before it goes anywhere.
import { type FormEvent, type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { countCharacters, maxTextCharacters, textProblem } from "../client/limits";

interface Props {
  room: string;
  onSend: (text: string) => void;
}

/** From here on the count is shown. */
const countFrom = maxTextCharacters - 400;

export function Composer({ room, onSend }: Props) {
  const [text, setText] = useState("");
  const input = useRef<HTMLTextAreaElement>(null);
  const problemId = useId();
  const blank = text.trim() === "";
  const count = countCharacters(text);
  const problem = blank ? undefined : textProblem(text);

  useLayoutEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const send = () => {
    input.current?.focus();
    if (blank || problem !== undefined) return;
    onSend(text);
    setText("");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const key = (event: KeyboardEvent) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form className="composer" onSubmit={submit}>
      {problem !== undefined && (
        <p id={problemId} className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="composer-row">
        <textarea
          ref={input}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={key}
          placeholder={`Message #${room}`}
          aria-label={`Message to ${room}`}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : problemId}
          autoFocus
        />
        {count >= countFrom && (
          <span
            className={count > maxTextCharacters ? "composer-count composer-count-over" : "composer-count"}
          >
            {count.toLocaleString("en")} / 4,000
          </span>
        )}
        <button type="submit" className="send" disabled={blank || problem !== undefined} aria-label="Send">
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
            <path d="M4 12 20 4l-5 16-4-6.5z" />
            <path d="m11 13.5 9-9.5" />
          </svg>
        </button>
      </div>
    </form>
  );
}
