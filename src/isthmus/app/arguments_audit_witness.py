"""Arguments of `isthmus audit witness`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any


def add(audit: Any, command: Callable[..., ArgumentParser], _data: str) -> None:
    """The commands of the group."""
    witness = audit.add_parser("witness", help="Those who watch the log.", allow_abbrev=False)
    commands = witness.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command(
        commands,
        "list",
        "isthmus.app.witness_list:run",
        "The jurisdictions: retention, what each may see of an order, and by which rule.",
        "isthmus audit witness list --json",
    )
    serve = command(
        commands,
        "serve",
        "isthmus.app.witness_serve:run",
        "A witness over HTTP (C2SP tlog-witness): cosigns heads that extend what it cosigned, reports the others.",
        "isthmus audit witness serve --jurisdiction uk-fca --state uk-fca --log-vkey example.org/log+1a2b3c4d+AbC...",
    )
    serve.add_argument("--jurisdiction", metavar="NAME", required=True, help="a row of `audit witness list`")
    serve.add_argument("--state", metavar="DIR", required=True, help="folder of its key, heads and reports")
    serve.add_argument(
        "--log-vkey", metavar="VKEY", required=True, action="append", help="public key of a log; as often as needed"
    )
    serve.add_argument(
        "--peers", metavar="F", help="file of other witnesses' URLs, a line each, whose heads are compared"
    )
    serve.add_argument("--logs", metavar="PLACE", help="folder or URL with a folder of each log: asked for proofs")
    serve.add_argument("--gossip-every", metavar="S", type=float, default=60.0, help="between two rounds (60)")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at (127.0.0.1)")
    serve.add_argument("--port", type=int, default=0, help="0 takes a free one (0)")
    serve.add_argument("--tied", action="store_true", help="also ends when standard input does")
    drill = command(
        commands,
        "drill",
        "isthmus.app.witness_drill:run",
        "17 witnesses as processes: one lies, two are down, the log forks and shrinks. Exit 1 if one is fooled.",
        "isthmus audit witness drill --json",
    )
    drill.add_argument("--needed", type=int, default=9, help="cosignatures that make a quorum (9)")
