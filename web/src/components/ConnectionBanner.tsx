// Says that the connection is not there, why, and when it will be tried again. Nothing while all is well.
import type { ConnectionState } from "../client/events";
import { useSecondsUntil } from "../hooks/useSecondsUntil";

interface Props {
  connection: ConnectionState;
  onReconnect: () => void;
}

export function ConnectionBanner({ connection, onReconnect }: Props) {
  // The region stays in the page so that what appears in it is read out.
  return (
    <div className="banners" role="status" aria-live="polite">
      {connection.phase === "connecting" && <div className="banner banner-quiet">Connecting …</div>}
      {connection.phase === "waiting" && (
        <div className="banner banner-problem">
          <span>
            {connection.reason} <Countdown until={connection.until} />
          </span>
          <button type="button" className="link" onClick={onReconnect}>
            Try now
          </button>
        </div>
      )}
      {connection.phase === "stopped" && (
        <div className="banner banner-problem">
          <span>{connection.reason}</span>
          <button type="button" className="link" onClick={onReconnect}>
            Connect again
          </button>
        </div>
      )}
    </div>
  );
}

/** Hidden from readers of the page aloud: it changes every second. */
function Countdown({ until }: { until: number }) {
  const seconds = useSecondsUntil(until);
  const text = seconds === 0 ? "Trying again …" : `Trying again in ${seconds} s.`;
  return <span aria-hidden="true">{text}</span>;
}
