"""Arguments of `isthmus evm` and `isthmus settlement`."""

from collections.abc import Callable
from typing import Any

EVM = "Values and data to sign, as contracts and wallets read them."
SETTLEMENT = "One settlement as ISO 20022 (sese), as FIN (MT54x), as a contract's call."


def add_evm(evm: Any, add: Callable[..., Any]) -> None:
    """The commands of a group, added as all others are."""
    abi = add(
        evm,
        "abi",
        "isthmus.app.evm:abi",
        "Values as the contract ABI encodes them, and encodings as values, by row. Exit 1 if one is refused.",
        "isthmus evm abi values.jsonl",
    )
    abi.add_argument("file", metavar="F", help="rows with type and value (or encoded), or - for standard input")
    typed = add(
        evm,
        "typed-data",
        "isthmus.app.evm:typed_data",
        "Hashes of typed data (EIP-712), by row. Exit 1 if one is refused.",
        "isthmus evm typed-data messages.jsonl",
    )
    typed.add_argument("file", metavar="F", help="rows with domain, types, primaryType and data, or - for input")


def add_settlement(settlement: Any, add: Callable[..., Any]) -> None:
    """The commands of a group, added as all others are."""
    rows = (
        ("render", "Settlements in each form, by row: sese.023, MT540 to MT543, call data with data to sign.", False),
        ("read", "What sese, MT54x, calls and logs say, by row. Exit 1 if one is refused.", False),
        ("confirm", "Settlements against the contract's events: status, differences, sese.025, MT544 to MT547.", True),
        ("log", "Events as the contract logs them, by row.", True),
    )
    for name, purpose, needed in rows:
        example = f"isthmus settlement {name} rows.jsonl --chain chain.toml"
        command = add(settlement, name, f"isthmus.app.settlement:{name}", purpose, example)
        command.add_argument("file", metavar="F", help="rows, or - for standard input")
        told = "file (TOML) of the contract, and of parties' and assets' addresses"
        command.add_argument("--chain", metavar="F", required=needed, help=told)
        if name == "render":
            forms = ("mx", "mt", "evm")
            command.add_argument("--form", choices=forms, action="append", help="only this one; may be given again")
