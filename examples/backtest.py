"""A strategy against the simulated markets, in process: buy 0.5 BTC over five minutes, then report what it cost.

Run it twice and the state hash is the same: a back-test leaves the records that a server would.
"""

import sys

import isthmus


class Accumulate(isthmus.Strategy):
    """Hands one parent to the router and watches it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.fills = 0

    def on_start(self, broker: isthmus.Broker) -> None:
        """Place the parent: worked until five minutes from now, at most 30 % of what trades."""
        self.order = broker.buy("BTC-USD", "0.5", path=self.path, until_s=300, cap="0.3")

    def on_fill(self, broker: isthmus.Broker, fill: object) -> None:
        """A child was filled."""
        self.fills += 1


def main() -> None:
    """`backtest.py [PATH]`: TWAP unless another of the 23 is named."""
    strategy = Accumulate(sys.argv[1] if len(sys.argv) > 1 else "TWAP")
    outcome = isthmus.backtest(strategy, "simulated", seconds=400)
    print(f"{len(outcome.records)} records, {strategy.fills} fills, state {outcome.state_hash[:16]}")
    for cost in outcome.analyses:
        against = "-" if cost.arrival_bps is None else f"{cost.arrival_bps:+.2f} bps against arrival"
        print(f"{cost.path}: {cost.filled} of {cost.quantity} lots by {cost.children} children, {against}")
    print("now holds", ", ".join(f"{amount} {code}" for code, amount in outcome.balances.items() if amount != "0"))


if __name__ == "__main__":
    main()
