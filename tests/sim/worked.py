"""A desk for tests of parents and children: a share and a perpetual with fees, a pool, two venues, three accounts."""

from __future__ import annotations

from typing import Any

from tests.oracle import invariants
from tests.oracle.messages import CANCEL_REASONS, REASONS, RULES
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL, TAKER

USD, XYZ = 1, 2
SHARE, FUTURE, POOL = 1, 2, 3
ANN, BEN, CAT, VENUE, OTHER = range(16, 21)
PATH = 7
CANCEL_TEXTS = {number: text for text, number in CANCEL_REASONS.items()}
REASON_TEXTS = {number: text for text, number in REASONS.items()}


class Desk:
    """`pair` is the twin and the engine; every command goes to both, and their records are the same."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.fills = pair, 0
        pair.send("AddAsset", code="USD", decimals=2)
        pair.send("AddAsset", code="XYZ", decimals=0)
        terms: dict[str, Any] = {"base": XYZ, "quote": USD, "tick": 1, "lot": 1, "multiplier": 1, "collar_bps": 1_000}
        fees = {"maker_fee_ppm": 100, "taker_fee_ppm": 2_000}
        # prices with five decimals: 100,000 is a dollar, so that a lot's value has parts of a cent
        pair.send("AddInstrument", symbol="XYZ", kind=1, price_decimals=5, mark=100_000, **terms, **fees)
        margin = {"kind": 4, "price_decimals": 2, "mark": 100, "initial_margin_bps": 1_000}
        pair.send("AddInstrument", symbol="XYZ-PERP", **margin, **terms, **fees)
        pair.send("AddInstrument", symbol="XYZ-POOL", kind=1, price_decimals=5, mark=100_000, **terms)
        for kind in (1, 1, 1, 3, 3):
            pair.send("OpenAccount", kind=kind)
        for account in (ANN, BEN, CAT):
            pair.send("Deposit", account=account, asset=USD, amount=1_000_000)
            pair.send("Deposit", account=account, asset=XYZ, amount=10_000)

    def parent(self, quantity: int = 100, price: int = 110_000, **words: Any) -> list[Any]:
        """ANN buys the share up to 1.10 unless `words` say otherwise."""
        fields = {"account": ANN, "instrument": SHARE, "side": BUY, "path": PATH} | words
        return self.pair.send("PlaceParent", quantity=quantity, price=price, **fields)

    def child(self, parent: int, ordinal: int, quantity: int = 10, price: int = 100_000, **words: Any) -> list[Any]:
        """A GTC limit order at the house book unless `words` say otherwise."""
        fields = {"kind": LIMIT, "tif": GTC} | words
        return self.pair.send("PlaceChild", parent=parent, ordinal=ordinal, quantity=quantity, price=price, **fields)

    def place(self, account: int, side: int, price: int, quantity: int, **words: Any) -> list[Any]:
        """A GTC limit order in the share unless `words` say otherwise."""
        fields = {"instrument": SHARE, "kind": LIMIT, "tif": GTC} | words
        return self.pair.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **fields)

    def sell(self, price: int, quantity: int, **words: Any) -> list[Any]:
        """BEN sells; what came of it after it was accepted."""
        accepted, *effects = self.place(BEN, SELL, price, quantity, **words)
        assert names([accepted]) == ["Accepted"]
        return effects

    def fill(self, order: int, quantity: int, price: int = 100_000, **words: Any) -> list[Any]:
        """VENUE filled ANN's buy of the share unless `words` say otherwise."""
        self.fills += 1
        said = {"venue": VENUE, "account": ANN, "instrument": SHARE, "side": BUY, "liquidity": TAKER} | words
        number = self.fills.to_bytes(16, "big")
        return self.pair.send("VenueFilled", order=order, quantity=quantity, price=price, fill_id=number, **said)

    def rule(self, name: str, value: int, instrument: int = SHARE) -> list[Any]:
        return self.pair.send("SetRule", instrument=instrument, rule=RULES[name], value=value)

    def cancel(self, order: int, account: int = 0) -> list[Any]:
        return self.pair.send("CancelOrder", order=order, account=account)

    def gone(self, order: int, venue: int = VENUE) -> list[Any]:
        """The venue ended the child."""
        return self.pair.send("VenueCancelled", order=order, venue=venue)

    @property
    def last(self) -> int:
        """The number of the order placed last."""
        return int(self.pair.twin.state.sequence)

    def held(self, account: int = ANN, asset: int = USD) -> int:
        return int(self.pair.engine.balance(account, asset)[1])

    def order(self, number: int) -> dict[str, int] | None:
        found: dict[str, int] | None = self.pair.engine.order(number)
        return found


def ends(effects: list[Any]) -> list[tuple[int, str, int]]:
    """(order, reason, lots) of every order that went."""
    return [(e.order, CANCEL_TEXTS[e.reason], e.quantity) for e in effects if type(e).__name__ == "Cancelled"]


def refusal(effects: list[Any]) -> str:
    return REASON_TEXTS[effects[0].reason] if names(effects) == ["Rejected"] else ""


def checked(desk: Desk) -> None:
    """Both engines say the same, also one that is made of its state, and every invariant holds."""
    desk.pair.check_state()
    desk.pair.restore()
    invariants.check(desk.pair.twin)
