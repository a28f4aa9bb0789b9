"""QuickFIX's engine as a counterparty, in a process of its own: it echoes, sends or counts orders.

    python quickfix_peer.py '{"role": "acceptor", "port": 5001, "store": "...", ...}'

Settings (JSON): `role` acceptor|initiator, `port`, `store` (a folder; message files survive kill -9), `version`,
`sender`, `target` or `sessions` (a list of those three), `heartbeat_s`, `reset_on_logon`, `dictionaries` (a folder
of FIX44.xml ..., null for no validation), `echo` (send orders back), `quiet` (no row for each order), `orders` (so
many orders are sent, one after the other, identifiers 1 to n).

Rows on standard output: {"event": "ready"}, {"event": "logon"}, {"event": "logout"}, {"event": "order", "id",
"poss_dup"} for each order that comes, {"event": "sent", "count"} when the orders are sent. A line `stop` on
standard input ends it.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import quickfix

ROWS = threading.Lock()


def row(event: str, **values: Any) -> None:
    """One row on standard output, at once."""
    with ROWS:
        sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
        sys.stdout.flush()


def text_of(settings: dict[str, Any]) -> str:
    """The settings in QuickFIX's form."""
    lines = [
        "[DEFAULT]",
        f"ConnectionType={settings['role']}",
        "StartTime=00:00:00",
        "EndTime=00:00:00",
        "ReconnectInterval=1",
        "MillisecondsInTimeStamp=Y",
        f"HeartBtInt={settings.get('heartbeat_s', 30)}",
        f"FileStorePath={settings['store']}",
        f"ResetOnLogon={'Y' if settings.get('reset_on_logon') else 'N'}",
        f"SocketAcceptPort={settings['port']}",
        "SocketReuseAddress=Y",
        "SocketConnectHost=127.0.0.1",
        f"SocketConnectPort={settings['port']}",
    ]
    for session in settings.get("sessions") or [settings]:
        lines += session_lines(session, settings.get("dictionaries"))
    return "\n".join(lines) + "\n"


def session_lines(session: dict[str, Any], dictionaries: str | None) -> list[str]:
    """One session in QuickFIX's form."""
    version = session["version"]
    transport = version == "FIX.5.0SP2"
    lines = [
        "[SESSION]",
        f"BeginString={'FIXT.1.1' if transport else version}",
        f"SenderCompID={session['sender']}",
        f"TargetCompID={session['target']}",
    ]
    if transport:
        lines.append("DefaultApplVerID=FIX.5.0SP2")
    if dictionaries is None:
        return [*lines, "UseDataDictionary=N"]
    folder = Path(dictionaries)
    lines.append("UseDataDictionary=Y")
    if transport:
        return [
            *lines,
            f"TransportDataDictionary={folder / 'FIXT11.xml'}",
            f"AppDataDictionary={folder / 'FIX50SP2.xml'}",
        ]
    return [*lines, f"DataDictionary={folder / (version.replace('.', '') + '.xml')}"]


class Application(quickfix.Application):  # type: ignore[misc]
    """Echoes what it is told to, and says what happens."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.settings = settings
        self.logged_on: dict[str, Any] = {}
        self.seen: set[tuple[str, str]] = set()

    def onCreate(self, session: Any) -> None:  # noqa: N802
        """Nothing to do."""

    def onLogon(self, session: Any) -> None:  # noqa: N802
        self.seen = {key for key in self.seen if key[0] != session.toString()}
        self.logged_on[session.toString()] = session
        row("logon")

    def onLogout(self, session: Any) -> None:  # noqa: N802
        self.logged_on.pop(session.toString(), None)
        row("logout")

    def toAdmin(self, message: Any, session: Any) -> None:  # noqa: N802
        """Nothing to add."""

    def fromAdmin(self, message: Any, session: Any) -> None:  # noqa: N802
        """Nothing to refuse."""

    def toApp(self, message: Any, session: Any) -> None:  # noqa: N802
        """Nothing to add."""

    def fromApp(self, message: Any, session: Any) -> None:  # noqa: N802
        header = message.getHeader()
        kind = header.getField(35)
        if kind == "D":
            identifier = message.getField(11)
            if not self.settings.get("quiet"):
                row("order", id=identifier, poss_dup=header.isSetField(43) and header.getField(43) == "Y")
            key = (session.toString(), identifier)
            if key in self.seen and header.isSetField(97) and header.getField(97) == "Y":
                return
            self.seen.add(key)
        if self.settings.get("echo"):
            if kind not in {"D", "d", "C"}:
                raise quickfix.UnsupportedMessageType
            quickfix.Session.sendToTarget(quickfix.Message(message), session)


def order(number: int) -> Any:
    """A NewOrderSingle with that identifier."""
    message = quickfix.Message()
    message.getHeader().setField(quickfix.MsgType("D"))
    for tag, value in ((11, str(number)), (21, "1"), (38, "100"), (40, "1"), (54, "1"), (55, "INTC")):
        message.setField(quickfix.StringField(tag, value))
    message.setField(quickfix.StringField(60, time.strftime("%Y%m%d-%H:%M:%S", time.gmtime())))
    return message


def send_orders(settings: dict[str, Any]) -> None:
    """Sends the orders that were not sent by an earlier process (a file in the store counts), logged on or not."""
    transport = settings["version"] == "FIX.5.0SP2"
    begin = "FIXT.1.1" if transport else settings["version"]
    session = quickfix.SessionID(begin, settings["sender"], settings["target"])
    counter = Path(settings["store"]) / "orders.sent"
    fresh = counter.with_suffix(".new")
    number = int(counter.read_text()) if counter.exists() else 0
    while number < settings["orders"]:
        number += 1
        quickfix.Session.sendToTarget(order(number), session)
        # after a kill in between the order goes out a second time, as a new message: nothing is lost
        fresh.write_text(str(number))
        fresh.rename(counter)
        time.sleep(settings.get("pause_s", 0))
    row("sent", count=number)


def main() -> None:
    """Runs until standard input ends or says stop."""
    settings = json.loads(sys.argv[1])
    folder = Path(settings["store"])
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "settings.cfg"
    config.write_text(text_of(settings))
    shared = quickfix.SessionSettings(str(config))
    application = Application(settings)
    store = quickfix.FileStoreFactory(shared)
    if settings.get("log"):
        log = quickfix.FileLogFactory(settings["log"])
        made = {"acceptor": quickfix.SocketAcceptor, "initiator": quickfix.SocketInitiator}
        engine = made[settings["role"]](application, store, shared, log)
    elif settings["role"] == "acceptor":
        engine = quickfix.SocketAcceptor(application, store, shared)
    else:
        engine = quickfix.SocketInitiator(application, store, shared)
    engine.start()
    row("ready")
    if settings.get("orders"):
        threading.Thread(target=send_orders, args=(settings,), daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "stop":
            break
    engine.stop()
    row("end")


if __name__ == "__main__":
    main()
