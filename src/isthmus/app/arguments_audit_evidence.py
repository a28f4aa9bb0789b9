"""Arguments of `isthmus audit evidence`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

MAKE = (
    "One signed file of a trade: the bank's message, the chain's event, the record and its postings, each fact linked "
    "to the leaf that commits to it. Exit 1 where they disagree."
)
VERIFY = "An evidence file on its own: signature, proofs, every source read anew. Exit 1 with each fault and its place."


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    evidence = audit.add_parser("evidence", help="What joins on one trade, in one signed file.", allow_abbrev=False)
    commands = evidence.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "isthmus audit evidence make --trade trd-4711-1 --side buy --message MT541.fin --to evidence.json"
    parser = command(commands, "make", "isthmus.app.audit_evidence:make", MAKE, example)
    parser.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
    parser.add_argument("--trade", metavar="T", required=True, help="the trade, as trd-4711-1")
    parser.add_argument("--side", choices=("buy", "sell"), required=True, help="whose settlement it is")
    parser.add_argument("--message", metavar="F", action="append", help="MT540 to MT547, sese.023 or sese.025")
    parser.add_argument("--chain", metavar="F", help="the file of the chain (TOML) that the events are read by")
    parser.add_argument("--event", metavar="F", action="append", help="a log of the settlement contract (JSON)")
    parser.add_argument("--to", metavar="F", required=True, help="where the evidence goes")
    example = "isthmus audit evidence verify evidence.json --vkey data/audit/keys/log.vkey --json"
    parser = command(commands, "verify", "isthmus.app.audit_evidence:verify", VERIFY, example)
    parser.add_argument("file", metavar="FILE", help="the evidence (JSON)")
    parser.add_argument("--vkey", metavar="K", help="the log's public key or its file; else the one in the file")
