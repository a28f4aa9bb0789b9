"""Three deciders, two of whom decide: a mistake planted in any one of them is outvoted and told."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.unit.clearing.market import FIRST, OTHER, PERPETUAL, RULES, SECOND, START, Market, in_trouble

from isthmus.clearing.margining import Close, Decider, Finding, Key, Rules, Tier, most_at_once, tiers_with
from isthmus.clearing.voting import vote

NAMES = ("core", "naive", "books")
USD = 1
Spoil = Callable[[Finding], Finding | None]


class Planted:
    """A decider with a bug: what it finds is spoilt on the way out."""

    def __init__(self, inner: Decider, spoil: Spoil) -> None:
        self.name, self._inner, self._spoil = inner.name, inner, spoil

    def on_record(self, record: object) -> None:
        self._inner.on_record(record)

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        spoilt = {key: self._spoil(finding) for key, finding in self._inner.findings(rules).items()}
        return {key: finding for key, finding in spoilt.items() if finding is not None}


def breaks(_: Finding) -> Finding | None:
    raise OverflowError("too large")


def changed(**values: object) -> Spoil:
    return lambda finding: msgspec.structs.replace(finding, **values)


PLANTS: dict[str, Spoil] = {
    "a unit too much equity": lambda found: msgspec.structs.replace(found, equity=found.equity + 1),
    "a unit too little kept": lambda found: msgspec.structs.replace(found, kept=found.kept - 1),
    "never closes": changed(close=None),
    "closes the wrong side": changed(close=Close(PERPETUAL, 1, 229)),
    "closes everything": changed(close=Close(PERPETUAL, 2, 1_000)),
    "closes another market": changed(close=Close(OTHER, 2, 1)),
    "does not know the account": lambda _: None,
    "breaks down": breaks,
}


def test_all_three_find_the_same(market: Market) -> None:
    verdicts, faults = vote(market.deciders, RULES)
    assert (faults, [verdict.dissent for verdict in verdicts]) == ({}, [(), ()])
    first, second = (verdict.finding for verdict in verdicts)
    assert first is not None and second is not None
    assert (first.equity, first.kept) == (5_500_000_000 - 25_000_000 - 3_200_000_000, 2_340_000_000)
    assert first.close == Close(PERPETUAL, 2, 190)
    assert (second.account, second.close, second.called) == (SECOND, None, False)


@pytest.fixture
def market() -> Market:
    return in_trouble()


@pytest.mark.parametrize("decider", NAMES)
@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_in_any_one_is_outvoted_and_told(decider: str, plant: str, market: Market) -> None:
    honest, _ = vote(market.deciders, RULES)
    spoilt = [Planted(one, PLANTS[plant]) if one.name == decider else one for one in market.deciders]
    verdicts, faults = vote(spoilt, RULES)
    assert [verdict.finding for verdict in verdicts] == [verdict.finding for verdict in honest]
    told = {ballot.decider for verdict in verdicts for ballot in verdict.dissent} | set(faults)
    assert told == {decider}


@pytest.mark.parametrize("decider", NAMES[1:])
def test_a_decider_that_missed_a_record_is_outvoted(decider: str, market: Market) -> None:
    market.deaf[decider] = 1
    market.deposit(FIRST, 1)
    verdicts, _ = vote(market.deciders, RULES)
    assert [ballot.decider for ballot in verdicts[0].dissent] == [decider]
    assert verdicts[0].finding is not None and verdicts[0].finding.equity == 2_276_000_000


@pytest.mark.parametrize("decider", NAMES)
def test_a_decider_that_names_an_account_that_holds_nothing_is_outvoted(decider: str, market: Market) -> None:
    class Inventing(Planted):
        def findings(self, rules: Rules) -> dict[Key, Finding]:
            ghost = Finding(99, USD, 0, 1, 1, Close(PERPETUAL, 1, 5))
            return {**super().findings(rules), (99, USD): ghost}

    spoilt = [Inventing(one, lambda found: found) if one.name == decider else one for one in market.deciders]
    ghost = next(verdict for verdict in vote(spoilt, RULES)[0] if verdict.account == 99)
    assert ghost.finding is None
    assert [ballot.decider for ballot in ghost.dissent] == [decider]


def test_three_opinions_decide_nothing(market: Market) -> None:
    core, naive, books = market.deciders
    spoilt = [core, Planted(naive, PLANTS["closes everything"]), Planted(books, PLANTS["never closes"])]
    verdict = vote(spoilt, RULES)[0][0]
    assert (verdict.decided, verdict.finding, len(verdict.dissent)) == (False, None, 3)


def test_two_that_break_down_decide_nothing(market: Market) -> None:
    spoilt = [market.deciders[0], *(Planted(one, breaks) for one in market.deciders[1:])]
    verdicts, faults = vote(spoilt, RULES)
    assert set(faults) == {"naive", "books"}
    assert not [verdict for verdict in verdicts if verdict.decided]


def test_settling_against_a_mark_changes_nothing_but_where_the_money_is(market: Market) -> None:
    before = [verdict.finding for verdict in vote(market.deciders, RULES)[0]]
    market.mark(PERPETUAL, 46_800, settles=True)
    after, _ = vote(market.deciders, RULES)
    assert [verdict.finding for verdict in after] == before
    assert not [verdict for verdict in after if verdict.dissent]


def test_equity_below_zero_closes_the_whole_position(market: Market) -> None:
    market.mark(PERPETUAL, 40_000)
    verdict = vote(market.deciders, RULES)[0][0]
    assert verdict.finding is not None
    assert verdict.finding.close == Close(PERPETUAL, 2, 1_000)


def test_of_two_markets_the_one_that_must_keep_most_is_closed_first(market: Market) -> None:
    market.fill(FIRST, OTHER, 20_000, 3_000)
    verdict = vote(market.deciders, RULES)[0][0]
    assert verdict.finding is not None and verdict.finding.close is not None
    assert (verdict.finding.close.instrument, verdict.dissent) == (OTHER, ())


def test_tiers_ask_more_of_a_greater_position(market: Market) -> None:
    steep = Rules((Tier(0, 1_000, 100), Tier(40_000 * 10**6, 2_000, 800)), {}, 12_000)
    verdicts, _ = vote(market.deciders, steep)
    kept = [(verdict.finding.kept, verdict.finding.asked) for verdict in verdicts if verdict.finding is not None]
    assert kept == [(3_744_000_000, 9_360_000_000), (234_000_000, 2_340_000_000)]
    assert not [verdict for verdict in verdicts if verdict.dissent]


def test_a_short_position_is_bought_back() -> None:
    market = Market()
    market.deposit(FIRST, 5_500)
    market.fill(FIRST, PERPETUAL, -1_000, START)
    market.mark(PERPETUAL, 53_000)
    verdict = vote(market.deciders, RULES)[0][0]
    assert verdict.finding is not None and verdict.finding.close is not None
    assert (verdict.finding.close.side, verdict.dissent) == (1, ())


def test_a_busted_trade_leaves_no_position(market: Market) -> None:
    from isthmus.kernel.messages import CorrectTrade

    record = market.fill(FIRST, OTHER, 500, 3_000)
    traded = record.effects[0]
    names = ("instrument", "maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets")
    terms = {name: getattr(traded, name) for name in (*names, "maker_fee", "taker_fee")}
    market.do(CorrectTrade(sequence=record.sequence, index=0, **terms, new_price=0))
    verdicts, _ = vote(market.deciders, RULES)
    assert not [verdict for verdict in verdicts if verdict.dissent]
    assert verdicts[0].finding is not None and verdicts[0].finding.kept == 2_340_000_000


def test_sums_beyond_64_bits_are_left_to_the_other_two() -> None:
    market = Market()
    for _ in range(3):
        market.deposit(FIRST, 9 * 10**12)
    market.fill(FIRST, PERPETUAL, 1, START)
    verdicts, faults = vote(market.deciders, RULES)
    assert verdicts[0].finding is not None and verdicts[0].finding.equity > 1 << 64
    assert [ballot.decider for ballot in verdicts[0].dissent] == ["books"] or set(faults) == {"books"}


def test_a_position_is_closed_a_tier_at_a_time() -> None:
    tiers = (Tier(0, 1_000, 500), Tier(1_000, 2_000, 1_000), Tier(5_000, 4_000, 2_000))
    assert most_at_once(tiers, 900, 900, 10) == 900, "all of it in the lowest tier"
    assert most_at_once(tiers, 1_500, 1_500, 10) == 510, "to 990, which is below the edge"
    assert most_at_once(tiers, 6_000, 6_000, 1) == 1_001
    assert most_at_once(tiers, 10, 100_000, 1) == 10
    assert most_at_once((Tier(0, 0, 0), Tier(1_000, 1_000, 500)), 2_000, 2_000, 1) == 2_000


def test_rows_of_a_tier_table_are_added_replaced_and_taken_away() -> None:
    rows = tiers_with(tiers_with((), Tier(10, 2, 1)), Tier(0, 2, 1))
    assert rows == (Tier(0, 2, 1), Tier(10, 2, 1))
    assert tiers_with(rows, Tier(10, 4, 3)) == (Tier(0, 2, 1), Tier(10, 4, 3))
    assert tiers_with(rows, Tier(0, 0, 0)) == (Tier(10, 2, 1),)
    assert Rules((), {1: (Tier(10, 2, 1),)}, 10_000).of(1)[0] == Tier(0, 0, 0)
