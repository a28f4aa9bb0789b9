"""Arguments of `isthmus clv`."""

from collections.abc import Callable
from typing import Any


def add_clv(commands: Any, add: Callable[..., Any]) -> None:
    """What clients are worth."""
    clv = add(
        commands,
        "clv",
        "isthmus.app.clv:run",
        "What clients are worth: BG/NBD and gamma-gamma fitted to their histories.",
        "isthmus clv --customers summary.csv --rows --periods 52 --discount 0.002",
    )
    clv.add_argument(
        "--customers", required=True, metavar="F", help="CSV with ID, x (repeat transactions), t_x, T and zbar, or -"
    )
    clv.add_argument("--rows", action="store_true", help="every client: chance that he is alive, visits, value")
    clv.add_argument("--periods", type=int, default=52, metavar="N", help="units of time to look ahead (52)")
    clv.add_argument("--discount", type=float, default=0.0, metavar="RATE", help="a unit of time (0)")
    clv.add_argument("--margin", type=float, default=1.0, metavar="SHARE", help="of a value that is ours (1)")
