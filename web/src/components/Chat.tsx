// The connected chat: one client, one room at a time.
import { useEffect, useMemo } from "react";
import { useChat } from "../hooks/useChat";
import { useRoomName } from "../hooks/useRoomName";
import { emptyRoom } from "../state/chat_state";
import { RoomView } from "./RoomView";

interface Props {
  url: string;
  name: string;
  onChangeName: () => void;
}

export function Chat({ url, name, onChangeName }: Props) {
  const { client, store, state } = useChat(url, name);
  const room = useRoomName();

  useEffect(() => {
    client.join(room);
    document.title = `#${room} · Chat`;
    return () => client.leave(room);
  }, [client, room]);

  // Stable, so that a message is drawn again only when it changed.
  const actions = useMemo(
    () => ({
      onSend: (text: string) => void client.send(room, text),
      onRetry: (id: string, text: string) => void client.send(room, text, id),
      onDiscard: (id: string) => store.dispatch({ type: "discarded", room, id }),
      onRejoin: () => client.join(room),
      onReconnect: () => client.reconnect(),
      onDismissNotice: () => store.dispatch({ type: "notice_dismissed" }),
    }),
    [client, store, room],
  );

  return (
    <RoomView
      key={room}
      name={room}
      room={state.rooms[room] ?? emptyRoom}
      connection={state.connection}
      user={state.user}
      ownName={name}
      notice={state.notice}
      onChangeName={onChangeName}
      {...actions}
    />
  );
}
