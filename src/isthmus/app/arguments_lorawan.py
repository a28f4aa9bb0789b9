"""Arguments of `isthmus lorawan`."""

from collections.abc import Callable
from typing import Any

LORAWAN = "LoRaWAN frames, and rules of hedging by sensors."


def add_lorawan(lorawan: Any, add: Callable[..., Any]) -> None:
    """The commands of a group, added as all others are."""
    decode = add(
        lorawan,
        "decode",
        "isthmus.app.lorawan:decode",
        "What frames say, whether their codes are right, and their payloads, by row. Exit 1 if one is not in order.",
        "isthmus lorawan decode frames.jsonl",
    )
    decode.add_argument("file", metavar="F", help="rows with phy and keys (hexadecimal), or - for standard input")
    rules = add(
        lorawan,
        "rules",
        "isthmus.app.lorawan:rules",
        "Rules of hedging as sentences, each with the hash of its content, which is what operators approve.",
        "isthmus lorawan rules rules.toml",
    )
    rules.add_argument("file", metavar="F", help="file of rules (TOML)")
