"""Arguments of `isthmus audit particulars`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

SET = "Seal who holds an account (JSON) under the client's own key; a new version, on record with who and why."
SHOW = "Who holds an account; the reading is put on record first. Exit 1 where the key was destroyed."
LIST = "Accounts and versions that are kept, nothing of what is in them."


def add(audit: Any, command: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group."""
    about = "Personal data of account holders, outside the journal, gone with the client's key."
    particulars = audit.add_parser("particulars", help=about, allow_abbrev=False)
    commands = particulars.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = 'isthmus audit particulars set --account acc-16 --file ann.json --by joe --reason "account opened"'
    put = command(commands, "set", "isthmus.app.audit_particulars:put", SET, example)
    put.add_argument("--file", metavar="F", required=True, help="the particulars (JSON), - for standard input")
    example = 'isthmus audit particulars show --account acc-16 --by joe --reason "asked by the client"'
    show = command(commands, "show", "isthmus.app.audit_particulars:show", SHOW, example)
    example = "isthmus audit particulars list --data data --json"
    listed = command(commands, "list", "isthmus.app.audit_particulars:list_command", LIST, example)
    for one in (put, show):
        one.add_argument("--account", metavar="ID", required=True, help="acc-16")
        one.add_argument("--by", metavar="WHO", default="", help="who wants it")
        one.add_argument("--reason", metavar="WHY", default="", help="why")
        one.add_argument("--name", metavar="NAME", default="demo", help="of the logs, as audit.name (%(default)s)")
    for one in (put, show, listed):
        one.add_argument("--data", metavar="DIR", default=data, help="data folder (%(default)s)")
