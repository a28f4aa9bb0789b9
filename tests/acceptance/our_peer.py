"""Our sessions in a process of their own: an initiator or acceptor that sends orders and keeps what it hears.

    python our_peer.py '{"port": 5001, "store": "...", "initiator": true, ...}'

Settings (JSON): `port`, `store` (a folder), `version`, `sender`, `target`, `initiator`, `orders` (identifiers 1 to
n; one that the store has is not sent again, since each order's number is kept as its cause), `echo`. Rows as in
quickfix_peer.py; an order that comes has its `number` (MsgSeqNum) too.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

from isthmus.app.fix_echo import EchoSession, EchoSettings, build


def row(event: str, **values: Any) -> None:
    """One row on standard output, at once."""
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def fields_of(message: bytes) -> dict[int, bytes]:
    """Tags and values of a message without groups."""
    pairs = (part.partition(b"=") for part in message.split(b"\x01") if part)
    return {int(tag): value for tag, _, value in pairs}


def order(number: int) -> list[tuple[int, bytes]]:
    """The body of a NewOrderSingle with that identifier."""
    moment = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime()).encode()
    return [(11, b"%d" % number), (21, b"1"), (38, b"100"), (40, b"1"), (54, b"1"), (55, b"INTC"), (60, moment)]


def main() -> None:
    """Runs until standard input ends or says stop."""
    settings = json.loads(sys.argv[1])
    connect = f"127.0.0.1:{settings['port']}" if settings["initiator"] else None
    session = EchoSession(
        version=settings["version"], sender=settings["sender"], target=settings["target"], connect=connect
    )
    listen = not settings.get("echo")
    common = EchoSettings(reset_on_logon=False, store=settings["store"], listen=listen, sessions=(session,))
    address = "127.0.0.1:0" if settings["initiator"] else f"127.0.0.1:{settings['port']}"
    server = build(address, common)
    threading.Thread(target=server.run, daemon=True).start()
    row("ready", port=server.port)
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stopped.set()), daemon=True).start()
    sent = server.standing(0)[3]
    last, was_on = settings.get("orders", 0), False
    while not stopped.is_set():
        if sent < last:
            sent += 1
            server.send(0, b"D", order(sent), sent)
        for line in server.notes():
            print(line, file=sys.stderr, flush=True)
        for _, message in server.heard():
            fields = fields_of(message)
            row("order", id=fields[11].decode(), number=int(fields[34]), poss_dup=fields.get(43) == b"Y")
        is_on = server.standing(0)[0]
        if is_on != was_on:
            row("logon" if is_on else "logout")
            was_on = is_on
        time.sleep(settings.get("pause_s", 0.002))
    server.stop()


if __name__ == "__main__":
    main()
