"""An exchange with trading states for hand-worked tests: what a calendar says in one line, and what came of it."""

from __future__ import annotations

from typing import Any

from tests.oracle.messages import CAUSES, STATES
from tests.oracle.pair import Pair, names
from tests.oracle.values import AMOUNT_MAX

from .exchange import DAN, SHARE, USD, XYZ, Exchange

COLLARED = 4
"""A share whose market orders stop 10 % from the reference price."""
STATE_NAMES = {number: name for name, number in STATES.items()}
CAUSE_NAMES = {number: name for name, number in CAUSES.items()}


class Floor(Exchange):
    """DAN is without end in money and in the share."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair)
        terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1}
        pair.send("AddInstrument", symbol="XYZ-C", kind=1, collar_bps=1_000, **terms)
        for asset in (USD, XYZ):
            pair.send("SetCredit", account=DAN, asset=asset, amount=AMOUNT_MAX)

    def session(self, state: str, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("SetSession", instrument=instrument, state=STATES[state])

    def uncross(self, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("Uncross", instrument=instrument)

    def mark(self, price: int, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("Mark", instrument=instrument, price=price)

    def wait(self, ns: int) -> list[Any]:
        """So many ns go by, the command's own one included."""
        self.pair.now += ns - 1
        return self.pair.send("TimePassed")

    def tick(self, lowest: int, tick: int, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("SetTick", instrument=instrument, lowest=lowest, tick=tick)

    def state_of(self, instrument: int = SHARE) -> str:
        return self.pair.twin.state.instruments[instrument].state

    def call(self, *orders: tuple[Any, ...], state: str = "opening_auction") -> None:
        """A call with these orders: (side method, account, price, lots)."""
        self.session(state)
        for side, account, price, lots in orders:
            getattr(self, side)(account, price, lots)


def auctions(effects: list[Any]) -> list[tuple[int, int, int]]:
    """(price, volume, imbalance) of every auction."""
    return [(e.price, e.quantity, e.imbalance) for e in effects if type(e).__name__ == "Auctioned"]


def states(effects: list[Any]) -> list[tuple[str, str]]:
    """(state, cause) of every change of state."""
    return [(STATE_NAMES[e.state], CAUSE_NAMES[e.cause]) for e in effects if type(e).__name__ == "SessionChanged"]


def pairs(effects: list[Any]) -> list[tuple[int, int, int]]:
    """(buyer, seller, lots) of every trade."""
    found = [e for e in effects if type(e).__name__ == "Traded"]
    return [(*((e.taker, e.maker) if e.taker_side == 1 else (e.maker, e.taker)), e.quantity) for e in found]


__all__ = ["COLLARED", "Floor", "auctions", "names", "pairs", "states"]
