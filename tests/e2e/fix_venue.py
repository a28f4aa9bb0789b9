"""A FIX venue in a thread: takes Logon and orders of a broker, and fills each order at its price."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.e2e.fix_client import SOH, Message, stamp, value


class FixVenue:
    """Accepts connections on `port`, one after the other; sequence numbers begin with 1 at each Logon."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.orders: list[Message] = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """No more."""
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, contextlib.suppress(OSError):
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        buffer, self.number = b"", 1
        while came := connection.recv(65_536):
            buffer += came
            while (end := buffer.find(b"\x0110=")) >= 0 and len(buffer) >= end + 8:
                raw, buffer = buffer[: end + 8], buffer[end + 8 :]
                fields = raw.decode().rstrip(SOH).split(SOH)
                self._take(connection, [(int(tag), text) for tag, _, text in (one.partition("=") for one in fields)])

    def _take(self, connection: socket.socket, message: Message) -> None:
        kind = value(message, 35)
        if kind == "A":
            self._say(connection, "A", [(98, "0"), (108, "30"), (141, "Y")])
        elif kind == "D":
            self.orders.append(message)
            known = [(tag, value(message, tag) or "") for tag in (11, 55, 54, 38)]
            quantity, price = value(message, 38) or "", value(message, 44) or ""
            for execution, status, done, left in (("0", "0", "0", quantity), ("F", "2", quantity, "0")):
                number = len(self.orders)
                body: Message = [(37, f"V{number}"), (17, f"E{number}-{execution}"), (150, execution), (39, status)]
                fill: Message = [(32, quantity), (31, price)] if execution == "F" else []
                self._say(connection, "8", [*body, *known, *fill, (151, left), (14, done), (6, price), (60, stamp())])
        elif kind == "5":
            self._say(connection, "5", [])

    def _say(self, connection: socket.socket, kind: str, body: Message) -> None:
        header: Message = [(35, kind), (34, str(self.number)), (49, "CME"), (52, stamp()), (56, "ISTH")]
        self.number += 1
        fields = "".join(f"{tag}={text}{SOH}" for tag, text in [*header, *body])
        whole = f"8=FIX.4.4{SOH}9={len(fields)}{SOH}{fields}".encode()
        connection.sendall(whole + f"10={sum(whole) % 256:03d}{SOH}".encode())
