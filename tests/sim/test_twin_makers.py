"""Market makers: quotes, mass quotes, obligations and protections, worked by hand; and sessions full of quotes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.oracle.invariants import check
from tests.oracle.messages import LIMITS, REASONS, RULES, SCOPES, STATES, name_of
from tests.oracle.pair import Pair, names, through_snapshots
from tests.oracle.values import BUY, DAY, FOK, FRESH, GTC, IOC, POST_ONLY, PRICE_MAX, QUANTITY_MAX, QUOTE, SELL

from isthmus import _core

from .strategies import ALICE, BOB, CAROL, EQUITY, FX, PERP, POOR, USD, VENUE, opening
from .strategies_makers import quoted

SECOND = 10**9


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """Alice makes the market of the equity: within 4 price steps, 5 lots a side, 90 % of the time."""
    for command, at in opening(3):
        pair.apply(command, at)
    pair.now = 1_800_000_000 * SECOND
    pair.send("RegisterMaker", account=ALICE, instrument=EQUITY, spread=4, quantity=5, presence_bps=9_000)
    return pair


def answer(found: list[Any]) -> str:
    if name_of(found[0]) != "Rejected":
        return name_of(found[0])
    return next(name for name, number in REASONS.items() if number == found[0].reason)


def quote(desk: Pair, side: int, price: int, quantity: int = 5, flags: int = 0, **fields: int) -> list[Any]:
    words = {"account": ALICE, "instrument": EQUITY, "kind": 1, "tif": GTC, "flags": QUOTE | flags} | fields
    return desk.send("PlaceOrder", side=side, price=price, quantity=quantity, **words)


def order(desk: Pair, side: int, price: int, quantity: int, **fields: int) -> list[Any]:
    words = {"account": BOB, "instrument": EQUITY, "kind": 1, "tif": GTC} | fields
    return desk.send("PlaceOrder", side=side, price=price, quantity=quantity, **words)


def protect(desk: Pair, **limits: int) -> str:
    return answer(
        desk.send("SetProtection", **({"account": ALICE, "instrument": EQUITY, "window_ns": SECOND} | limits))
    )


def unchanged(desk: Pair, send: Callable[[], list[Any]]) -> str:
    """The answer to what is sent at once, which leaves everything but the sequence as it was."""
    before = desk.engine.state()[16:]
    desk.now -= 1
    found = answer(send())
    assert desk.engine.state()[16:] == before
    return found


def test_only_a_registered_maker_may_quote(desk: Pair) -> None:
    assert unchanged(desk, lambda: quote(desk, BUY, 99, account=BOB)) == "not_a_maker"
    assert unchanged(desk, lambda: quote(desk, BUY, 107_000, instrument=FX)) == "not_a_maker"
    assert answer(quote(desk, BUY, 99)) == "Accepted"
    desk.send("RegisterMaker", account=ALICE, instrument=EQUITY)
    assert answer(quote(desk, BUY, 98)) == "not_a_maker"


def test_the_first_of_a_mass_quote_takes_the_earlier_quotes_away(desk: Pair) -> None:
    first, second = quote(desk, BUY, 97)[0].order, quote(desk, SELL, 103)[0].order
    other = order(desk, BUY, 95, 1, account=ALICE)[0].order
    found = quote(desk, BUY, 98, flags=FRESH)
    assert names(found) == ["Cancelled", "Cancelled", "Accepted"]
    assert [effect.order for effect in found[:2]] == [first, second]
    assert answer(quote(desk, SELL, 102)) == "Accepted"
    assert other in desk.twin.state.orders, "an order that is no quote stays"
    check(desk.twin)


def test_a_refused_mass_quote_leaves_the_earlier_quotes_where_they_are(desk: Pair) -> None:
    first = quote(desk, BUY, 97)[0].order
    assert unchanged(desk, lambda: quote(desk, BUY, 97, 10**9, FRESH)) == "insufficient_funds"
    assert unchanged(desk, lambda: quote(desk, BUY, 0, 5, FRESH)) == "price_not_positive"
    assert first in desk.twin.state.orders


@pytest.mark.parametrize(("instrument", "price"), [(EQUITY, 100), (PERP, 512)])
def test_a_mass_quote_is_judged_as_if_the_earlier_quotes_were_gone(desk: Pair, instrument: int, price: int) -> None:
    desk.send("Withdraw", account=POOR, asset=USD, amount=desk.twin.balance(POOR, USD)[0])
    desk.send("Deposit", account=POOR, asset=USD, amount=100_000)
    desk.send("RegisterMaker", account=POOR, instrument=instrument, spread=4, quantity=1)
    lots = 2**20
    while answer(quote(desk, BUY, price, lots, FRESH, account=POOR, instrument=instrument)) != "Accepted":
        lots //= 2
    assert answer(quote(desk, BUY, price, lots, account=POOR, instrument=instrument)) == "insufficient_funds"
    again = quote(desk, BUY, price, lots, FRESH, account=POOR, instrument=instrument)
    assert names(again) == ["Cancelled", "Accepted"], "it may take what its predecessor held"
    check(desk.twin)


def test_so_it_is_by_limits(desk: Pair) -> None:
    account = {"scope": SCOPES["account"], "of": ALICE}
    desk.send("SetLimit", limit=LIMITS["open_orders"], value=2, **account)
    desk.send("SetLimit", limit=LIMITS["open_notional"], value=1_000, **account)
    assert [answer(quote(desk, *words)) for words in ((BUY, 97), (SELL, 103))] == ["Accepted"] * 2
    assert answer(quote(desk, BUY, 98)) == "open_orders_limit"
    found = quote(desk, BUY, 98, 10, FRESH)
    assert names(found) == ["Cancelled", "Cancelled", "Accepted"], "980 alone is within 1,000"
    assert answer(quote(desk, BUY, 98, 11, FRESH)) == "notional_limit"


def test_the_first_of_a_mass_quote_is_linked_to_nothing(desk: Pair) -> None:
    first = quote(desk, BUY, 97)[0].order
    words = {"account": ALICE, "instrument": EQUITY, "side": SELL, "kind": 1, "tif": GTC, "price": 104, "quantity": 5}
    found = desk.send("PlaceSpecial", flags=QUOTE | FRESH, one_cancels=first, **words)
    assert answer(found) == "bad_link"


@pytest.mark.parametrize("change", [{"flags": FRESH}, {"flags": QUOTE, "kind": 2, "price": 0}, {"tif": IOC}])
def test_a_quote_is_a_limit_order_that_stays(desk: Pair, change: dict[str, int]) -> None:
    words = {"account": ALICE, "instrument": EQUITY, "side": BUY, "kind": 1, "tif": GTC, "price": 97, "quantity": 5}
    assert answer(desk.send("PlaceOrder", **({**words, "flags": QUOTE} | change))) == "bad_terms"


def score(desk: Pair) -> tuple[int, int, bool, bool]:
    found: tuple[int, int, bool, bool] | None = desk.engine.maker(ALICE, EQUITY)
    assert found is not None
    return found


def test_a_score_is_the_time_in_which_both_sides_stood_close_and_large_enough(desk: Pair) -> None:
    start = desk.now
    quote(desk, BUY, 98, tif=DAY)
    desk.now = start + 1_000
    quote(desk, SELL, 102, 3)
    assert score(desk) == (0, 1_001, False, False), "only 3 lots to sell"
    desk.now = start + 2_000
    quote(desk, SELL, 102, 2)  # at start + 2001: 5 lots at 102, within 4 of 98
    desk.now = start + 3_000
    quote(desk, BUY, 99, 4)  # at start + 3001: the best buy has 4 lots only
    assert score(desk) == (1_000, 3_001, False, False)
    desk.now = start + 4_000
    desk.send("CancelOrder", order=desk.twin.state.sequence, account=ALICE)
    desk.now = start + 4_500
    order(desk, SELL, 98, 1)  # at start + 4501: 4 lots left to buy
    desk.now = start + 5_000
    ended = desk.send("RegisterMaker", account=ALICE, instrument=EQUITY)
    assert names(ended) == ["MakerScored", "MakerRegistered"]
    assert tuple(ended[0]) == (ALICE, EQUITY, 1_500, 5_001, 0)
    assert desk.engine.maker(ALICE, EQUITY) is None


def test_a_score_that_is_high_enough_is_met(desk: Pair) -> None:
    desk.now += 99
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)  # 101 ns after the registration
    desk.now += 908
    scored = desk.send("RegisterMaker", account=ALICE, instrument=EQUITY)[0]
    assert tuple(scored) == (ALICE, EQUITY, 909, 1_010, 1), "909 of 1,010 are 90 %"


def test_time_in_which_the_market_is_halted_does_not_count(desk: Pair) -> None:
    start = desk.now
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)
    desk.now = start + 1_000
    desk.send("Halt", instrument=EQUITY)
    desk.now = start + 2_000
    desk.send("Resume", instrument=EQUITY)
    desk.send("Halt", instrument=0)
    desk.now = start + 3_000
    desk.send("Resume", instrument=0)
    desk.now = start + 3_100
    desk.send("TimePassed")
    assert score(desk) == (999 + 1 + 100, 1_001 + 1 + 100, True, False)


def state(desk: Pair, name: str) -> list[Any]:
    return desk.send("SetSession", instrument=EQUITY, state=STATES[name])


def test_time_in_which_there_is_no_continuous_trading_does_not_count(desk: Pair) -> None:
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)
    state(desk, "closing_auction")  # 3 ns after the registration
    desk.now += 1_000
    assert score(desk) == (1, 3, True, False)
    desk.restore()
    state(desk, "volatility_auction")
    desk.now += 1_000
    desk.send("TimePassed")
    assert score(desk) == (1, 3, True, False)
    state(desk, "continuous")
    desk.now += 99
    desk.send("TimePassed")
    assert score(desk) == (101, 103, True, False)


def test_the_close_tells_every_maker_its_score_and_counts_from_zero(desk: Pair) -> None:
    desk.send("RegisterMaker", account=BOB, instrument=EQUITY, spread=4, quantity=5, presence_bps=1)
    quote(desk, BUY, 99, tif=DAY)
    quote(desk, SELL, 101, tif=DAY)
    desk.now += 96
    effects = state(desk, "closed")
    assert names(effects) == ["SessionChanged", "MakerScored", "MakerScored", "Cancelled", "Cancelled"]
    assert [tuple(effect) for effect in effects[1:3]] == [(ALICE, EQUITY, 97, 100, 1), (BOB, EQUITY, 0, 99, 0)]
    assert score(desk) == (0, 0, False, False)
    assert names(state(desk, "closed")) == ["SessionChanged"], "it was told already"


def test_an_expiry_closes_too(desk: Pair) -> None:
    desk.send("SetRule", instrument=EQUITY, rule=RULES["expiry"], value=desk.now + 100)
    desk.now += 199
    effects = desk.send("TimePassed")
    assert names(effects) == ["SessionChanged", "MakerScored"]
    assert tuple(effects[1])[2:] == (0, 201, 0)


def test_a_purge_that_comes_first_after_a_restart_ends_what_is_met(desk: Pair) -> None:
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)  # 2 ns after the registration
    desk.restore()
    desk.send("Kill", scope=SCOPES["everything"], user=1)
    desk.now += 1_000
    assert tuple(desk.send("RegisterMaker", account=ALICE, instrument=EQUITY)[0])[2:] == (1, 1_004, 0)


def test_hidden_quotes_and_icebergs_meet_no_obligation(desk: Pair) -> None:
    quote(desk, BUY, 99, flags=2)
    words = {"account": ALICE, "instrument": EQUITY, "side": SELL, "kind": 1, "tif": GTC, "price": 101, "quantity": 9}
    desk.send("PlaceSpecial", flags=QUOTE, display=5, **words)
    assert not score(desk)[2]
    quote(desk, BUY, 99)
    assert not score(desk)[2]
    quote(desk, SELL, 101)
    assert score(desk)[2]


def test_terms_may_change_and_the_score_goes_on(desk: Pair) -> None:
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)
    assert score(desk)[2]
    desk.send("RegisterMaker", account=ALICE, instrument=EQUITY, spread=1, quantity=5)
    quoted_ns, open_ns, meets, _ = score(desk)
    assert (quoted_ns, open_ns, meets) == (1, 3, False)


def test_more_than_so_many_lots_in_the_window_pull_the_quotes_at_once(desk: Pair) -> None:
    protect(desk, quantity=5)
    best, behind, sell = (quote(desk, *words)[0].order for words in ((BUY, 99, 6), (BUY, 98, 9), (SELL, 103, 9)))
    order(desk, BUY, 98, 4, account=CAROL)
    found = order(desk, SELL, 98, 8)
    assert names(found) == ["Accepted", "Traded", "Protected", "Cancelled", "Cancelled", "Traded"]
    assert tuple(found[2]) == (ALICE, EQUITY, 1)
    assert [found[at].order for at in (3, 4)] == [behind, sell]
    assert (found[1].maker_order, found[5].maker, found[5].quantity) == (best, CAROL, 2), (
        "the taker goes on with others"
    )
    assert answer(quote(desk, BUY, 97)) == "maker_protected"
    assert answer(order(desk, BUY, 97, 1, account=ALICE)) == "Accepted", "what is no quote is taken"
    assert protect(desk, quantity=5) == "ProtectionSet"
    assert answer(quote(desk, BUY, 97)) == "Accepted"
    check(desk.twin)


def test_exactly_so_many_lots_do_not(desk: Pair) -> None:
    protect(desk, quantity=5)
    quote(desk, BUY, 99, 9)
    assert names(order(desk, SELL, 99, 5)) == ["Accepted", "Traded"]
    desk.now += SECOND
    assert names(order(desk, SELL, 99, 4)) == ["Accepted", "Traded"], "the window has passed"


def test_buys_and_sells_net_out_of_a_delta(desk: Pair) -> None:
    protect(desk, delta=5)
    quote(desk, BUY, 99, 50)
    quote(desk, SELL, 101, 50)
    assert names(order(desk, SELL, 99, 5)) == ["Accepted", "Traded"]
    assert names(order(desk, BUY, 101, 9)) == ["Accepted", "Traded"], "5 - 9 = -4"
    found = order(desk, BUY, 101, 2)
    assert names(found) == ["Accepted", "Traded", "Protected", "Cancelled", "Cancelled"]
    assert found[2].cause == 2


def test_shares_of_the_quotes_add_up(desk: Pair) -> None:
    protect(desk, percent_bps=10_000)
    quote(desk, BUY, 99, 10)
    quote(desk, SELL, 101, 10)
    assert names(order(desk, SELL, 99, 5)) == ["Accepted", "Traded"], "50 % of it"
    assert names(order(desk, BUY, 101, 5)) == ["Accepted", "Traded"], "and 50 % of the other"
    found = order(desk, BUY, 101, 1)
    assert names(found)[2] == "Protected"
    assert found[2].cause == 3


def test_an_order_whose_fills_were_promised_together_gets_them_all(desk: Pair) -> None:
    protect(desk, quantity=1)
    quote(desk, BUY, 99, 3)
    quote(desk, BUY, 98, 3)
    quote(desk, BUY, 97, 3)
    found = order(desk, SELL, 98, 6, tif=FOK)
    assert names(found) == ["Accepted", "Traded", "Traded", "Protected", "Cancelled"]


def test_a_market_order_without_a_collar_does_too(desk: Pair) -> None:
    protect(desk, quantity=1)
    quote(desk, SELL, 101, 3)
    quote(desk, SELL, 102, 3)
    found = order(desk, BUY, 0, 6, kind=2)
    assert names(found) == ["Accepted", "Traded", "Traded", "Protected"]


def test_a_quote_that_takes_is_counted_and_pulled_with_the_others(desk: Pair) -> None:
    protect(desk, quantity=1)
    quote(desk, BUY, 95)
    order(desk, SELL, 99, 2)
    found = quote(desk, BUY, 99, 5)
    assert names(found) == ["Accepted", "Traded", "Protected", "Cancelled", "Cancelled"]
    check(desk.twin)


def test_quotes_go_before_others_at_their_price_where_the_rule_says_so(desk: Pair) -> None:
    desk.send("SetRule", instrument=EQUITY, rule=RULES["maker_priority"], value=1)
    order(desk, BUY, 99, 2, account=CAROL)
    mine = quote(desk, BUY, 99, 2)[0].order
    assert order(desk, SELL, 99, 2)[1].maker_order == mine


def test_a_maker_gets_its_share_of_a_mixed_book(desk: Pair) -> None:
    for rule, value in (("book", 3), ("maker_share_bps", 4_000)):
        assert answer(desk.send("SetRule", instrument=EQUITY, rule=RULES[rule], value=value)) == "RuleSet"
    order(desk, BUY, 99, 90, account=CAROL)
    quote(desk, BUY, 99, 10)
    found = order(desk, SELL, 99, 10)
    shares = {effect.maker: effect.quantity for effect in found if name_of(effect) == "Traded"}
    assert shares[ALICE] >= 4, shares


MAKER = {"account": ALICE, "instrument": EQUITY, "spread": 4, "quantity": 5, "presence_bps": 9_000}
PROTECTION = {"account": ALICE, "instrument": EQUITY, "window_ns": SECOND, "quantity": 1, "delta": 1, "percent_bps": 1}


@pytest.mark.parametrize(
    ("name", "reason", "change"),
    [
        ("RegisterMaker", "MakerRegistered", {"spread": PRICE_MAX, "quantity": QUANTITY_MAX, "presence_bps": 10_000}),
        ("RegisterMaker", "MakerRegistered", {"spread": 1, "quantity": 1, "presence_bps": 0}),
        ("RegisterMaker", "unknown_account", {"account": 999}),
        ("RegisterMaker", "unknown_account", {"account": VENUE}),
        ("RegisterMaker", "unknown_instrument", {"instrument": 0}),
        ("RegisterMaker", "unknown_instrument", {"instrument": 99}),
        ("RegisterMaker", "not_a_maker", {"account": BOB, "quantity": 0}),
        ("RegisterMaker", "bad_maker", {"quantity": -1}),
        ("RegisterMaker", "bad_maker", {"quantity": QUANTITY_MAX + 1}),
        ("RegisterMaker", "bad_maker", {"spread": 0}),
        ("RegisterMaker", "bad_maker", {"spread": PRICE_MAX + 1}),
        ("RegisterMaker", "bad_maker", {"presence_bps": 10_001}),
        ("SetProtection", "ProtectionSet", {"window_ns": 10**6, "percent_bps": 10**6, "quantity": 2**63 - 1}),
        ("SetProtection", "ProtectionSet", {"window_ns": 60 * SECOND, "delta": 2**63 - 1}),
        ("SetProtection", "ProtectionSet", {"window_ns": 0, "quantity": 0, "delta": 0, "percent_bps": 0}),
        ("SetProtection", "unknown_account", {"account": 0}),
        ("SetProtection", "unknown_instrument", {"instrument": 99}),
        ("SetProtection", "not_a_maker", {"account": BOB}),
        ("SetProtection", "bad_maker", {"window_ns": 10**6 - 1}),
        ("SetProtection", "bad_maker", {"window_ns": 60 * SECOND + 1}),
        ("SetProtection", "bad_maker", {"quantity": 0, "delta": 0, "percent_bps": 0}),
        ("SetProtection", "bad_maker", {"quantity": -1}),
        ("SetProtection", "bad_maker", {"delta": -1}),
        ("SetProtection", "bad_maker", {"percent_bps": 10**6 + 1}),
    ],
)
def test_fields_are_taken_up_to_their_limits_and_not_beyond(
    desk: Pair, name: str, reason: str, change: dict[str, int]
) -> None:
    fields = (MAKER if name == "RegisterMaker" else PROTECTION) | change
    if reason in REASONS:
        assert unchanged(desk, lambda: desk.send(name, **fields)) == reason
    else:
        assert answer(desk.send(name, **fields)) == reason


def test_a_kill_takes_quotes_like_any_order_and_the_score_knows(desk: Pair) -> None:
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)
    assert score(desk)[2]
    desk.send("Kill", scope=SCOPES["everything"])
    assert not score(desk)[2]
    assert answer(quote(desk, BUY, 99, flags=POST_ONLY)) == "killed"
    check(desk.twin)


@pytest.mark.parametrize("seed", range(150))
def test_sessions_full_of_quotes_make_the_same_records(pair: Pair, seed: int) -> None:
    for command, at in quoted(seed, 140):
        pair.apply(command, at)
        check(pair.twin)
        for account, number in pair.twin.state.makers:
            maker = pair.twin.state.makers[account, number]
            found = pair.engine.maker(account, number)
            assert found is not None
            assert (*found[:2], found[3]) == (maker.quoted_ns, maker.open_ns, maker.pulled)
    pair.check_state()


@pytest.mark.parametrize("seed", range(8))
def test_an_engine_from_a_snapshot_goes_on_with_the_same_makers(tmp_path: Path, seed: int) -> None:
    through_snapshots(_core, str(tmp_path), quoted(1_000 + seed, 160), 30)


def test_time_outside_continuous_trading_does_not_count_and_the_close_scores(desk: Pair) -> None:
    start = desk.now
    quote(desk, BUY, 99)
    quote(desk, SELL, 101)
    desk.now = start + 1_000
    desk.send("SetSession", instrument=EQUITY, state=STATES["volatility_auction"])
    desk.now = start + 2_000
    desk.send("SetSession", instrument=EQUITY, state=STATES["continuous"])
    desk.now = start + 2_500
    closed = desk.send("SetSession", instrument=EQUITY, state=STATES["closed"])
    assert names(closed) == ["SessionChanged", "MakerScored"]
    assert tuple(closed[1]) == (ALICE, EQUITY, 999 + 500, 1_001 + 500, 1)
    assert names(desk.send("SetSession", instrument=EQUITY, state=STATES["closed"])) == ["SessionChanged"]
    assert score(desk)[:2] == (0, 0)
