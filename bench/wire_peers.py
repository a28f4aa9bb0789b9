"""Other FIX parsers on the messages of `isthmus bench wire`; run by it, one process a parser.

    python bench/wire_peers.py NAME FOLDER    asked line by line: truth, round

`pure-python-dict` is what most Python code does: split, a dictionary from tag to value, the sum of the bytes. simplefix
and QuickFIX (its Python package) are used as their documentation shows, QuickFIX with its dictionary of FIX 4.4.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

MESSAGES = 500
Subjects = dict[str, Callable[[bytes], object]]
"""By row of `isthmus bench wire`."""


def pure_python() -> tuple[Subjects, Callable[[bytes], bool]]:
    """A dictionary of every field, BodyLength and CheckSum checked."""

    def parse(message: bytes) -> dict[int, bytes]:
        end = message.rindex(b"10=", 0, len(message))
        if sum(message[:end]) % 256 != int(message[end + 3 : -1]):
            raise ValueError("CheckSum")
        fields: dict[int, bytes] = {}
        for part in message[:-1].split(b"\x01"):
            tag, _, value = part.partition(b"=")
            fields[int(tag)] = value
        body = message.index(b"\x0135=") + 1
        if int(fields[9]) != end - body:
            raise ValueError("BodyLength")
        return fields

    def right(message: bytes) -> bool:
        return parse(message)[11].startswith(b"ORD-")

    return {"fix_order_parse": parse, "fix_report_parse": parse}, right


def simplefix() -> tuple[Subjects, Callable[[bytes], bool]]:
    """simplefix: parser and encoder."""
    import simplefix

    def parse(message: bytes) -> object:
        parser = simplefix.FixParser()
        parser.append_buffer(message)
        return parser.get_message()

    made: dict[bytes, object] = {}

    def encode(message: bytes) -> object:
        known = made.get(message)
        if known is None:
            known = made[message] = [
                (int(tag), value)
                for tag, _, value in (part.partition(b"=") for part in message[:-1].split(b"\x01"))
                if tag not in (b"9", b"10")
            ]
        built = simplefix.FixMessage()
        for tag, value in known:  # type: ignore[attr-defined]
            built.append_pair(tag, value)
        return built.encode()

    def right(message: bytes) -> bool:
        return encode(message) == message and parse(message).get(11).startswith(b"ORD-")  # type: ignore[attr-defined]

    return {"fix_order_parse": parse, "fix_report_parse": parse, "fix_order_encode": encode}, right


def quickfix() -> tuple[Subjects, Callable[[bytes], bool]]:
    """QuickFIX: a message read with its dictionary's groups; the same with validation."""
    import quickfix

    installed = [Path(str(path.locate())) for path in importlib.metadata.files("quickfix") or []]
    beside = Path(quickfix.__file__).parent / "share" / "quickfix" / "FIX44.xml"
    places = [path for path in (*installed, beside) if path.name == "FIX44.xml" and path.exists()]
    dictionary = quickfix.DataDictionary(str(places[0]))

    def parse(message: bytes) -> object:
        return quickfix.Message(message.decode(), dictionary)

    def validate(message: bytes) -> None:
        dictionary.validate(quickfix.Message(message.decode(), dictionary))

    def right(message: bytes) -> bool:
        validate(message)
        return bool(quickfix.Message(message.decode(), dictionary).getField(11).startswith("ORD-"))

    return {
        "fix_order_parse": parse,
        "fix_report_parse": parse,
        "fix_order_validate": validate,
        "fix_report_validate": validate,
    }, right


PEERS = {"pure-python-dict": pure_python, "simplefix": simplefix, "quickfix": quickfix}


def version_of(name: str) -> str | None:
    """Of the package, None for none."""
    return None if name == "pure-python-dict" else importlib.metadata.version(name)


def main(name: str, folder: Path) -> None:
    """Answers until standard input ends."""
    try:
        subjects, right = PEERS[name]()
    except ImportError:
        sys.exit(f"{name} is not installed")
    messages = {
        kind: [line.replace("|", "\x01").encode() for line in (folder / kind).read_text().splitlines()]
        for kind in ("order", "report")
    }
    for line in sys.stdin:
        if line.strip() == "truth":
            answer: object = {"right": all(map(right, messages["order"])), "version": version_of(name)}
        else:
            answer = {row: took(subject, messages[row.split("_")[1]]) for row, subject in subjects.items()}
        print(json.dumps(answer), flush=True)


def took(subject: Callable[[bytes], object], messages: list[bytes]) -> float:
    """Nanoseconds of processor time of one message."""
    started = time.process_time_ns()
    for number in range(MESSAGES):
        subject(messages[number % len(messages)])
    return (time.process_time_ns() - started) / MESSAGES


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
