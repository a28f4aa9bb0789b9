"""What holds for every session at venues that react, whatever is sent to them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.venues_reacting.scenes import FAIR, GAMMA, RHO, S, fills, lit_terms, order, still, told

from isthmus.kernel.messages import BUY, DAY, FOK, GTC, HIDDEN, IOC, MARKET, MID, PEG, POST_ONLY, SELL
from isthmus.venues.answering import Answer, Changed, Ended, Filled, NewOrder, Took
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.terms import crypto, equity

START = 57_000
VENUES = ("aurora", "borealis", "cygnus", "nocturne", "umbra", "meridian", "harbour")
terms_of = st.fixed_dictionaries(
    {
        "side": st.sampled_from((BUY, SELL)),
        "price": st.integers(START // 5 - 40, START // 5 + 40).map(lambda fifth: 5 * fifth),
        "quantity": st.integers(1, 300).map(lambda tens: 10 * tens),
        "tif": st.sampled_from((GTC, IOC, FOK, DAY)),
        "flags": st.sampled_from((0, 0, 0, POST_ONLY, HIDDEN)),
        "kind": st.sampled_from((1, 1, 1, MARKET, PEG)),
        "display": st.sampled_from((0, 0, 10, 50)),
        "min_quantity": st.sampled_from((0, 0, 50)),
        "peg": st.sampled_from((MID, 1, 3)),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.sampled_from(VENUES), terms_of),
        st.tuples(st.just("wait"), st.floats(0.0005, 300), st.none()),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.none()),
        st.tuples(st.just("replace"), st.integers(0, 30), st.tuples(st.integers(-20, 20), st.integers(1, 300))),
    ),
    max_size=25,
)


class Session:
    """Plays steps and keeps what was sent and what came back."""

    def __init__(self, seed: int, plan: list[tuple[str, object, object]]) -> None:
        self.market = Marketplace(equity(3_600.0), seed, 0)
        self.sent: dict[int, tuple[str, NewOrder]] = {}
        self.limits: dict[int, list[int]] = {}
        self.answers: list[Answer] = []
        for what, one, other in plan:
            getattr(self, f"_{what}")(one, other)
        self._wait(30.0, None)

    def _place(self, name: str, terms: dict[str, int]) -> None:
        number = len(self.sent) + 1
        new = order(number, **terms)
        self.sent[number] = (name, new)
        self.limits[number] = [new.price]
        self.market.place(name, new, self.market.now)

    def _wait(self, seconds: float, _: object) -> None:
        self.market.advance(self.market.now + int(seconds * S))
        self.answers += told(self.market)

    def _cancel(self, number: int, _: object) -> None:
        if number in self.sent:
            self.market.cancel(self.sent[number][0], number, "user", self.market.now)

    def _replace(self, number: int, change: tuple[int, int]) -> None:
        if number in self.sent:
            name, new = self.sent[number]
            price = new.price + 5 * change[0]
            self.limits[number].append(price)
            self.market.replace(name, number, (price, 10 * change[1]), self.market.now)


@settings(max_examples=60)
@given(st.integers(0, 1_000), steps)
def test_no_order_is_overfilled_filled_beyond_its_limit_or_answered_after_its_end(
    seed: int, plan: list[tuple[str, object, object]]
) -> None:
    session = Session(seed, plan)
    left = {number: new.quantity for number, (_, new) in session.sent.items()}
    filled = dict.fromkeys(left, 0)
    ordinals = dict.fromkeys(left, 0)
    over: set[int] = set()
    for answer in session.answers:
        assert answer.order not in over
        if isinstance(answer, Filled):
            ordinals[answer.order] += 1
            filled[answer.order] += answer.quantity
            assert answer.ordinal == ordinals[answer.order]
            assert 0 < filled[answer.order] <= left[answer.order]
            limits = session.limits[answer.order]
            assert answer.price <= max(limits) if answer.side == BUY else answer.price >= min(limits)
        elif isinstance(answer, Changed):
            left[answer.order] = answer.quantity
        if isinstance(answer, Ended) or filled[answer.order] == left[answer.order]:
            over.add(answer.order)


@settings(max_examples=40)
@given(st.integers(0, 1_000), steps)
def test_every_order_is_taken_or_refused_and_still_there_or_over(
    seed: int, plan: list[tuple[str, object, object]]
) -> None:
    session = Session(seed, plan)
    first: dict[int, Answer] = {}
    for answer in session.answers:
        first.setdefault(answer.order, answer)
    assert set(first) == set(session.sent)
    assert all(isinstance(answer, (Took, Ended)) for answer in first.values())
    over = {a.order for a in session.answers if isinstance(a, Ended)}
    alive = {number for venue in session.market.venues.values() for number in venue.orders()}
    assert not over & alive
    for number, (_, new) in session.sent.items():
        done = sum(a.quantity for a in session.answers if isinstance(a, Filled) and a.order == number)
        assert number in over or number in alive or done >= min(new.quantity, done or new.quantity)


@settings(max_examples=20)
@given(st.integers(0, 1_000), steps)
def test_same_seed_and_orders_same_answers_and_same_truth(seed: int, plan: list[tuple[str, object, object]]) -> None:
    one, other = Session(seed, plan), Session(seed, plan)
    assert one.answers == other.answers
    end = one.market.now + 1
    assert one.market.truth.prints(0, end) == other.market.truth.prints(0, end)
    assert one.market.truth.path(0, end) == other.market.truth.path(0, end)


@settings(max_examples=20)
@given(st.integers(0, 1_000), steps)
def test_fills_and_the_tape_of_truth_agree(seed: int, plan: list[tuple[str, object, object]]) -> None:
    session = Session(seed, plan)
    ours = [row for row in session.market.truth.prints(0, session.market.now + 1) if row.ours]
    assert sum(lots for _, _, lots in fills(session.answers)) == sum(row.lots for row in ours)


def test_other_seeds_are_other_markets() -> None:
    assert Session(1, []).market.truth.path(0, 40 * S) != Session(2, []).market.truth.path(0, 40 * S)


def test_without_impact_our_orders_change_nothing_but_what_they_took() -> None:
    """News, takers, hidden interest and calls are drawn in an order that orders do not change."""
    paths = []
    for lots in (0, 500):
        market = Marketplace(msgspec.structs.replace(equity(), gamma=0.0), 5, 0)
        market.advance(60 * S)
        if lots:
            market.place("aurora", order(price=START + 2_000, quantity=lots, tif=IOC), market.now)
            market.place("nocturne", order(2, price=START + 2_000, quantity=lots), market.now)
        market.advance(1_800 * S)
        values = [market.truth.fair(at * S) for at in range(1_800)]
        paths.append((values, market.pools["umbra"].draw()))
    assert paths[0] == paths[1]


def test_two_runs_with_a_seed_differ_by_the_stated_impact() -> None:
    values = []
    for lots in (0, 300):
        market = Marketplace(equity(), 5, 0)
        market.advance(60 * S)
        if lots:
            market.place("aurora", order(price=START + 2_000, quantity=lots, tif=IOC), market.now)
        market.advance(60 * S + 10_000_000)
        values.append(market.value.price)
    assert values[1] - values[0] == pytest.approx(equity().gamma * 300)


@pytest.mark.parametrize("terms", [equity, crypto])
def test_bigger_sweeps_cost_more_a_lot(terms: type) -> None:
    costs = []
    model = terms()
    for factor in (1, 3, 9, 18):
        market = Marketplace(model, 3, 0)
        market.advance(S)
        middle = market.middle_x2() / 2  # type: ignore[operator]
        lots = int(model.density * 5) * factor // 10 * 10
        market.place("aurora", order(price=2 * model.mark, quantity=lots, tif=IOC), market.now)
        market.advance(2 * S)
        got = fills(told(market))
        assert sum(quantity for _, _, quantity in got) == lots
        costs.append(sum((price - middle) * quantity for _, price, quantity in got) / lots)
    assert costs == sorted(costs)
    assert costs[-1] > costs[0]


def best_ask(market: Marketplace) -> int:
    return market.book("lit", 1)[1][0][0]


def test_a_sweep_moves_the_price_at_once_and_most_of_that_decays_to_the_permanent_part() -> None:
    market = Marketplace(still(resilience=RHO), 1, 0)
    before = best_ask(market)
    market.place("lit", order(price=2 * FAIR, quantity=1_000, tif=IOC), 0)
    market.advance(10_000_000)
    excess = [best_ask(market) - before]
    for seconds in (7, 14, 28, 120):
        market.advance(seconds * S)
        excess.append(best_ask(market) - before)
    assert excess == sorted(excess, reverse=True)
    assert excess[0] > 150
    assert excess[1] - 20 == pytest.approx((excess[0] - 20) / 2, abs=15)
    assert excess[-1] == pytest.approx(GAMMA * 1_000, abs=1)


def test_the_same_lots_in_pieces_cost_less_than_at_once() -> None:
    costs = []
    for pieces in (1, 10):
        market = Marketplace(still(), 1, 0)
        paid = 0
        for piece in range(pieces):
            market.place("lit", order(piece + 1, price=2 * FAIR, quantity=1_000 // pieces, tif=IOC), market.now)
            market.advance(market.now + 30 * S)
            paid += sum(price * lots for _, price, lots in fills(told(market)))
        costs.append(paid)
    assert costs[1] < costs[0]


def test_an_order_acts_after_the_latency_and_its_answer_takes_as_long() -> None:
    latency = 40_000_000
    market = Marketplace(still(lit=(lit_terms(latency_ns=latency),)), 1, 0)
    market.place("lit", order(price=2 * FAIR, quantity=10, tif=IOC), 0)
    market.advance(2 * latency - 1)
    assert told(market) == []
    assert [row.at for row in market.truth.prints(0, market.now)] == [latency]
    market.advance(2 * latency)
    assert len(told(market)) == 2


def test_the_spread_is_wider_when_the_fair_value_is_restless() -> None:
    calm: list[float] = []
    restless: list[float] = []
    market = Marketplace(equity(), 4, 0)
    for at in range(S, 6 * 3_600 * S, S):
        market.advance(at)
        bids, asks = (max if side == BUY else min for side in (BUY, SELL))
        best = [v.best(BUY, at) for v in market.lit.values()], [v.best(SELL, at) for v in market.lit.values()]
        width = asks(a[0] for a in best[1] if a) - bids(b[0] for b in best[0] if b)
        (restless if market.value.restlessness > 1 else calm).append(width)
    assert sum(restless) / len(restless) > 1.1 * sum(calm) / len(calm)
