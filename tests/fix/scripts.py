"""Runs the acceptance scripts of FIX engines (.def files) against an acceptor on a loopback port.

A line is one action: `I` send, `E` expect, `i` do (CONNECT, DISCONNECT), `e` expect (DISCONNECT); a number and a
comma behind the letter name one of several connections. BodyLength and CheckSum are put in where they are missing.
What comes is the same when it has the same fields in the same order with equal values; of fields with a pattern the
value has to fit it.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOH = "\x01"
WAIT_S = 10.0
TIME = re.compile(r"<TIME([+-]\d+)?>")
ACTION = re.compile(r"^([IEie])(?:(\d+),)?(.*)$", re.DOTALL)

Patterns = dict[str, re.Pattern[str]]


class ScriptFailed(AssertionError):
    """What came is not what the script expects."""


@dataclass
class Connection:
    """One connection of a script."""

    stream: socket.socket
    kept: bytes = b""

    def message(self) -> str:
        """The next message: up to BodyLength, so many bytes, then up to the end of a field."""
        while not (length := self._length()):
            self._more()
        text, self.kept = self.kept[:length], self.kept[length:]
        return text.decode("latin-1")

    def ended(self) -> None:
        """Waits for the end. Raises ScriptFailed on data, or if there is none."""
        try:
            data = self.kept or self.stream.recv(4096)
        except TimeoutError:
            raise ScriptFailed("the connection stays open") from None
        except ConnectionResetError:
            return
        if data:
            raise ScriptFailed(f"expected the end, came {data!r}")

    def _length(self) -> int:
        found = re.search(rb"\x019=(\d+)\x01", self.kept)
        if found is None:
            return 0
        end = self.kept.find(b"\x01", found.end() + int(found[1]))
        return end + 1

    def _more(self) -> None:
        try:
            data = self.stream.recv(65536)
        except TimeoutError:
            raise ScriptFailed(f"nothing came, have {self.kept!r}") from None
        if not data:
            raise ScriptFailed(f"the connection ended, have {self.kept!r}")
        self.kept += data


@dataclass
class Script:
    """One script on its way. `loose` expects the fields named only (as engines do whose scripts leave some out)."""

    port: int
    patterns: Patterns
    loose: bool = False
    connections: dict[str, Connection] = field(default_factory=dict)

    def run(self, path: Path) -> None:
        """Does every line. Raises ScriptFailed that names the line."""
        try:
            for number, line in lines(path):
                try:
                    self.step(line)
                except (ScriptFailed, OSError) as error:
                    raise ScriptFailed(f"{path.name}, line {number}: {error}\n  {shown(line)}") from error
        finally:
            for connection in self.connections.values():
                connection.stream.close()

    def step(self, line: str) -> None:
        """Does one line."""
        found = ACTION.match(line)
        if found is None:
            raise ScriptFailed("is no action")
        kind, name, rest = found[1], found[2] or "1", found[3]
        match kind, rest.strip():
            case "i", "CONNECT":
                self.close(name)
                self.connections[name] = self.connect()
            case "i", "DISCONNECT":
                self.close(name)
            case "e", "DISCONNECT":
                self.connections[name].ended()
            case "I", _:
                self.connections[name].stream.sendall(completed(timed(rest)).encode("latin-1"))
            case "E", _:
                self.compare(completed(timed(rest)), self.connections[name].message())
            case _:
                raise ScriptFailed("is no action")

    def connect(self) -> Connection:
        """A fresh connection, tried until a former one of the same session is gone."""
        stream = socket.create_connection(("127.0.0.1", self.port), WAIT_S)
        stream.settimeout(WAIT_S)
        return Connection(stream)

    def close(self, name: str) -> None:
        """Closes a connection, if there is one of that name."""
        if name in self.connections:
            self.connections.pop(name).stream.close()

    def compare(self, expected: str, came: str) -> None:
        """Raises ScriptFailed with both messages where they differ."""
        wanted, found = pairs(expected), pairs(came)
        if self.loose:
            wanted = [pair for pair in wanted if pair[0] != "9"]
            tags = {tag for tag, _ in wanted}
            found = [pair for pair in found if pair[0] in tags]
        same = [tag for tag, _ in wanted] == [tag for tag, _ in found] and all(
            self.fits(tag, value, other) for (tag, value), (_, other) in zip(wanted, found, strict=True)
        )
        if not same:
            raise ScriptFailed(f"expected {shown(expected)}\n  came     {shown(came)}")

    def fits(self, tag: str, wanted: str, found: str) -> bool:
        """Whether a value is the one expected, or fits its pattern."""
        pattern = self.patterns.get(tag)
        return wanted == found if pattern is None else pattern.search(found) is not None


def patterns(path: Path) -> Patterns:
    """The patterns of a fields.fmt."""
    rows = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {tag: re.compile(pattern) for tag, pattern in rows}


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    for number, line in enumerate(path.read_text("latin-1").split("\n"), 1):
        line = line.rstrip("\r")
        if line.strip() and not line.startswith("#"):
            yield number, line


def timed(text: str) -> str:
    """With times for <TIME>, <TIME+n>, <TIME-n>."""

    def stamp(found: re.Match[str]) -> str:
        return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime(time.time() + int(found[1] or 0)))

    return TIME.sub(stamp, text)


def completed(text: str) -> str:
    """With BodyLength and CheckSum where a message lacks them."""
    if not text.startswith("8="):
        return text
    if SOH + "9=" not in text:
        head, _, rest = text.partition(SOH)
        body = rest.split(SOH + "10=")[0] + SOH if SOH + "10=" in rest else rest
        text = f"{head}{SOH}9={len(body)}{SOH}{rest}"
    if SOH + "10=" not in text:
        text += f"10={sum(text.encode('latin-1')) % 256:03}{SOH}"
    return text


def pairs(text: str) -> list[tuple[str, str]]:
    """Tags and values."""
    fields = (part.partition("=") for part in text.split(SOH) if part)
    return [(tag, value) for tag, _, value in fields]


def shown(text: str) -> str:
    """For people."""
    return text.replace(SOH, "|")
