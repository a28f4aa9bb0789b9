"""What holds of every auction and every band, worked out by brute force beside the twin."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tests.oracle import auction, bands
from tests.oracle.engine import Twin
from tests.oracle.messages import name_of
from tests.oracle.values import BUY, SELL


@dataclass(frozen=True)
class Offer:
    order: int
    side: int
    price: int
    left: int
    unpriced: bool


class Before:
    """What the laws need to know of the state before a command: who takes part in auctions, and where trades may be."""

    def __init__(self, twin: Twin) -> None:
        state = twin.state
        self.offers: dict[int, list[Offer]] = {}
        self.bounds = {number: bands.bounds(instrument) for number, instrument in state.instruments.items()}
        self.matches = {number: instrument.matches for number, instrument in state.instruments.items()}
        for number, instrument in state.instruments.items():
            sides = [auction.side_of(state, instrument, side) for side in (BUY, SELL)]
            self.offers[number] = [Offer(o.id, o.side, o.price, o.left, o.unpriced) for side in sides for o in side]


def check(before: Before, twin: Twin, command: Any, effects: list[Any]) -> None:
    """Asserts every law that the effects of the command touch."""
    first = next((name_of(effect) for effect in effects), "")
    if first == "Auctioned":
        _check_auction(before, twin, effects)
    if first == "Accepted":
        _check_bands(before, twin, effects)


def _check_bands(before: Before, twin: Twin, effects: list[Any]) -> None:
    """No trade of continuous trading is outside the bands as the order found them."""
    order = twin.state.sequence
    for effect in effects:
        if name_of(effect) == "Traded" and effect.taker_order == order and before.matches[effect.instrument]:
            low, high = before.bounds[effect.instrument] or (0, effect.price)
            assert low <= effect.price <= high, "a trade outside the band"


def _check_auction(before: Before, twin: Twin, effects: list[Any]) -> None:
    """One price, of most volume and least imbalance over all prices; best first; nothing left that would trade."""
    told = effects[0]
    offers, instrument = before.offers[told.instrument], twin.state.instruments[told.instrument]
    until = takewhile(lambda effect: name_of(effect) != "SessionChanged", effects)
    trades = [effect for effect in until if name_of(effect) == "Traded"]
    limits = [offer.price for offer in offers if not offer.unpriced]
    prices = range(min(limits), max(limits) + 1) if limits else [instrument.nearest_tick(told.reference)]
    on_grid = [price for price in prices if price and instrument.floor_tick(price) == price]
    volumes = {price: min(_reaching(offers, price)) for price in on_grid}
    most = max(volumes.values(), default=0)
    assert told.quantity == most == sum(trade.quantity for trade in trades), "the volume is not the greatest"
    if not most:
        assert (told.price, told.imbalance) == (0, 0)
        return
    assert {trade.price for trade in trades} == {told.price}, "more than one price"
    buys, sells = _reaching(offers, told.price)
    assert told.imbalance == buys - sells
    assert abs(buys - sells) == min(
        abs(b - s) for b, s in (_reaching(offers, price) for price in on_grid if volumes[price] == most)
    ), "the imbalance is not the least"
    _check_priority(offers, told.price, trades)


def _reaching(offers: list[Offer], price: int) -> tuple[int, int]:
    """Lots that would be bought and sold at the price."""
    buys = sum(offer.left for offer in offers if offer.side == BUY and offer.price >= price)
    return buys, sum(offer.left for offer in offers if offer.side == SELL and offer.price <= price)


def _check_priority(offers: list[Offer], price: int, trades: list[Any]) -> None:
    """Each side trades in its priority, whole orders but the last, and never beyond a limit."""
    for side in (BUY, SELL):
        got: dict[int, int] = {}
        for trade in trades:
            order = trade.taker_order if trade.taker_side == side else trade.maker_order
            got[order] = got.get(order, 0) + trade.quantity
        queue = [offer for offer in offers if offer.side == side]
        assert list(got) == [offer.order for offer in queue[: len(got)]], "an auction passed over somebody"
        for offer in queue[: len(got)]:
            assert offer.price >= price if side == BUY else offer.price <= price, "a trade beyond a limit"
        assert all(got[offer.order] == offer.left for offer in queue[: len(got) - 1]), "a part before the last order"
    for trade in trades:
        assert trade.maker_order < trade.taker_order, "the maker is who came first"
