"""Has the conversations of conversations.py with an acceptor, and gives back what it says."""

from __future__ import annotations

import re
import socket
import time

from tests.fix.scripts import completed

VERSIONS = {
    "FIX.4.2": ("FIX.4.2", "TW42", ""),
    "FIX.4.4": ("FIX.4.4", "TW44", ""),
    "FIX.5.0SP2": ("FIXT.1.1", "TW50SP2", "|1137=9"),
}
"""BeginString, the counterparty's name, what a Logon has at its end."""

PARTIES = {
    "G0": "453=0",
    "G2": "453=2|448=A|447=D|452=1|448=B|447=D|452=3",
    "G1+": "453=1|448=A|447=D|448=B",
    "GX": "453=1|447=D|448=A",
    "GO": "453=1|448=A|452=1|447=D",
}
SESSIONS = {
    "G0": "386=0",
    "G2": "386=2|336=A|336=B",
    "G1+": "386=1|336=A|336=B",
    "GX": "386=1|58=x",
    "GO": "78=1|80=5|79=A",
}
GROUPS = {"FIX.4.2": SESSIONS, "FIX.4.4": PARTIES, "FIX.5.0SP2": PARTIES}


def filled(line: str, version: str) -> bytes:
    """The bytes of a line."""
    begin_string, name, end = VERSIONS[version]
    for key, group in GROUPS[version].items():
        line = line.replace("{" + key + "}", group)
    for key, value in (("h", f"49={name}|52={{T}}|56=ISLD"), ("us", name), ("A", end), ("B", begin_string)):
        line = line.replace("{" + key + "}", value)
    line = re.sub(r"\{T([+-]\d+)?\}", lambda found: moment(int(found[1] or 0)), line)
    if line.startswith("raw:"):
        return line[4:].replace("|", "\x01").encode()
    if not re.match(r"[89]=|35=0\|8", line):
        line = f"8={begin_string}|{line}"
    line = line if line.endswith("|") else line + "|"
    if found := re.search(r"\{L([+-]\d+)\}\|", line):
        length = len(line) - found.end() + int(found[1])
        line = line.replace(found[0], f"{length}|")
    return completed(line.replace("|", "\x01")).encode("latin-1")


def moment(seconds: int) -> str:
    """A UTCTimestamp so many seconds from now."""
    return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime(time.time() + seconds))


def talk(port: int, lines: list[str], version: str, quiet_s: float = 0.1) -> list[list[str]]:
    """What is answered to each line: messages without times and sums, and END where the connection ends.

    An answer is over when nothing came for `quiet_s`.
    """
    answers = []
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.settimeout(quiet_s)
        for line in lines:
            try:
                stream.sendall(filled(line, version))
                data, ended = heard(stream)
            except OSError:
                data, ended = b"", True
            answers.append(messages(data) + ["END"] * ended)
            if ended:
                break
    return answers


def heard(stream: socket.socket) -> tuple[bytes, bool]:
    """What comes until it is quiet, and whether the connection ended."""
    data = b""
    while True:
        try:
            part = stream.recv(65536)
        except TimeoutError:
            return data, False
        if not part:
            return data, True
        data += part


def messages(data: bytes) -> list[str]:
    """With `|` for SOH, without times and sums."""
    text = re.sub(r"\|(52|122|60)=[^|]*", r"|\1=T", data.decode("latin-1").replace("\x01", "|"))
    return [message for message in re.sub(r"\|10=\d+\|", "|\n", text).split("\n") if message]
