"""The three deciders against each other on whatever happens, and the core's liquidation integers against fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.clearing.market import FIRST, OTHER, PERPETUAL, SECOND, SPOT, Market

from isthmus.clearing.margining import Rules, Tier
from isthmus.clearing.perpetual import (
    Position,
    Standing,
    Terms,
    bankruptcy_quote,
    fillable_price,
    insurance_delta,
)
from isthmus.clearing.voting import vote
from isthmus.engine.perpetuals import perpetual_bankruptcy, perpetual_fillable, perpetual_insurance
from isthmus.kernel.messages import SetCredit

PPM = 1_000_000
ACCOUNTS = st.sampled_from((FIRST, SECOND))
MARKETS = st.sampled_from((PERPETUAL, OTHER, SPOT))
STEPS = st.one_of(
    st.tuples(st.just("deposit"), ACCOUNTS, st.integers(1, 100_000)),
    st.tuples(
        st.just("fill"),
        ACCOUNTS,
        MARKETS,
        st.integers(-5_000, 5_000).filter(bool),
        st.integers(1, 200_000),
    ),
    st.tuples(st.just("credit"), ACCOUNTS, st.sampled_from((0, 5_000_000, 10**12, (1 << 63) - 1))),
    st.tuples(st.just("mark"), st.sampled_from((PERPETUAL, OTHER)), st.integers(1, 200_000), st.booleans()),
)
TIERS = st.lists(
    st.tuples(st.integers(1, 10**11), st.integers(1, 10_000), st.integers(1, 10_000)),
    max_size=3,
    unique_by=lambda t: t[0],
)


@given(
    steps=st.lists(STEPS, min_size=1, max_size=30),
    tiers=TIERS,
    restore=st.integers(10_000, 30_000),
    overdue=st.frozensets(st.tuples(ACCOUNTS, st.just(1))),
)
def test_three_deciders_find_the_same_whatever_happens(
    steps: list[tuple[object, ...]],
    tiers: list[tuple[int, int, int]],
    restore: int,
    overdue: frozenset[tuple[int, int]],
) -> None:
    market = Market()
    rows = (Tier(0, 1_000, 500), *(Tier(*row) for row in sorted(tiers)))
    rules = Rules(rows, {OTHER: (Tier(0, 2_000, 1_000),)}, restore, overdue)
    for name, *terms in steps:
        if name == "deposit":
            market.deposit(*terms)  # type: ignore[arg-type]
        elif name == "credit":
            market.do(SetCredit(account=terms[0], asset=1, amount=terms[1]))
        elif name == "fill":
            market.fill(*terms)  # type: ignore[arg-type]
        else:
            instrument, price, settles = terms
            market.mark(instrument, price, settles=settles)  # type: ignore[arg-type]
        verdicts, faults = vote(market.deciders, rules)
        assert not faults
        assert not [verdict for verdict in verdicts if verdict.dissent]


@given(
    equity=st.integers(-(10**15), 10**15),
    others=st.integers(0, 10**12),
    size=st.integers(-(10**6), 10**6).filter(bool),
    price=st.integers(1, 10**6),
    bps=st.integers(1, 10_000),
    part=st.integers(1, 10**6),
    rates=st.tuples(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 10**6)),
    fill=st.integers(0, 10**12),
)
def test_the_cores_liquidation_prices_are_those_of_fractions(
    equity: int, others: int, size: int, price: int, bps: int, part: int, rates: tuple[int, int, int], fill: int
) -> None:
    closes = min(part, abs(size)) * (-1 if size > 0 else 1)
    kept = -(-abs(size) * price * bps // 10_000)
    after = -(-abs(size + closes) * price * bps // 10_000)
    position = Position(Fraction(size, PPM), Fraction(price), Fraction(kept, abs(size) * price))
    account = Standing(Fraction(equity, PPM), Fraction(others + kept, PPM))
    core = (equity, others + kept)
    brings = perpetual_bankruptcy(core, (size * price, kept), ((size + closes) * price, after))
    if after * abs(size) == kept * abs(size + closes):
        assert brings == bankruptcy_quote(account, position, Fraction(closes, PPM)) * PPM  # type: ignore[operator]
    terms = Terms(Fraction(rates[0], PPM), Fraction(rates[1], PPM), Fraction(rates[2], PPM))
    over, under = perpetual_fillable(core, (size * price, kept), rates[0], rates[1])
    assert Fraction(over, under * size) == fillable_price(account, position, terms)
    signed = fill if closes < 0 else -fill
    gains = perpetual_insurance(signed, brings, rates[2])
    each = Fraction(fill, PPM) / abs(Fraction(closes, PPM))
    assert not fill or gains == insurance_delta(Fraction(brings, PPM), Fraction(closes, PPM), each, terms.fee) * PPM
