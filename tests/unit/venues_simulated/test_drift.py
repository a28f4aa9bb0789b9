"""Nobody can know which way a simulated price goes: not from the model, not from an earlier start."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from random import Random

import pytest
from tools.play_markets import Session

from isthmus.venues.simulated.arrivals import wait_ns
from isthmus.venues.simulated.fair import Fair
from isthmus.venues.simulated.listing import LISTINGS
from isthmus.venues.simulated.market import fair_value
from isthmus.venues.simulated.parameters import Parameters, parameters

SYMBOLS = [listing.symbol for listing in LISTINGS]
MINUTE_NS = 60_000_000_000
SEEDS = 60
MINUTES = 30
STARTS = 12
RUN_S = 20


def mean_in_errors(values: Sequence[float]) -> float:
    """The mean in units of its standard error."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean / sqrt(variance / len(values))


def minutes_of(seed: int) -> dict[str, list[float]]:
    """One-minute log returns of every fair value, moved at the times of its news as the flow does it."""
    returns: dict[str, list[float]] = {}
    leaders = {model.listing.symbol: model for model in parameters() if model.moves_per_s}
    for symbol, leader in leaders.items():
        tied = [model for model in parameters() if model.listing.tied_to == symbol]
        returns |= _walked(leader, tied, Random(f"{seed} {symbol}"))
    return returns


@pytest.fixture(scope="module")
def minutes() -> list[dict[str, list[float]]]:
    return [minutes_of(seed) for seed in range(SEEDS)]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_fair_value_has_no_direction(minutes: list[dict[str, list[float]]], symbol: str) -> None:
    assert abs(mean_in_errors([sum(of[symbol]) for of in minutes])) < 3
    rising = sum(change > 0 for of in minutes for change in of[symbol])
    assert abs(rising - SEEDS * MINUTES / 2) < 3 * sqrt(SEEDS * MINUTES / 4)


def test_a_broker_that_is_restarted_again_and_again_goes_nowhere() -> None:
    """Each start draws anew: one that repeated the luck of the last would add the same move each time."""
    session = Session(seed=1)
    middles: dict[str, list[float]] = {listing.symbol: [float(listing.mark)] for listing in LISTINGS}
    for _ in range(STARTS):
        session.play(RUN_S)
        for symbol in SYMBOLS:
            middles[symbol].append(_middle(session, symbol))
        session.market.close()
        session = _restarted(session)
    for symbol, found in middles.items():
        assert abs(mean_in_errors([log(after / before) for before, after in pairwise(found)])) < 3, symbol


def test_a_fresh_broker_plays_the_same_for_the_same_seed() -> None:
    paths = [[session.best(symbol) for symbol in SYMBOLS] for session in map(_played, (1, 1, 2))]
    assert paths[0] == paths[1]
    assert paths[0] != paths[2]


def _walked(leader: Parameters, tied: list[Parameters], random: Random) -> dict[str, list[float]]:
    models, at = [leader, *tied], 0
    flow = _Held(fair_value(leader, 0, 0, {}), leader.listing.price_decimals)
    others = {leader.listing.symbol: flow}
    fairs = [flow.fair, *(fair_value(model, 0, 0, others) for model in tied)]  # type: ignore[arg-type]
    prices: list[list[float]] = [[fair.price] for fair in fairs]
    while at < MINUTES * MINUTE_NS:
        news = at + wait_ns(random, leader.moves_per_s)
        for _ in range(news // MINUTE_NS - at // MINUTE_NS):
            for kept, fair in zip(prices, fairs, strict=True):
                kept.append(fair.price)
        at = news
        for fair in fairs:
            fair.move(at, random)
    return {
        model.listing.symbol: [log(after / before) for before, after in pairwise(kept[: MINUTES + 1])]
        for model, kept in zip(models, prices, strict=True)
    }


class _Held:
    """As much of a flow as a tied value asks for."""

    def __init__(self, fair: Fair, price_decimals: int) -> None:
        self.fair = fair
        self.price_decimals = price_decimals


def _played(seed: int) -> Session:
    session = Session(seed)
    session.play(5)
    return session


def _restarted(session: Session) -> Session:
    """The same journal and seed a moment later, as a second `serve` on the same folder."""
    again = Session(seed=1, engine=session.desk.engine)
    again.desk.at = session.desk.at
    return again


def _middle(session: Session, symbol: str) -> float:
    bid, _, ask, _ = session.best(symbol)
    assert 0 < bid < ask
    return (bid + ask) / 2
