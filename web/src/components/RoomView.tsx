// One room: its heading, what is wrong if anything is, its messages, and the place to write.
import type { ConnectionState } from "../client/events";
import type { RoomState } from "../state/chat_state";
import { timeline } from "../state/timeline";
import { Composer } from "./Composer";
import { ConnectionBanner } from "./ConnectionBanner";
import { MessageList } from "./MessageList";
import { Notice } from "./Notice";
import { RoomHeader } from "./RoomHeader";

interface Props {
  name: string;
  room: RoomState;
  connection: ConnectionState;
  user: string | undefined;
  ownName: string;
  notice: string | undefined;
  onSend: (text: string) => void;
  onRetry: (id: string, text: string) => void;
  onDiscard: (id: string) => void;
  onRejoin: () => void;
  onReconnect: () => void;
  onDismissNotice: () => void;
  onChangeName: () => void;
}

export function RoomView(props: Props) {
  const { name, room, connection, user, ownName, notice } = props;
  const items = timeline(room, user, ownName);
  return (
    <main className="room">
      <RoomHeader
        room={name}
        userName={user ?? ownName}
        connection={connection}
        onChangeName={props.onChangeName}
      />
      <ConnectionBanner connection={connection} onReconnect={props.onReconnect} />
      {room.phase === "refused" && (
        <Notice
          text={room.problem ?? "This room cannot be joined."}
          action="Try again"
          onAction={props.onRejoin}
        />
      )}
      {notice !== undefined && <Notice text={notice} action="Dismiss" onAction={props.onDismissNotice} />}
      <MessageList
        items={items}
        loading={room.phase === "joining"}
        gap={room.gap}
        pruned={room.pruned}
        onRetry={props.onRetry}
        onDiscard={props.onDiscard}
      />
      <Composer room={name} onSend={props.onSend} />
    </main>
  );
}
