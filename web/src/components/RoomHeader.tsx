// Which room this is, who the user is there, and through which gateway.
import type { ConnectionState } from "../client/events";

interface Props {
  room: string;
  userName: string;
  connection: ConnectionState;
  onChangeName: () => void;
}

export function RoomHeader({ room, userName, connection, onChangeName }: Props) {
  const gateway = connection.phase === "online" ? connection.gateway : undefined;
  return (
    <header className="room-header">
      <div className="room-title">
        <h1>
          <span aria-hidden="true">#</span>
          {room}
        </h1>
        <p className="room-status" data-phase={connection.phase} data-gateway={gateway}>
          {gateway === undefined ? "not connected" : `connected to ${gateway}`}
        </p>
      </div>
      <button
        type="button"
        className="button"
        onClick={onChangeName}
        aria-label={`Change your name, ${userName}`}
      >
        <span className="room-user">{userName}</span>
      </button>
    </header>
  );
}
