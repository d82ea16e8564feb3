// Asks for a name first, then shows the room that the address names.
import { useState } from "react";
import { gatewayUrl } from "../config";
import { useRememberedName } from "../hooks/useRememberedName";
import { Chat } from "./Chat";
import { NameDialog } from "./NameDialog";
import { NameForm } from "./NameForm";

export function App() {
  const [name, setName] = useRememberedName();
  const [editing, setEditing] = useState(false);
  const change = (next: string) => {
    setName(next);
    setEditing(false);
  };
  if (name === undefined) {
    return (
      <main className="name-screen">
        <NameForm initial="" onSubmit={change} />
      </main>
    );
  }
  const url = gatewayUrl(import.meta.env.VITE_GATEWAY_URL, window.location);
  return (
    <>
      <Chat url={url} name={name} onChangeName={() => setEditing(true)} />
      {editing && <NameDialog initial={name} onSubmit={change} onCancel={() => setEditing(false)} />}
    </>
  );
}
