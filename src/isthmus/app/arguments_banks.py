"""The arguments of `isthmus iso20022` and `isthmus clearing-file`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

BANKS = "Judges and translates messages of banks: ISO 20022 XML and SWIFT FIN."
CLEARING = "Reads and writes the files of a local clearing, as a TOML description says."


def add_banks(iso20022: Any, clearing: Any, add: Callable[..., ArgumentParser]) -> None:
    """The commands of both groups; `add` makes one (arguments.py)."""
    validate = add(
        iso20022,
        "validate",
        "isthmus.app.iso20022:validate",
        "Two verdicts: what the schema says, and what the business rules say. Exit 1 if either is broken.",
        "isthmus iso20022 validate payment.xml --xsd schemas --json",
    )
    validate.add_argument(
        "--xsd", metavar="DIR", help="folder of XSD files (ISTHMUS_XSD_DIR); without one schemas are not checked"
    )
    translate = add(
        iso20022,
        "translate",
        "isthmus.app.iso20022:translate",
        "FIN to ISO 20022 and back by the rules of CBPR+; names the fields lost. Exit 1 if one cannot be translated.",
        "isthmus iso20022 translate messages.ndjson",
    )
    for command in (validate, translate):
        command.add_argument(
            "file", metavar="F", nargs="?", default="-", help="one message, or rows (NDJSON); - is stdin (-)"
        )
    read = add(
        clearing,
        "read",
        "isthmus.app.clearing_file:read",
        "Records of a file as rows; control totals are checked. Exit 1 if one does not agree.",
        "isthmus clearing-file read payments.txt --format clearing.toml",
    )
    write = add(
        clearing,
        "write",
        "isthmus.app.clearing_file:write",
        "A file of rows; control totals are computed.",
        "isthmus clearing-file write payments.ndjson --format clearing.toml --out payments.txt",
    )
    for command in (read, write):
        command.add_argument("file", metavar="F", nargs="?", default="-", help="the input; - is stdin (-)")
        command.add_argument("--format", metavar="TOML", required=True, help="description of the records")
    write.add_argument("--out", metavar="F", help="where the file goes (standard output)")
