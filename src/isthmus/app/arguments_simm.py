"""Arguments of `isthmus margin simm`."""

from collections.abc import Callable
from typing import Any


def add_margin_simm(margin: Any, add: Callable[..., Any]) -> None:
    """The command of the group `margin`, added as all others are."""
    simm = add(
        margin,
        "simm",
        "isthmus.app.simm:run",
        "ISDA SIMM 2.5 of portfolios of sensitivities (CRIF), a row each, in USD.",
        "isthmus margin simm --crif crif.csv --cases cases.csv --json",
    )
    simm.add_argument("--crif", required=True, metavar="F", help="sensitivities, commas or tabs, or - for input")
    simm.add_argument("--cases", metavar="F", help="CSV with case and crif_ids; without it each PortfolioID is a case")
    simm.add_argument("--version", default="2.5", help="of the parameters (2.5)")
    simm.add_argument("--days", type=int, default=10, choices=(10, 1), help="margin period of risk (10)")
    simm.add_argument("--currency", default="USD", metavar="CCY", help="calculation currency (USD)")
