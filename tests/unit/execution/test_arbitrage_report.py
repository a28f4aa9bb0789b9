"""Only what is still there one latency later counts as taken; what the data cannot mean is not believed."""

from __future__ import annotations

import pytest

from isthmus.execution.arbitrage import NANO, Rule, Terms
from isthmus.execution.arbitrage_legs import Risk
from isthmus.execution.arbitrage_report import Change, Finding, Rehearsal

LATENCY = 50
RULE = Rule(minimum_profit=1, stale_ns=10_000)


def market(number: int, **more: object) -> Terms:
    terms: dict[str, object] = {
        "name": f"venue {number}", "base": "BTC", "quote": "USD", "price_nano": NANO, "quantity_nano": NANO,
        "latency_ns": LATENCY,
    }  # fmt: skip
    return Terms(number=number, **(terms | more))  # type: ignore[arg-type]


def quote(at: int, number: int, bid: int, ask: int, size: int = 10) -> Change:
    return Change(at, number, ((bid, size),), ((ask, size),))


CALM = (quote(-5_000, 1, 99, 100), quote(-5_000, 2, 98, 101))
"""Long enough without a gap, so that a gap is believed."""


def played(*changes: Change, markets: tuple[Terms, ...] = (market(1), market(2)), within: int = 1_000) -> Finding:
    found = Rehearsal(markets, RULE, Risk(within_ns=within)).play(changes)
    assert len(found) == 1
    return found[0]


def test_a_gap_that_survives_the_latency_is_taken_once() -> None:
    found = played(*CALM, quote(10, 2, 103, 104), quote(20, 2, 103, 105), quote(61, 2, 99, 100))
    assert (found.visible.times, found.visible.open_ns, found.sent, found.taken) == (1, 51, 1, 1)
    assert found.profit == 30 * NANO and found.lost == 0
    assert found.answer == "1 of 1 intents had a profit."


def test_a_gap_that_is_gone_when_the_orders_arrive_is_not_taken() -> None:
    found = played(*CALM, quote(10, 2, 103, 104), quote(30, 2, 99, 101), quote(40, 1, 100, 101))
    assert (found.sent, found.taken, found.profit) == (1, 0, 0)
    assert found.answer.startswith("Nothing: of 1 intents 0 had a profit")


def test_a_leg_that_filled_alone_is_repaired_at_the_prices_of_then() -> None:
    found = played(quote(0, 1, 99, 100), quote(10, 2, 103, 104), quote(30, 2, 95, 96), quote(200, 1, 98, 99))
    assert (found.sent, found.repaired, found.profit, found.lost) == (1, 1, -10 * NANO, 10 * NANO)


def test_an_open_leg_that_nobody_takes_is_told_as_unfinished() -> None:
    """Both books lose their bids before the orders arrive: what was bought cannot be sold, however often it tries."""
    for latency in (0, 20):
        markets = (market(1, latency_ns=latency), market(2, latency_ns=20))
        gone = (Change(15, 1, (), ((100, 10),)), Change(15, 2, (), ((104, 10),)))
        found = played(*CALM, quote(10, 2, 103, 104), *gone, markets=markets)
        assert (found.sent, found.unfinished, found.profit) == (1, 1, 0)


def test_the_quote_at_the_very_moment_of_arrival_counts() -> None:
    found = played(quote(0, 1, 99, 100), quote(10, 2, 103, 104), quote(60, 2, 99, 101), quote(60, 1, 100, 101))
    assert found.profit == 0


def test_fees_and_gaps_are_told_apart() -> None:
    dear = (market(1, fee_ppm=20_000), market(2, fee_ppm=20_000))
    found = played(quote(0, 1, 99, 100), quote(10, 2, 103, 104), markets=dear)
    assert (found.visible.times, found.after_fees.times, found.sent) == (1, 0, 0)
    assert found.answer == "Nothing: 1 gaps were seen, none was wider than the fees."


def test_no_gap_at_all_is_said_as_plainly() -> None:
    assert played(quote(0, 1, 99, 100), quote(10, 2, 98, 101)).answer == "Nothing: no gap was ever seen, before fees."
    assert "never showed prices at the same time" in played(quote(0, 1, 99, 100)).answer


def test_one_thing_that_stands_crossed_all_the_time_is_not_believed() -> None:
    found = played(quote(0, 1, 99, 100), quote(10, 2, 103, 104), quote(5_000, 1, 99, 100))
    assert not found.believed and found.answer.startswith("Not believed: crossed 100 % of the time")


def test_a_venue_that_falls_silent_is_no_partner() -> None:
    found = played(quote(0, 1, 99, 100), quote(20_000, 2, 103, 104))
    assert (found.looked, found.sent, found.shown_ns) == (0, 0, 0)


def test_changes_that_go_back_in_time_are_refused() -> None:
    with pytest.raises(ValueError, match="comes after"):
        played(quote(10, 1, 99, 100), quote(9, 2, 98, 101))


def test_a_triangle_is_played_as_well() -> None:
    assets = (("EUR", "USD"), ("USD", "JPY"), ("EUR", "JPY"))
    markets = tuple(market(n, base=base, quote=quoted) for n, (base, quoted) in enumerate(assets, 1))
    found = played(
        quote(0, 1, 2, 3), quote(5, 2, 4, 5, 100), quote(10, 3, 16, 17), quote(200, 1, 2, 3), markets=markets
    )
    assert (found.kind, found.sent, found.taken) == ("triangle", 1, 1)
    assert found.profit == 10 * NANO
