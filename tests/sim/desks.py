"""A small desk for scenarios: a share with fees, a coin in lots, a perpetual; four accounts; and words to use it."""

from __future__ import annotations

from typing import Any

from tests.oracle.messages import CANCEL_REASONS, REASONS, RULES
from tests.oracle.pair import Pair, names
from tests.oracle.values import GTC, LIMIT, PEG, PERPETUAL

from isthmus import _core

from .watched import Watched

USD, XYZ = 1, 2
SHARE, COIN, SWAP = 1, 2, 3
ANN, BEN, CAT, DAN = 16, 17, 18, 19
CASH, STOCK = 1_000_000, 1_000


def open_desk() -> Pair:
    """A share at 1/2 bp in whole lots, a coin in lots of 10, a perpetual margined at 10 %; four accounts."""
    pair = Watched(_core)
    for code, decimals in (("USD", 2), ("XYZ", 0)):
        pair.send("AddAsset", code=code, decimals=decimals)
    share = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "multiplier": 1}
    fees = {"maker_fee_ppm": 100, "taker_fee_ppm": 200}
    pair.send("AddInstrument", symbol="XYZ", kind=1, lot=1, **fees, **share)
    pair.send("AddInstrument", symbol="XYZ/USD", kind=3, lot=10, **share)
    pair.send("AddInstrument", symbol="XYZ-PERP", kind=PERPETUAL, lot=1, initial_margin_bps=1_000, mark=100, **share)
    for account in (ANN, BEN, CAT, DAN):
        pair.send("OpenAccount", kind=1)
        for asset, amount in ((USD, CASH), (XYZ, STOCK)):
            pair.send("Deposit", account=account, asset=asset, amount=amount)
    return pair


def rule(desk: Pair, name: str, value: int, instrument: int = SHARE) -> list[Any]:
    """Sets a rule of an instrument's book."""
    effects = desk.send("SetRule", instrument=instrument, rule=RULES[name], value=value)
    assert names(effects)[0] == "RuleSet", effects
    return effects


def limit(desk: Pair, account: int, side: int, price: int, quantity: int, **words: Any) -> list[Any]:
    """A GTC limit order in the share unless `words` say otherwise."""
    fields = {"instrument": SHARE, "kind": LIMIT, "tif": GTC, "price": price} | words
    return desk.send("PlaceSpecial", account=account, side=side, quantity=quantity, **fields)


def peg(desk: Pair, account: int, side: int, kind: int, quantity: int, **words: Any) -> list[Any]:
    """A GTC peg in the share unless `words` say otherwise."""
    fields = {"instrument": SHARE, "kind": PEG, "tif": GTC, "peg": kind} | words
    return desk.send("PlaceSpecial", account=account, side=side, quantity=quantity, **fields)


def last(desk: Pair) -> int:
    """The number of the order placed last."""
    return int(desk.twin.state.sequence)


def refused(effects: list[Any]) -> str:
    """The reason of a refusal (which changed nothing: the pair watches that)."""
    texts = {number: text for text, number in REASONS.items()}
    assert names(effects) == ["Rejected"], effects
    return texts[effects[0].reason]


def ends(effects: list[Any]) -> list[tuple[int, str]]:
    """Orders that went and why."""
    texts = {number: text for text, number in CANCEL_REASONS.items()}
    return [(effect.order, texts[effect.reason]) for effect in effects if type(effect).__name__ == "Cancelled"]


def trades(effects: list[Any]) -> list[tuple[int, int, int, int]]:
    """(maker order, taker order, price, quantity) of each trade."""
    found = [effect for effect in effects if type(effect).__name__ == "Traded"]
    return [(effect.maker_order, effect.taker_order, effect.price, effect.quantity) for effect in found]


def moves(effects: list[Any]) -> list[tuple[int, int]]:
    """(order, new price) of each order that moved by itself."""
    return [(effect.order, effect.price) for effect in effects if type(effect).__name__ == "Repriced"]
