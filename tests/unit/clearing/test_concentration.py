"""Who holds too much: by beneficial owner, on and off the exchange; and LME nickel of March 2022."""

import pytest

from isthmus.clearing.concentration import Concentration, Held, Margining, concentrations, open_interest
from isthmus.clearing.nickel import HIGHEST, OFFICIAL, OWNER, RULE, default_at, generate, replay, trades_of_the_day

PLAIN = Margining(usual_bps=1_000, special_bps=4_000, value_per_lot=1)


def market(owner_exchange: int, owner_otc: int, others: int) -> list[Held]:
    """An owner who is short on the exchange and with a bank that is short there for him; others are short, one long."""
    return [
        Held("owner", "owner", "exchange", -owner_exchange),
        Held("owner", "owner", "otc", -owner_otc),
        Held("bank", "bank", "otc", owner_otc),
        Held("bank", "bank", "exchange", -owner_otc),
        Held("others", "others", "exchange", -others),
        Held("long", "long", "exchange", owner_exchange + owner_otc + others),
    ]


def owner_of(positions: list[Held]) -> Concentration:
    return next(one for one in concentrations(positions, 100, PLAIN) if one.owner == "owner")


def test_what_lies_with_banks_counts_as_the_owners() -> None:
    found = owner_of(market(10, 40, 50))
    assert (found.lots, found.exchange_lots, found.share_bps, found.exchange_share_bps) == (-50, -10, 5_000, 1_000)
    assert (found.special, found.margin) == (True, 2_000)


def test_two_accounts_of_one_owner_are_one_holder() -> None:
    positions = [Held("a", "x", "exchange", 15), Held("b", "x", "exchange", 15), Held("c", "y", "exchange", -30)]
    assert concentrations(positions, 100, PLAIN)[0].lots == 30


@pytest.mark.parametrize(("lots", "special"), [(24, False), (25, False), (26, True)])
def test_above_a_quarter_means_above(lots: int, special: bool) -> None:
    assert owner_of(market(lots, 0, 100 - lots)).special is special


def test_a_bank_that_only_hedges_is_nobody() -> None:
    bank = next(one for one in concentrations(market(10, 40, 50), 100, PLAIN) if one.owner == "bank")
    assert (bank.lots, bank.special, bank.margin) == (0, False, 0)


def test_positions_that_do_not_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="a position is missing"):
        open_interest([Held("a", "a", "exchange", 3), Held("b", "b", "exchange", -2)])


@pytest.mark.parametrize("seed", [1, 2, 99])
def test_the_exchange_alone_does_not_see_the_short_and_the_rule_does(seed: int) -> None:
    positions = generate(seed)
    found = {one.owner: one for one in concentrations(positions, OFFICIAL[0][1], RULE)}
    short = found[OWNER]
    assert short.exchange_share_bps < 2_500 < short.share_bps
    assert [owner for owner, one in found.items() if one.special] == [OWNER]


def test_the_special_margin_covers_the_official_day_and_the_usual_one_does_not() -> None:
    positions = generate(1)
    with_rule = default_at(positions, OFFICIAL[1][1], special=True)
    without = default_at(positions, OFFICIAL[1][1], special=False)
    assert (with_rule.waterfall.uncovered, with_rule.waterfall.paid("defaulter_margin")) == (0, with_rule.loss)
    assert with_rule.loss == 25_000 * (42_995 - 29_800) * 6 == without.loss
    assert without.waterfall.uncovered > 0


def test_trades_of_a_day_without_a_price_must_be_voided() -> None:
    positions = generate(1)
    trades = trades_of_the_day(1, positions)
    with pytest.raises(ValueError, match="void its trades"):
        replay(positions, trades, OFFICIAL)
    stood = replay(positions, trades, (*OFFICIAL, HIGHEST))
    assert sum(one.variation for one in stood) == sum(one.lots for one in stood) == 0
    assert stood != replay(positions, [], OFFICIAL)
