"""Arguments of `isthmus audit document`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

ADD = "A JSON document's root goes under a signed head of the log of documents; its opening (the salts) stays with you."
SHOW = "Chosen fields of a document, proven against the log; of the others nothing but hashes."
VERIFY = "What is shown of a document, on its own. Exit 1 with the refusal's name."


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    about = "Documents of trades, shown field by field."
    commands = audit.add_parser("document", help=about, allow_abbrev=False).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    example = "isthmus audit document add invoice.json --opening invoice.opening"
    parser = command(commands, "add", "isthmus.app.audit_document:add", ADD, example)
    parser.add_argument("file", metavar="FILE", help="the document (JSON)")
    parser.add_argument("--opening", metavar="F", required=True, help="where its opening goes (new, 0600): keep it")
    parser.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
    parser.add_argument("--name", metavar="NAME", default="demo", help="of the logs, as audit.name (%(default)s)")
    example = "isthmus audit document show invoice.opening --fields /trade,/seller/name --to shown.json"
    parser = command(commands, "show", "isthmus.app.audit_document:show", SHOW, example)
    parser.add_argument("opening", metavar="OPENING", help="the document's opening")
    parser.add_argument("--fields", metavar="P", required=True, help="JSON pointers, by commas")
    parser.add_argument("--background", metavar="F", help="a proof by audit disclose, of the trade that a field names")
    parser.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
    parser.add_argument("--to", metavar="F", required=True, help="where it goes")
    example = "isthmus audit document verify shown.json --vkey data/audit/keys/documents.vkey --json"
    parser = command(commands, "verify", "isthmus.app.audit_document:verify", VERIFY, example)
    parser.add_argument("file", metavar="FILE", help="what is shown (JSON)")
    parser.add_argument("--vkey", metavar="K", help="the key of the log of documents or its file; else the file's own")
