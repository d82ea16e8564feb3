"""What the Python clients have in common: their lines on standard input and output, and what they must not forget."""
import json
import sys
import threading

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
_output = threading.Lock()


def say(event, **fields):
    with _output:
        print(json.dumps({"event": event, **fields}), flush=True)


class Ledger:
    """The messages that are not acknowledged yet, and the place up to which those of the room were received."""

    def __init__(self):
        self.unacknowledged = {}  # id -> text
        self.newest = None
        self.is_behind = False  # from a lost connection until its gap was read; pages alone move the place meanwhile
        self.seen = set()

    def lost(self):
        self.is_behind = self.newest is not None

    def received(self, message, text, in_page=False):
        """Tells of a message once, whether it came live, in a page, or both."""
        place = (message["epoch"], message["seq"])
        if in_page or not self.is_behind:
            self.newest = max(place, self.newest or place)
        if message["id"] not in self.seen:
            self.seen.add(message["id"])
            say("message", id=message["id"], text=text)

    def since(self):
        """The fields of a join that continues where this client is."""
        return {} if self.newest is None else {"since": {"epoch": self.newest[0], "seq": self.newest[1]}}

    def acknowledged(self, message_id, duplicate):
        if self.unacknowledged.pop(message_id, None) is not None:
            say("ack", id=message_id, duplicate=duplicate)
