// The name form over the chat. The browser's own dialog keeps the focus inside and gives it back afterwards.
import { useEffect, useRef } from "react";
import { NameForm } from "./NameForm";

interface Props {
  initial: string;
  onSubmit: (name: string) => void;
  onCancel: () => void;
}

export function NameDialog({ initial, onSubmit, onCancel }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="name-dialog" aria-labelledby="name-title" onCancel={onCancel}>
      <NameForm initial={initial} onSubmit={onSubmit} onCancel={onCancel} />
    </dialog>
  );
}
