"""The arguments of `isthmus mt300`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

MT300 = "Foreign exchange confirmations (SWIFT MT300): made, read, judged, matched."


def add_mt300(mt300: Any, add: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group `mt300`; `add` makes one (arguments.py), `data` is the usual data folder."""
    rows = (
        ("build", "Confirmations of FIX reports: rows of fix, sender_bic, receiver_bic in, messages or errors out."),
        ("parse", "Fields of messages with the verdict over them, from a FIN file or rows of fin."),
        (
            "validate",
            "Formats and network rules of messages, each error with code, rule, field and line. Exit 1 on errors.",
        ),
        ("trade", "Trade capture reports (FIX AE) of confirmations, for reconciliation."),
    )
    for name, purpose in rows:
        command = add(mt300, name, f"isthmus.app.mt300:{name}", purpose, f"isthmus mt300 {name} messages.fin --json")
        command.add_argument(
            "file", metavar="F", nargs="?", default="-", help="a file, packed or plain; - is stdin (-)"
        )
    match = add(
        mt300,
        "match",
        "isthmus.app.mt300:match",
        "Our confirmations against the counterparty's: each field in which a pair differs. Exit 1 on a difference.",
        "isthmus mt300 match --ours ours.fin --theirs theirs.fin --json",
    )
    match.add_argument("--ours", metavar="F", required=True, help="what we sent")
    match.add_argument("--theirs", metavar="F", required=True, help="what came in")
    listed = add(
        mt300,
        "list",
        "isthmus.app.mt300:listed",
        "Confirmations of a broker's folder and their states: sent, matched, mismatched, alleged, refused, cancelled.",
        "isthmus mt300 list --data data --json",
    )
    listed.add_argument("--data", metavar="DIR", default=data, help="the broker's data folder (data)")
    listed.add_argument("--folder", metavar="DIR", help="of the folders out and in (DATA/confirmations)")
    listed.add_argument("--own", metavar="BIC", help="the house's BIC (that of the messages in the folder out)")
