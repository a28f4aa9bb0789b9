"""A small exchange for hand-worked tests of matching: a share and a perpetual without fees, five accounts with enough
of everything, and words to say in one line what was placed and what came of it."""

from __future__ import annotations

from typing import Any

from tests.oracle.messages import CANCEL_REASONS, REASONS, RULES, commands
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, MARKET, SELL

USD, XYZ = 1, 2
SHARE, FUTURE, BOXED = 1, 2, 3
ANN, BEN, CAT, DAN, EVE = range(16, 21)

REASON_TEXTS = {number: text for text, number in REASONS.items()}
CANCEL_TEXTS = {number: text for text, number in CANCEL_REASONS.items()}


class Exchange:
    """`pair` is the twin and the engine; every command goes to both, and their records are the same."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        for code, decimals in (("USD", 2), ("XYZ", 0)):
            pair.send("AddAsset", code=code, decimals=decimals)
        terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "multiplier": 1}
        pair.send("AddInstrument", symbol="XYZ", kind=1, lot=1, **terms)
        pair.send("AddInstrument", symbol="XYZ-PERP", kind=4, lot=1, mark=100, initial_margin_bps=10_000, **terms)
        pair.send("AddInstrument", symbol="XYZ-TEN", kind=1, lot=10, **terms)
        for _ in (ANN, BEN, CAT, DAN, EVE):
            pair.send("OpenAccount", kind=1)
        for account in (ANN, BEN, CAT, DAN, EVE):
            pair.send("Deposit", account=account, asset=USD, amount=100_000_000)
            pair.send("Deposit", account=account, asset=XYZ, amount=10_000)

    def rule(self, name: str, value: int, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("SetRule", instrument=instrument, rule=RULES[name], value=value)

    def place(self, account: int, side: int, price: int, quantity: int, **words: Any) -> list[Any]:
        """A GTC limit order (a market order if the price is 0) in the share unless `words` say otherwise."""
        fields = {"instrument": SHARE, "kind": LIMIT if price else MARKET, "tif": GTC} | words
        plain = not fields.keys() - set(commands.PlaceOrder._fields)
        name = "PlaceOrder" if plain else "PlaceSpecial"
        return self.pair.send(name, account=account, side=side, price=price, quantity=quantity, **fields)

    def buy(self, account: int, price: int, quantity: int, **words: Any) -> list[Any]:
        return self.place(account, BUY, price, quantity, **words)

    def sell(self, account: int, price: int, quantity: int, **words: Any) -> list[Any]:
        return self.place(account, SELL, price, quantity, **words)

    def special(self, account: int, side: int, kind: int, quantity: int, **words: Any) -> list[Any]:
        """A GTC order of another kind, or tied to another order, in the share unless `words` say otherwise."""
        fields = {"instrument": SHARE, "kind": kind, "tif": GTC} | words
        return self.pair.send("PlaceSpecial", account=account, side=side, quantity=quantity, **fields)

    def trade(self, price: int, instrument: int = SHARE) -> list[Any]:
        """One lot from EVE to DAN at the price, on an otherwise untouched part of the book: only the price moves."""
        self.sell(EVE, price, 1, instrument=instrument)
        return self.buy(DAN, price, 1, instrument=instrument)

    def held(self, account: int, asset: int) -> int:
        return int(self.pair.engine.balance(account, asset)[1])

    def state(self) -> bytes:
        """The engine's state but for its sequence and its stamp."""
        return bytes(self.pair.engine.state()[16:])

    @property
    def last(self) -> int:
        """The number of the order placed last."""
        return int(self.pair.twin.state.sequence)

    def queue(self, side: int, instrument: int = SHARE) -> list[tuple[int, int]]:
        """(account, lots left) of a side in priority."""
        return [(order.account, order.left) for order in self.pair.twin.resting(instrument, side)]

    def depth(self, instrument: int = SHARE) -> tuple[list[Any], list[Any]]:
        """What everybody sees, as the engine shows it."""
        bids, asks = self.pair.engine.depth(instrument, 10)
        return [tuple(level) for level in bids], [tuple(level) for level in asks]


def fills(effects: list[Any]) -> list[tuple[int, int, int]]:
    """(maker, price, lots) of every trade."""
    return [(e.maker, e.price, e.quantity) for e in effects if type(e).__name__ == "Traded"]


def ends(effects: list[Any]) -> list[tuple[int, str, int]]:
    """(order, reason, lots) of every order that went."""
    return [(e.order, CANCEL_TEXTS[e.reason], e.quantity) for e in effects if type(e).__name__ == "Cancelled"]


def refusal(effects: list[Any]) -> str:
    return REASON_TEXTS[effects[0].reason] if names(effects) == ["Rejected"] else ""
