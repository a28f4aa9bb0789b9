"""Arguments of `isthmus audit verify`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from isthmus.app import arguments_audit_day

ABOUT = {
    "inclusion": "Proofs that a leaf is in a tree (RFC 9162, 2.1.3), by row. Exit 1 where a case states otherwise.",
    "consistency": "Proofs that a tree begins with an older one (RFC 9162, 2.1.4), by row. Exit 1 as for inclusion.",
}


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    verify = audit.add_parser("verify", help="Proofs of Merkle logs, checked on files alone.", allow_abbrev=False)
    commands = verify.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for what, about in ABOUT.items():
        example = f"isthmus audit verify {what} --cases {what}_proofs.json --json"
        parser = command(commands, what, "isthmus.app.audit_verify:run", about, example)
        parser.set_defaults(what=what)
        parser.add_argument("--cases", metavar="F", required=True, help="cases by name (JSON)")
    arguments_audit_day.add_verify(commands, command, data)
    _add_log(commands, command)
    _add_proof(commands, command)
    _add_split_view(commands, command)


def _add_log(commands: Any, command: Callable[..., ArgumentParser]) -> None:
    about = (
        "A whole log: every entry hashed, every tile made again, heads and signatures. Exit 1 where anything differs."
    )
    example = "isthmus audit verify log data/audit/log/journal --json"
    parser = command(commands, "log", "isthmus.app.audit_verify_log:run", about, example)
    parser.add_argument("log", metavar="DIR", help="a folder of tiles, or a JSON object of files by path in base64")
    parser.add_argument("--vkey", metavar="K", help="the log's public key or its file; else the one beside the log")
    parser.add_argument(
        "--group", metavar="K", help="a key of several holders (or its file) that must have signed a head"
    )
    parser.add_argument("--origin", metavar="O", help="the name that the log must have")


def _add_proof(commands: Any, command: Callable[..., ArgumentParser]) -> None:
    about = (
        "A proof file (isthmus-proof/1): signature, leaf, way to the root, record and shown fields. Exit 1 on refusal."
    )
    example = "isthmus audit verify proof proof.json --vkey data/audit/keys/log.vkey --json"
    parser = command(commands, "proof", "isthmus.app.audit_verify_proof:run", about, example)
    parser.add_argument("file", metavar="FILE", help="the proof (JSON)")
    parser.add_argument("--vkey", metavar="K", help="the log's public key or its file; else the one in the proof")
    parser.add_argument("--witness", metavar="K", action="append", help="a witness's key; else those in the proof")
    parser.add_argument("--group", metavar="K", help="a key of several holders (or its file) that must have signed")
    parser.add_argument("--quorum", metavar="N", type=int, help="witnesses that must have cosigned (default 1 if any)")


def _add_split_view(commands: Any, command: Callable[..., ArgumentParser]) -> None:
    about = "Evidence of a split view (isthmus-split-view/1): two heads of one log that contradict. Exit 1 on refusal."
    example = "isthmus audit verify split-view uk-fca/journal-0a1b2c3d4e5f6071/split-views/8f2e6c0d1a3b4c5d.json"
    parser = command(commands, "split-view", "isthmus.app.audit_verify_split_view:run", about, example)
    parser.add_argument("file", metavar="FILE", help="the evidence (JSON)")
    parser.add_argument("--vkey", metavar="K", help="the log's public key or its file; else the one in the evidence")
