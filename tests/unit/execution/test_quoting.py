"""Quotes are those of the papers, lean against the inventory, and keep their obligation as long as both sides stand."""

from __future__ import annotations

from math import exp, log
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from isthmus.execution.quoting import (
    BOUNDED,
    NS_PER_S,
    Intensity,
    Obligation,
    Parameters,
    Reach,
    State,
    View,
    Volatility,
    asymptotic,
    best_spread,
    bounded,
    fit_intensity,
    quotes,
    reaches,
    reservation,
)

PAPER = Intensity(a=140.0, k=1.5)
"""Avellaneda and Stoikov's figures: sigma 2, gamma 0.1, k 1.5, A 140, one unit of time."""


def parameters(**more: object) -> Parameters:
    terms: dict[str, object] = {
        "obligation": Obligation(spread=20, quantity=5, presence_bps=9_000),
        "gamma": 0.1, "intensity": Intensity(1.0, 0.3), "size": 10, "most": 50, "stop": 100,
    }  # fmt: skip
    return Parameters(**(terms | more))  # type: ignore[arg-type]


def test_reservation_price_and_spread_are_those_of_avellaneda_and_stoikov() -> None:
    """Their section 3.3: gamma sigma^2 (T - t) + (2/gamma) ln(1 + gamma/k), on average over their run 1.49."""
    first, last = best_spread(0.1, 2.0, 1.0, 1.5), best_spread(0.1, 2.0, 0.0, 1.5)
    assert last == pytest.approx(20 * log(1 + 0.1 / 1.5))
    assert (first + last) / 2 == pytest.approx(1.49, abs=0.005)
    assert reservation(100.0, 3, 0.1 * 2.0**2 * 0.5) == pytest.approx(99.4)


def test_the_closed_form_is_near_the_exact_answer_in_the_middle_of_the_bounds() -> None:
    """Gueant, Lehalle and Fernandez-Tapia compare them as well (figures of section 4): sigma 0.3, A 0.9, k 0.3, gamma
    0.01.
    """
    intensity = Intensity(0.9, 0.3)
    table = bounded(0.01, 0.3, intensity, 30)
    for q in range(-5, 6):
        below, above = asymptotic(q, 0.01, 0.3, intensity)
        assert table[q + 30][0] == pytest.approx(below, rel=0.02)
        assert table[q + 30][1] == pytest.approx(above, rel=0.02)


def test_the_exact_answer_is_the_fixed_point_of_the_papers_equation() -> None:
    """Far from the end v_q' = lambda v_q: the ratios behind the quotes must solve alpha q^2 f_q - eta (f_(q-1) +
    f_(q+1)) = lambda f_q with one lambda for all q.
    """
    gamma, sigma, k, a, most = 0.05, 0.7, 0.4, 0.8, 6
    near = log(1 + gamma / k) / gamma
    table = bounded(gamma, sigma, Intensity(a, k), most)
    f = [1.0]
    for below, _ in table[:-1]:
        assert below is not None
        f.append(f[-1] / exp(k * (below - near)))
    alpha, eta = k * gamma * sigma**2 / 2, a * (1 + gamma / k) ** -(1 + k / gamma)
    padded = np.array([0.0, *f, 0.0])
    q = np.arange(-most, most + 1)
    values = (alpha * q**2 * padded[1:-1] - eta * (padded[:-2] + padded[2:])) / padded[1:-1]
    assert values == pytest.approx(np.full(2 * most + 1, values[0]), rel=1e-6)
    assert table[0][1] is None and table[-1][0] is None, "at a bound no order is let in that goes beyond it"


@given(st.floats(0.001, 1), st.floats(0.01, 5), st.floats(0.05, 2), st.floats(0.05, 5))
def test_bid_and_ask_mirror_each_other(gamma: float, sigma: float, k: float, a: float) -> None:
    for q in (-3.0, 0.0, 1.5):
        below, above = asymptotic(q, gamma, sigma, Intensity(a, k))
        mirrored = asymptotic(-q, gamma, sigma, Intensity(a, k))
        assert (below, above) == pytest.approx((mirrored[1], mirrored[0]))


@given(st.floats(0.1, 5.0), st.floats(0.05, 1.0), st.integers(0, 1_000))
def test_a_and_k_are_found_again_from_fills(a: float, k: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    distances = [float(distance) for distance in range(1, 9)]
    seen = [Reach(at, int(draw.poisson(a * exp(-k * at) * 20_000)), 20_000.0) for at in distances]
    assume(sum(reach.fills > 20 for reach in seen) >= 3)
    found = fit_intensity([reach for reach in seen if reach.fills > 20])
    assert abs(found.intensity.k - k) < 6 * found.error_k + 0.01
    assert found.intensity.a == pytest.approx(a, rel=0.25)


def test_fills_that_tell_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 3 distances"):
        fit_intensity([Reach(1, 5, 10), Reach(2, 3, 10), Reach(3, 0, 10)])
    with pytest.raises(ValueError, match="do not get rarer"):
        fit_intensity([Reach(1, 1, 10), Reach(2, 5, 10), Reach(3, 9, 10)])


def test_trades_that_went_deep_reach_the_near_quotes_too() -> None:
    assert reaches([0.5, 1.0, 3.0], 60.0, [1.0, 2.0, 4.0]) == [(1.0, 2, 60.0), (2.0, 1, 60.0), (4.0, 0, 60.0)]


views = st.builds(
    View,
    at=st.just(0),
    middle_x2=st.integers(200, 100_000),
    volatility=st.floats(0, 50),
)
models = st.sampled_from(["asymptotic", "avellaneda_stoikov", "bounded"])


@given(views, st.integers(-99, 99), st.integers(1, 40), st.sampled_from([1, 5]), models, st.integers(-30, 30))
def test_both_sides_never_stand_wider_or_smaller_than_the_obligation(
    view: View, inventory: int, spread: int, tick: int, model: str, others: int
) -> None:
    assume(spread >= tick)
    middle = view.middle_x2 // 2
    bid = max(0, (middle + others) // tick * tick)
    seen = View(0, view.middle_x2, bid, bid + tick if bid else 0, view.volatility)
    given_ = parameters(obligation=Obligation(spread, 5), tick=tick, model=model)
    found = quotes(State(inventory=inventory), seen, given_)
    assert found.bid is not None and found.ask is not None
    assert 0 < found.ask.price - found.bid.price <= spread
    assert found.bid.quantity >= 5 and found.ask.quantity >= 5
    assert found.bid.price > 0 and found.bid.price % tick == 0 and found.ask.price % tick == 0
    if seen.bid > tick:
        assert found.bid.price < seen.ask and found.ask.price > seen.bid, "it never takes"


@given(st.integers(-90, 80), st.floats(0.1, 3), models)
def test_who_owns_more_quotes_lower(inventory: int, volatility: float, model: str) -> None:
    view = View(0, 20_000, volatility=volatility)
    given_ = parameters(model=model, obligation=Obligation(2_000, 5))
    less, more = (quotes(State(inventory=owned), view, given_) for owned in (inventory, inventory + 10))
    assert less.bid and less.ask and more.bid and more.ask
    assert more.bid.price <= less.bid.price and more.ask.price <= less.ask.price


def test_a_spread_that_is_cut_to_the_obligation_keeps_its_lean() -> None:
    given_ = parameters(obligation=Obligation(4, 5))
    flat, long = (quotes(State(inventory=owned), View(0, 2_000, volatility=3.0), given_) for owned in (0, 40))
    assert flat.bid and flat.ask and long.bid and long.ask
    assert (flat.bid.price, flat.ask.price) == (998, 1_002)
    assert long.ask.price - long.bid.price == 4 and long.ask.price < 1_000


def test_at_its_bound_it_only_reduces_if_its_presence_allows() -> None:
    view, given_ = View(0, 2_000, volatility=1.0), parameters()
    good, poor = (State(50, quoted, 10_000) for quoted in (9_500, 9_100))
    reducing = quotes(good, view, given_)
    assert reducing.bid is None and reducing.ask is not None and "only sells" in reducing.why
    both = quotes(poor, view, given_)
    assert both.bid is not None and both.ask is not None, "91 % is too near its duty of 90 %"
    stopped = quotes(State(-100, 0, 10_000), view, given_)
    assert stopped.ask is None and stopped.bid is not None and stopped.bid.quantity == 10


def test_in_a_storm_it_steps_aside_and_comes_back_when_it_has_been_calm() -> None:
    given_ = parameters(pause_volatility=2.0, pause_ns=100)
    storm = quotes(State(), View(1_000, 2_000, volatility=2.1), given_)
    assert storm.bid is None and storm.ask is None and storm.paused_until == 1_100
    waiting = quotes(State(paused_until=1_100), View(1_099, 2_000, volatility=1.0), given_)
    assert waiting.bid is None and waiting.paused_until == 1_100
    back = quotes(State(paused_until=1_100), View(1_100, 2_000, volatility=1.0), given_)
    assert back.bid is not None and back.paused_until == 0


def test_volatility_is_that_of_the_walk_it_saw() -> None:
    random, seen, middle = Random(3), Volatility(), 2_000_000
    for second in range(1, 4_000):
        middle += random.choice((-8, 8))
        seen = seen.seen(second * NS_PER_S, middle, 600.0)
    assert seen.per_root_second == pytest.approx(4.0, rel=0.02)
    assert seen.seen(1, 5, 60.0).variance == seen.variance, "a time that goes back tells nothing"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"gamma": 0.0}, "gamma"),
        ({"intensity": Intensity(1.0, -1.0)}, "intensity"),
        ({"obligation": Obligation(0, 5)}, "spread"),
        ({"obligation": Obligation(20, 11)}, "size"),
        ({"obligation": Obligation(20, 5, 10_001)}, "presence_bps"),
        ({"most": 5}, "most, stop"),
        ({"stop": 10_000}, "stop"),
        ({"size": 10, "lot": 3}, "size"),
        ({"tick": 0}, "tick, lot"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_by_name(more: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        parameters(**more)


def test_the_bounded_model_reaches_no_further_than_its_bound() -> None:
    assert parameters(model=BOUNDED, stop=100).stop // 10 == 10
    with pytest.raises(ValueError, match="most"):
        bounded(0.1, 1.0, PAPER, 0)
