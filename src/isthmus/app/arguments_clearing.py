"""Arguments of `isthmus margin perp` and `isthmus clearing`."""

from collections.abc import Callable
from typing import Any

CLEARING_PROCESS = "Clearing that stands alone: its own process behind a one-way door, and what it decides."


def add_margin_perp(margin: Any, add: Callable[..., Any]) -> None:
    """The command of a group, added as all others are."""
    perp = add(
        margin,
        "perp",
        "isthmus.app.margin_perp:run",
        "Perpetual accounts, by row: liquidatable or not, bankruptcy and fillable price, what the insurance fund gets. "
        "Exit 1 if a row cannot be told, or is not what it says is expected.",
        "isthmus margin perp --cases perp_cases.json --json",
    )
    perp.add_argument("--cases", metavar="F", required=True, help="accounts (a JSON list or rows), or - for input")


def add_clearing(clearing: Any, add: Callable[..., Any], data: str) -> None:
    """The commands of a group, added as all others are."""
    serve = add(
        clearing,
        "serve",
        "isthmus.app.clearing_serve:run",
        "Runs clearing: follows the journal of a data folder, and marks, calls and closes while trading is dead.",
        "isthmus clearing serve --data data --prices prices.ndjson",
    )
    serve.add_argument("--data", metavar="DIR", default=data, help=f"folder given to serve ({data})")
    serve.add_argument("--config", metavar="F", help="settings file (TOML) laid over the defaults")
    serve.add_argument("--prices", metavar="F", help="clearing's own prices, rows that somebody appends (settings)")
    drill = add(
        clearing,
        "drill",
        "isthmus.app.clearing_drill:run",
        "Kills a trading process with open positions under a falling market, and measures what clearing does alone. "
        "Exit 1 if it does not close, the books do not balance or a fill counts twice.",
        "isthmus clearing drill --json",
    )
    drill.add_argument("--clients", metavar="N", type=int, default=10, help="who are long (10)")
    nickel = add(
        clearing,
        "nickel",
        "isthmus.app.clearing_nickel:run",
        "LME nickel, March 2022, on generated positions: concentration by owner, voided trades, the default waterfall.",
        "isthmus clearing nickel --json",
    )
    nickel.add_argument("--prices", metavar="F", help="daily prices (the official ones of two days are known)")
    nickel.add_argument("--seed", metavar="N", type=int, default=1, help="of the generated positions (1)")
