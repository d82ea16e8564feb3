"""A chat client of the native protocol with the library websockets: native.py URL native."""
import asyncio
import json
import sys

import websockets

from chat import Ledger, say

ledger = Ledger()
connection = None


async def send(**frame):
    try:
        await connection.send(json.dumps(frame))
    except websockets.ConnectionClosed:
        pass  # sent again after the next connect


async def on_joined():
    for message_id, text in list(ledger.unacknowledged.items()):
        await send(type="send", id=message_id, room="general", text=text)


async def on_frame(frame):
    match frame["type"]:
        case "message":
            ledger.received(frame, frame["text"])
        case "joined":
            for message in frame["messages"]:
                ledger.received(message, message["text"])
            if frame.get("more"):
                await send(type="join", room="general", **ledger.since())
            else:
                await on_joined()
        case "ack":
            ledger.acknowledged(frame["id"], frame["duplicate"])
        case "error":
            await asyncio.sleep(frame.get("retry_after_ms", 200) / 1000)
            await connection.close()  # the next connection joins and sends again


async def receive(url):
    global connection
    while True:
        try:
            async with websockets.connect(url, subprotocols=["chat.v1"]) as connection:
                assert connection.subprotocol == "chat.v1"
                say("connected")
                await send(type="join", room="general", **ledger.since())
                async for frame in connection:
                    await on_frame(json.loads(frame))
        except (OSError, websockets.WebSocketException):
            pass
        say("disconnected")
        await asyncio.sleep(0.2)


async def main(url):
    receiving = asyncio.create_task(receive(url.replace("http", "ws", 1) + "/ws"))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        command = json.loads(line)
        ledger.unacknowledged[command["id"]] = command["text"]
        if connection is not None:
            await send(type="send", id=command["id"], room="general", text=command["text"])
    receiving.cancel()


asyncio.run(main(sys.argv[1]))
