"""A FIX client over a plain socket, small enough to be read: what it says is what is written here."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime

Message = list[tuple[int, str]]

SOH = "\x01"
TIMEOUT_S = 10


def value(message: Message, tag: int) -> str | None:
    """The first value of the tag."""
    return next((text for at, text in message if at == tag), None)


def stamp() -> str:
    """Now, as UTCTimestamp."""
    return f"{datetime.now(UTC):%Y%m%d-%H:%M:%S.%f}"[:-3]


class FixClient:
    """One counterparty, which may connect again. `number` is the next MsgSeqNum of ours, `expected` the next of theirs;
    `heard` everything that came in its turn, `sent` our application messages, for those who ask for them again.
    """

    tls: ssl.SSLContext | None = None
    """What a certificate must be of, where the port speaks TLS."""

    def __init__(self, port: int, key: str, secret: str, begin: str = "FIX.4.4") -> None:
        self.key, self.secret, self.begin = key, secret, begin
        self.number = self.expected = 1
        self.heard: list[Message] = []
        self.sent: dict[int, tuple[str, Message, str]] = {}
        self.connect(port)

    def connect(self, port: int) -> None:
        """A new connection of the same session."""
        if hasattr(self, "socket"):
            self.close()
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            self.socket = self.tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.buffer = b""

    def frame(self, kind: str, body: Message, number: int | None = None) -> bytes:
        """The bytes of a message; it takes the next number."""
        now, again = stamp(), []
        if number is None:
            number, self.number = self.number, self.number + 1
            self.sent[number] = (kind, body, now)
        else:
            again = [(43, "Y"), (122, self.sent[number][2] if number in self.sent else now)]
        header: Message = [(35, kind), (34, str(number)), (49, self.key), (52, now), (56, "ISTHMUS"), *again]
        fields = "".join(f"{tag}={text}{SOH}" for tag, text in [*header, *body])
        whole = f"8={self.begin}{SOH}9={len(fields)}{SOH}{fields}".encode()
        return whole + f"10={sum(whole) % 256:03d}{SOH}".encode()

    def send(self, kind: str, body: Message, number: int | None = None) -> None:
        """Say it."""
        self.socket.sendall(self.frame(kind, body, number))

    def logon(self, *more: tuple[int, str]) -> Message:
        """The answer to our Logon."""
        secret = [(554, self.secret)] if self.begin != "FIX.4.2" else [(95, str(len(self.secret))), (96, self.secret)]
        version = [(1137, "9")] if self.begin == "FIXT.1.1" else []
        self.send("A", [(98, "0"), (108, "30"), *secret, *version, *more])
        return self.next("A", "5")

    def next(self, *kinds: str) -> Message:
        """The next message of one of these types, in its turn; passes over the others."""
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            message = self.read()
            if message is None:
                raise EOFError("the connection was closed")
            if self._is_its_turn(message) and (not kinds or value(message, 35) in kinds):
                return message
        raise TimeoutError(kinds)

    def _is_its_turn(self, message: Message) -> bool:
        """Session rules of a counterparty: asks for what is missing, sends again what is asked for."""
        kind, number = value(message, 35), int(value(message, 34) or 0)
        if kind == "2":
            self._resend(int(value(message, 7) or 1), int(value(message, 16) or 0))
        elif kind == "1":
            self.send("0", [(112, value(message, 112) or "")])
        if kind == "4" and value(message, 123) == "Y" and number == self.expected:
            self.expected = int(value(message, 36) or 0)
            return False
        if number > self.expected:
            self.send("2", [(7, str(self.expected)), (16, "0")])
            return kind == "A"
        if number < self.expected:
            return False
        self.expected += 1
        self.heard.append(message)
        return True

    def _resend(self, begin: int, end: int) -> None:
        """What was an application message as it was, everything else filled over."""
        last = min(end or self.number - 1, self.number - 1)
        fill: int | None = None
        for number in range(begin, last + 2):
            kind, body, _ = self.sent.get(number, ("0", [], ""))
            is_over = number > last
            if not is_over and kind in "012345A":
                fill = fill or number
                continue
            if fill is not None:
                self.send("4", [(123, "Y"), (36, str(number))], fill)
                fill = None
            if not is_over:
                self.send(kind, body, number)

    def read(self) -> Message | None:
        """One message, whole and with its right sum; None at the end."""
        while True:
            if (end := self.buffer.find(b"\x0110=")) >= 0 and len(self.buffer) >= end + 8:
                raw, self.buffer = self.buffer[: end + 8], self.buffer[end + 8 :]
                assert raw.endswith(b"\x01") and int(raw[-4:-1]) == sum(raw[:-7]) % 256, raw
                fields = raw.decode().rstrip(SOH).split(SOH)
                return [(int(tag), text) for tag, _, text in (field.partition("=") for field in fields)]
            came = self.socket.recv(65_536)
            if not came:
                return None
            self.buffer += came

    def order(self, client: str, *more: tuple[int, str], symbol: str = "BTC-USD", side: str = "1") -> None:
        """A limit order of one lot at a price that nobody takes, unless `more` says otherwise."""
        said = dict(more)
        body: Message = [(11, client), (55, symbol), (54, side), (60, stamp())]
        body += [(21, "1")] if self.begin == "FIX.4.2" else []
        plain = {38: "0.001", 40: "2", 44: "1000.00", 59: "1"} | said
        self.send("D", [*body, *((tag, text) for tag, text in plain.items() if text)])

    def logout(self) -> None:
        """Say good-bye and wait for the answer."""
        self.send("5", [])
        self.next("5")
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
