// A chat client of io.socket:socket.io-client: java Chat URL TRANSPORT.
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

public final class Chat {
  private final Map<String, String> unacknowledged = new LinkedHashMap<>();
  private final Timer timer = new Timer(true);
  private final Socket socket;
  private long epoch = -1;
  private long seq = -1;
  private boolean isBehind; // from a lost connection until its gap was read; pages alone move the place meanwhile
  private final Set<String> seen = new HashSet<>();

  private Chat(String url, String transport) {
    String[] transports = transport.equals("upgrade") ? new String[] {"polling", "websocket"} : new String[] {transport};
    IO.Options options = IO.Options.builder()
        .setTransports(transports)
        .setReconnectionDelay(100)
        .setReconnectionDelayMax(500)
        .build();
    socket = IO.socket(URI.create(url), options);
    socket.on(Socket.EVENT_CONNECT, arguments -> onConnect());
    socket.on(Socket.EVENT_DISCONNECT, arguments -> onDisconnect());
    // The second argument is the place that clients with connection state recovery keep.
    socket.on("message", arguments -> received((JSONObject) arguments[0], false));
  }

  private synchronized void onConnect() {
    say("connected", new JSONObject());
    if (isBehind) catchUp();
    unacknowledged.forEach(this::send);
  }

  private synchronized void onDisconnect() {
    isBehind = epoch >= 0;
    say("disconnected", new JSONObject());
  }

  /** Reads what was missed meanwhile; this library has no connection state recovery. */
  private synchronized void catchUp() {
    JSONObject since = new JSONObject();
    put(since, "epoch", epoch);
    put(since, "seq", seq);
    JSONObject join = new JSONObject();
    put(join, "since", since);
    socket.emit("join", new Object[] {join}, arguments -> {
      JSONObject page = (JSONObject) arguments[0];
      if (page.has("code")) {
        later(page, this::catchUp);
        return;
      }
      JSONArray messages = page.optJSONArray("messages");
      for (int i = 0; i < messages.length(); i++) received(messages.optJSONObject(i), true);
      isBehind = page.optBoolean("more");
      if (isBehind) catchUp();
    });
  }

  private synchronized void send(String id, String text) {
    JSONObject message = new JSONObject();
    put(message, "id", id);
    put(message, "message", text);
    Ack answered = arguments -> {
      JSONObject answer = (JSONObject) arguments[0];
      if (answer.has("code")) {
        later(answer, () -> send(id, text));
      } else {
        acknowledged(id, answer.optBoolean("duplicate"));
      }
    };
    // What is emitted while it is not connected would be kept by the library too, and come twice.
    if (socket.connected()) socket.emit("event:message", new Object[] {message}, answered);
  }

  private synchronized void acknowledged(String id, boolean duplicate) {
    if (unacknowledged.remove(id) == null) return;
    JSONObject line = new JSONObject();
    put(line, "id", id);
    put(line, "duplicate", duplicate);
    say("ack", line);
  }

  /** Tells of a message once, whether it came live, in a page, or both. */
  private synchronized void received(JSONObject message, boolean isInPage) {
    long itsEpoch = message.optLong("epoch");
    long itsSeq = message.optLong("seq");
    boolean isNewer = itsEpoch > epoch || (itsEpoch == epoch && itsSeq > seq);
    if (isNewer && (isInPage || !isBehind)) {
      epoch = itsEpoch;
      seq = itsSeq;
    }
    if (!seen.add(message.optString("id"))) return;
    JSONObject line = new JSONObject();
    put(line, "id", message.optString("id"));
    put(line, "text", message.optString("message"));
    say("message", line);
  }

  private void later(JSONObject refusal, Runnable call) {
    timer.schedule(new TimerTask() {
      @Override
      public void run() {
        call.run();
      }
    }, refusal.optLong("retry_after_ms", 200));
  }

  private static void put(JSONObject object, String name, Object value) {
    try {
      object.put(name, value);
    } catch (JSONException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private static synchronized void say(String event, JSONObject line) {
    put(line, "event", event);
    System.out.println(line);
  }

  public static void main(String[] arguments) throws Exception {
    Chat chat = new Chat(arguments[0], arguments[1]);
    chat.socket.connect();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JSONObject command = new JSONObject(line);
      synchronized (chat) {
        chat.unacknowledged.put(command.getString("id"), command.getString("text"));
        chat.send(command.getString("id"), command.getString("text"));
      }
    }
    chat.socket.disconnect();
    System.exit(0);
  }
}
