"""QuickFIX as a client of the broker, in a process of its own: sends orders 1 to n and keeps every report that came.

    python fix_trader.py '{"port": 8080, "key": "IK...", "secret": "...", "store": "...", "orders": 100000}'

`store` (a folder) holds QuickFIX's own files and `reports`, a line for each ExecutionReport: ClOrdID, ExecID, ExecType.
An order without a report is sent again after a restart, with PossResend(97), as the standard has it. Rows on standard
output: {"event": "ready"}, {"event": "logon"}, {"event": "reported", "count"} now and then, {"event": "done"}.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import quickfix

WINDOW = 2_000
"""Orders under way at once."""
QUIET_S = 2.0
"""Without a report for so long, what is unanswered is sent again."""


def row(event: str, **values: Any) -> None:
    """One row on standard output, at once."""
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


class Trader(quickfix.Application):  # type: ignore[misc]
    """Counts orders that are answered."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.settings = settings
        self.kept = Path(settings["store"]) / "reports"
        self.answered: set[str] = set()
        if self.kept.exists():
            lines = self.kept.read_text().splitlines()
            self.answered = {line.split()[0] for line in lines if len(line.split()) == 3}
        self.file = self.kept.open("a", buffering=1)
        self.session: Any = None
        self.last = time.monotonic()
        self.changed = threading.Event()

    def onCreate(self, session: Any) -> None:  # noqa: N802
        """Nothing to do."""

    def onLogon(self, session: Any) -> None:  # noqa: N802
        self.session = session
        row("logon")
        self.changed.set()

    def onLogout(self, session: Any) -> None:  # noqa: N802
        self.session = None

    def toAdmin(self, message: Any, session: Any) -> None:  # noqa: N802
        if message.getHeader().getField(35) == "A":
            message.setField(quickfix.StringField(554, self.settings["secret"]))

    def fromAdmin(self, message: Any, session: Any) -> None:  # noqa: N802
        """Nothing to refuse."""

    def toApp(self, message: Any, session: Any) -> None:  # noqa: N802
        """Nothing to add."""

    def fromApp(self, message: Any, session: Any) -> None:  # noqa: N802
        if message.getHeader().getField(35) != "8":
            row("other", message=message.toString().replace("\x01", "|"))
            return
        client, execution, kind = (message.getField(tag) for tag in (11, 17, 150))
        self.file.write(f"{client} {execution} {kind}\n")
        self.answered.add(client)
        self.last = time.monotonic()
        if len(self.answered) % 500 == 0:
            row("reported", count=len(self.answered))
        self.changed.set()

    def send(self, name: str, again: bool) -> None:
        """A limit order that rests."""
        message = quickfix.Message()
        message.getHeader().setField(quickfix.MsgType("D"))
        if again:
            message.getHeader().setField(quickfix.StringField(97, "Y"))
        plain = ((21, "1"), (38, "0.001"), (40, "2"), (44, "1000.00"), (54, "1"), (55, "BTC-USD"), (59, "1"))
        for tag, value in ((11, name), *plain):
            message.setField(quickfix.StringField(tag, value))
        message.setField(quickfix.StringField(60, time.strftime("%Y%m%d-%H:%M:%S", time.gmtime())))
        session = self.session
        if session is not None:
            quickfix.Session.sendToTarget(message, session)

    def run(self) -> None:
        """Until every order is answered."""
        names = [f"o{number}" for number in range(1, self.settings["orders"] + 1)]
        sent = Path(self.settings["store"]) / "sent"
        told = int(sent.read_text()) if sent.exists() and sent.read_text() else 0
        at = told
        while len(self.answered) < len(names):
            if self.session is None:
                self.changed.wait(0.2)
                self.changed.clear()
                continue
            if at < len(names) and at - len(self.answered) < WINDOW:
                sent.write_text(str(min(len(names), at + 100)))
                for name in names[at : at + 100]:
                    self.send(name, again=False)
                at = min(len(names), at + 100)
            elif time.monotonic() - self.last > QUIET_S:
                for name in [name for name in names[:at] if name not in self.answered]:
                    self.send(name, again=True)
                self.last = time.monotonic()
            else:
                self.changed.wait(0.05)
                self.changed.clear()
        row("done")


def main() -> None:
    """Until every order is answered, then a logout."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    store = Path(settings["store"])
    store.mkdir(exist_ok=True)
    lines = [
        "[DEFAULT]", "ConnectionType=initiator", "StartTime=00:00:00", "EndTime=00:00:00", "ReconnectInterval=1",
        "HeartBtInt=30", f"FileStorePath={store / 'quickfix'}", "SocketConnectHost=127.0.0.1",
        f"SocketConnectPort={settings['port']}", "[SESSION]", "BeginString=FIX.4.4", f"SenderCompID={settings['key']}",
        "TargetCompID=ISTHMUS", "UseDataDictionary=N", "MillisecondsInTimeStamp=Y",
    ]  # fmt: skip
    (store / "settings").write_text("\n".join(lines) + "\n")
    read = quickfix.SessionSettings(str(store / "settings"))
    trader = Trader(settings)
    initiator = quickfix.SocketInitiator(trader, quickfix.FileStoreFactory(read), read)
    initiator.start()
    row("ready")
    trader.run()
    initiator.stop()


main()
