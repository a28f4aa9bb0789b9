"""Arguments of `isthmus margin simm`, `reg-t` and `sa-ccr`."""

from collections.abc import Callable
from typing import Any


def add_margin_models(margin: Any, add: Callable[..., Any]) -> None:
    """Commands of the group `margin` for models that gate no order, added as all others are."""
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
    rows = (
        (
            "reg-t",
            "reg_t",
            "Stocks and their options under Regulation T and FINRA 4210, a row an underlying.",
            "holdings",
        ),
        ("sa-ccr", "sa_ccr", "Exposure at default of netting sets of derivatives (Basel CRE52), a row each.", "sets"),
    )
    for name, function, purpose, example in rows:
        command = add(
            margin, name, f"isthmus.app.margin_rows:{function}", purpose, f"isthmus margin {name} {example}.jsonl"
        )
        command.add_argument("file", metavar="F", help="rows, or - for standard input")
