"""marginism on a `.spn` file: reads it whole, then margins portfolios one by one until its time is over.

`python bench/margin_peer.py FILE PORTFOLIOS SECONDS`: PORTFOLIOS is JSON, lists of [symbol, FUT|CE|PE, expiry, strike,
quantity]. Prints {"version", "read_s", "count", "seconds", "requirements"}; times are of the processor.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main(file: str, portfolios: str, seconds: float) -> None:
    """One run."""
    from marginism.calculator import SpanCalculator
    from marginism.portfolio import Position

    wanted = [
        [
            Position(symbol, sort, quantity, expiry=expiry, strike=strike)
            for symbol, sort, expiry, strike, quantity in rows
        ]
        for rows in json.loads(Path(portfolios).read_text(encoding="utf-8"))
    ]
    began = time.process_time()
    calculator = SpanCalculator.from_file(file)
    read = time.process_time() - began
    began = time.process_time()
    requirements = []
    for positions in wanted:
        requirements.append(calculator.calculate(positions).span_margin)
        if time.process_time() - began > seconds:
            break
    spent = time.process_time() - began
    print(
        json.dumps(
            {
                "version": version("marginism"),
                "read_s": read,
                "count": len(requirements),
                "seconds": spent,
                "requirements": requirements,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
