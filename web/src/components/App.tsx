// Asks for a name first, then shows the room that the address names.
import { useState } from "react";
import { gatewayUrl } from "../config";
import { useRememberedName } from "../hooks/useRememberedName";
import { NameForm } from "./NameForm";
import { Chat } from "./Chat";

export function App() {
  const [name, setName] = useRememberedName();
  const [editing, setEditing] = useState(false);
  const change = (next: string) => {
    setName(next);
    setEditing(false);
  };
  if (name === undefined) return <NameForm initial="" onSubmit={change} />;
  const url = gatewayUrl(import.meta.env.VITE_GATEWAY_URL, window.location);
  return (
    <>
      <Chat url={url} name={name} onChangeName={() => setEditing(true)} />
      {editing && <NameForm initial={name} onSubmit={change} onCancel={() => setEditing(false)} />}
    </>
  );
}
