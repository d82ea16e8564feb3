// Asks for the name that the others will see.
import { type FormEvent, useState } from "react";
import { nameProblem } from "../client/limits";

interface Props {
  initial: string;
  onSubmit: (name: string) => void;
  /** Given where the user has a name already and may keep it. */
  onCancel?: () => void;
}

export function NameForm({ initial, onSubmit, onCancel }: Props) {
  const [name, setName] = useState(initial);
  const [problem, setProblem] = useState<string>();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const chosen = name.trim();
    const found = nameProblem(chosen);
    setProblem(found);
    if (found === undefined) onSubmit(chosen);
  };
  return (
    <form className="name-card" onSubmit={submit} aria-labelledby="name-title" noValidate>
      <img className="name-logo" src="/favicon.svg" alt="" width="48" height="48" />
      <h1 id="name-title">{onCancel ? "Change your name" : "Welcome"}</h1>
      <p id="name-hint">The others in the room see this name.</p>
      <label htmlFor="name">Your name</label>
      <input
        id="name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete="nickname"
        autoFocus
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? "name-hint" : "name-problem"}
      />
      {problem !== undefined && (
        <p id="name-problem" className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="name-actions">
        {onCancel && (
          <button type="button" className="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" className="button button-primary">
          {onCancel ? "Save" : "Join"}
        </button>
      </div>
    </form>
  );
}
