"""Arguments of `isthmus zk`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from isthmus.app.arguments_zk_message import add_message

ZK = "A day's books proven without showing them: sums that open, limits that are kept, liabilities that are covered."


def add_zk(zk: Any, add: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    prove = add(
        zk,
        "prove",
        "isthmus.app.zk:prove",
        "Makes the proof of a day: a public part, and a private file for each client. Exit 1 where a claim is not so.",
        "isthmus zk prove --data ./data --day 2026-01-05",
    )
    prove.add_argument("--data", metavar="DIR", default=data, help=f"data folder ({data})")
    prove.add_argument("--day", metavar="D", required=True, help="day (UTC), YYYY-MM-DD")
    prove.add_argument("--threads", type=int, default=0, metavar="N", help="threads (0: one for each core)")
    verify = add(
        zk,
        "verify",
        "isthmus.app.zk:verify",
        "Verifies a day's proof by its public part. Exit 1 where a claim fails, each by name.",
        "isthmus zk verify --data ./data --day 2026-01-05",
    )
    verify.add_argument("--data", metavar="DIR", default=data, help=f"data folder, or a public part alone ({data})")
    verify.add_argument("--day", metavar="D", help="day (UTC), YYYY-MM-DD")
    verify.add_argument("--public", metavar="DIR", help="a public part alone")
    verify.add_argument("--vkey", metavar="K", help="the log's public key or its file (default: the data folder's)")
    client = add(
        zk,
        "client",
        "isthmus.app.zk:client",
        "Whether a client's balances and trades are in a proof. Exit 1 where one is not.",
        "isthmus zk client --proof client.json --public ./public",
    )
    client.add_argument("--proof", metavar="F", required=True, help="the client's own file")
    client.add_argument("--public", metavar="DIR", help="the public part (default: beside the client's file)")
    _add_check(zk, add)
    add_message(zk, add)


def _add_check(zk: Any, add: Callable[..., ArgumentParser]) -> None:
    check = add(
        zk,
        "check",
        "isthmus.app.zk_check:check",
        "Range proofs of others (JSON) verified, or a table of liabilities (CSV) committed, proven and verified.",
        "isthmus zk check --vectors bulletproofs_range.json",
    )
    check.add_argument("--vectors", metavar="F", required=True, help="range proofs (.json) or liabilities (.csv)")
