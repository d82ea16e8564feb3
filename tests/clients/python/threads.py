"""A chat client of python-socketio with threads: threads.py URL TRANSPORT."""
import json
import sys
import threading

import socketio

from chat import TRANSPORTS, Ledger, say

url, transport = sys.argv[1:3]
client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.5)
ledger = Ledger()
lock = threading.RLock()  # each handler runs on a thread of its own


def send(message_id, text):
    def answered(answer):
        with lock:
            if "code" not in answer:
                ledger.acknowledged(message_id, answer["duplicate"])
            elif message_id in ledger.unacknowledged:
                threading.Timer(answer.get("retry_after_ms", 200) / 1000, send, (message_id, text)).start()

    try:
        client.emit("event:message", {"id": message_id, "message": text}, callback=answered)
    except socketio.exceptions.SocketIOError:
        pass  # not connected: sent again after the next connect


def catch_up():
    """Reads what was missed meanwhile; this library has no connection state recovery."""

    def answered(page):
        if "code" in page:
            return threading.Timer(page.get("retry_after_ms", 200) / 1000, catch_up).start()
        with lock:
            for message in page["messages"]:
                ledger.received(message, message["message"], in_page=True)
            ledger.is_behind = page.get("more", False)
        if ledger.is_behind:
            catch_up()

    client.emit("join", ledger.since(), callback=answered)


@client.event
def connect():
    with lock:
        say("connected")
        if ledger.is_behind:
            catch_up()
        for message_id, text in list(ledger.unacknowledged.items()):
            send(message_id, text)


@client.event
def disconnect(reason):
    with lock:
        ledger.lost()
    say("disconnected")


# On a thread of its own for each message, so that two that follow closely may be handled in either order. The second
# argument is the place that clients with connection state recovery keep.
@client.on("message")
def message(content, offset=None):
    with lock:
        ledger.received(content, content["message"])


client.connect(url, transports=TRANSPORTS[transport])
for line in sys.stdin:
    command = json.loads(line)
    with lock:
        ledger.unacknowledged[command["id"]] = command["text"]
        send(command["id"], command["text"])
client.disconnect()
