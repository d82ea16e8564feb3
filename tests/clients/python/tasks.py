"""A chat client of python-socketio with asyncio: tasks.py URL TRANSPORT."""
import asyncio
import json
import sys

import socketio

from chat import TRANSPORTS, Ledger, say

client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.5)
ledger = Ledger()


async def send(message_id, text):
    """Until it is acknowledged: a lost connection ends the wait, and the next one gets the message again."""
    while message_id in ledger.unacknowledged:
        try:
            answer = await client.call("event:message", {"id": message_id, "message": text}, timeout=5)
        except socketio.exceptions.SocketIOError:
            answer = {"code": "not connected"}
        if "code" not in answer:
            return ledger.acknowledged(message_id, answer["duplicate"])
        await asyncio.sleep(answer.get("retry_after_ms", 200) / 1000)


async def catch_up():
    """Reads what was missed meanwhile; this library has no connection state recovery."""
    while ledger.is_behind:
        page = await client.call("join", ledger.since())
        if "code" in page:
            await asyncio.sleep(page.get("retry_after_ms", 200) / 1000)
            continue
        for message in page["messages"]:
            ledger.received(message, message["message"], in_page=True)
        ledger.is_behind = page.get("more", False)


@client.event
async def connect():
    say("connected")
    await catch_up()


@client.event
async def disconnect(reason):
    ledger.lost()
    say("disconnected")


@client.on("message")
async def message(content, offset=None):
    ledger.received(content, content["message"])


async def main(url, transport):
    await client.connect(url, transports=TRANSPORTS[transport])
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    sends = set()
    while line := await lines.readline():
        command = json.loads(line)
        ledger.unacknowledged[command["id"]] = command["text"]
        sends.add(asyncio.create_task(send(command["id"], command["text"])))
    await client.disconnect()


asyncio.run(main(*sys.argv[1:3]))
