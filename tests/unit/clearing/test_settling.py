"""Novation, netting and cycles: what is netted is what was owed, what settles has both legs, nothing is made or
lost.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.clearing.netting import net, prove
from isthmus.clearing.settling import LACK_MONEY, LACK_SECURITIES, Item, holdings, settle
from isthmus.clearing.trades import HOUSE, Trade, novate, portion
from isthmus.kernel.errors import BadInput

USD, EUR, AAPL, SAP = 1, 2, 11, 12
DAY = date(2026, 11, 30)


def trade(name: str, buyer: int, seller: int, quantity: int = 100, pays: int = 1_000, **more: int) -> Trade:
    return Trade(
        reference=name, instrument=1, traded_on=DAY, buyer=buyer, seller=seller, base=more.get("base", AAPL),
        quote=more.get("quote", USD), quantity=quantity, buyer_pays=pays, seller_gets=more.get("gets", pays),
        unit=more.get("unit", 1), buyer_fee=more.get("buyer_fee", 0), seller_fee=more.get("seller_fee", 0),
    )  # fmt: skip


TRADES = st.lists(
    st.builds(
        lambda buyer, seller, base, quote, quantity, pays, rest, unit, fee: trade(
            "", buyer, seller, quantity * unit, pays + rest, gets=pays, base=base, quote=quote, unit=unit, buyer_fee=fee
        ),
        st.integers(16, 20), st.integers(16, 20), st.sampled_from([AAPL, SAP, EUR]), st.sampled_from([USD, USD + 6]),
        st.integers(1, 10**6), st.integers(1, 10**9), st.integers(0, 1), st.sampled_from([1, 10, 100]),
        st.integers(0, 50),
    ),
    max_size=40,
)  # fmt: skip


def numbered(trades: list[Trade]) -> list[Item]:
    return [Item(Trade(**{**_fields(one), "reference": f"t{place}"})) for place, one in enumerate(trades)]


def _fields(one: Trade) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_a_trade_becomes_two_obligations_against_the_house() -> None:
    bought, sold = novate(trade("t", 16, 17, 100, 1_001, gets=1_000, buyer_fee=3, seller_fee=2), DAY)
    assert (bought.participant, bought.base_amount, bought.quote_amount) == (16, 100, -1_004)
    assert (sold.participant, sold.base_amount, sold.quote_amount) == (17, -100, 998)


def test_netting_three_trades_leaves_one_amount_each() -> None:
    due = DAY + timedelta(days=1)
    chain = [trade("a", 16, 17), trade("b", 17, 18, 100, 1_100), trade("c", 18, 16, 60, 660)]
    nets = {
        (row.participant, row.asset): row.amount
        for one in [chain]
        for row in net(o for t in one for o in novate(t, due))
    }
    assert nets[(16, AAPL)] == 40 and nets[(17, AAPL)] == 0 and nets[(18, AAPL)] == -40
    assert nets[(16, USD)] == -340 and nets[(17, USD)] == -100 and nets[(18, USD)] == 440
    assert nets[(HOUSE, AAPL)] == nets[(HOUSE, USD)] == 0


@given(TRADES, st.lists(st.integers(0, 5), min_size=40, max_size=40))
def test_netting_preserves_the_sum_of_every_participant(trades: list[Trade], days: list[int]) -> None:
    obligations = [
        one
        for place, item in enumerate(numbered(trades))
        for one in novate(item.trade, DAY + timedelta(days=days[place]))
    ]
    nets = net(obligations)
    proof = prove(obligations, nets)
    assert proof.holds and proof.netted <= proof.gross
    naive: Counter[tuple[date, int, int]] = Counter()
    for one in obligations:
        naive[(one.due, one.base, one.participant)] += one.base_amount
        naive[(one.due, one.quote, one.participant)] += one.quote_amount
    assert {key: amount for key, amount in naive.items() if amount} == {
        (row.due, row.asset, row.participant): row.amount for row in nets if row.amount and row.participant != HOUSE
    }


def test_a_proof_finds_an_amount_that_was_moved_between_two_participants() -> None:
    obligations = [one for t in (trade("a", 16, 17), trade("b", 18, 17)) for one in novate(t, DAY)]
    nets = net(obligations)
    from msgspec.structs import replace

    wrong = [replace(r, amount=r.amount + {16: 5, 18: -5}.get(r.participant, 0) * (r.asset == AAPL)) for r in nets]
    assert {who for _, _, who in prove(obligations, wrong).differences} == {16, 18}


@given(TRADES.filter(bool), st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_a_trade_that_settles_in_parts_moves_what_it_moves_whole(trades: list[Trade], cuts: list[int]) -> None:
    one = trades[0]
    stops = sorted({0, one.quantity, *(cut % (one.quantity + 1) for cut in cuts)})
    parts: Counter[tuple[int, int]] = Counter()
    for before, after in zip(stops, stops[1:], strict=False):
        moved = portion(one, before, after)
        for asset in (one.base, one.quote):
            assert sum(amount for (_, of), amount in moved.items() if of == asset) == 0
        parts.update(moved)
    assert parts == Counter(portion(one, 0, one.quantity))


def test_a_seller_without_securities_fails_and_the_buyer_keeps_his_money() -> None:
    outcome = settle([Item(trade("t", 16, 17))], holdings({(16, USD): 1_000, (17, AAPL): 99}))
    assert outcome.settled == {"t": 0}
    assert outcome.lacking == {"t": (LACK_SECURITIES, 17)}
    assert not any(outcome.moved.values())


def test_a_buyer_without_money_fails_and_the_seller_keeps_his_securities() -> None:
    outcome = settle([Item(trade("t", 16, 17))], holdings({(16, USD): 999, (17, AAPL): 100}))
    assert outcome.lacking == {"t": (LACK_MONEY, 16)}


def test_part_of_a_delivery_settles_in_whole_units_for_its_share_of_the_money() -> None:
    item = Item(trade("t", 16, 17, 100, 1_003, unit=10))
    outcome = settle([item], holdings({(16, USD): 2_000, (17, AAPL): 57}), partial=True)
    assert outcome.settled == {"t": 50}
    assert outcome.moved[(16, USD)] == -502 and outcome.moved[(17, USD)] == 501 and outcome.moved[(HOUSE, USD)] == 1
    rest = settle([Item(item.trade, 50)], holdings({(16, USD): 2_000, (17, AAPL): 57}), partial=True)
    assert rest.settled == {"t": 100} and rest.moved[(16, USD)] == -501


RING = [trade("a", 16, 17), trade("b", 17, 18), trade("c", 18, 16)]


@pytest.mark.parametrize(("model", "settled"), [(1, 0), (2, 0), (3, 100)])
def test_a_ring_of_deliveries_settles_by_net_securities_alone(model: int, settled: int) -> None:
    have = holdings({(who, USD): 1_000 for who in (16, 17, 18)})
    assert set(settle([Item(one) for one in RING], have, model=model).settled.values()) == {settled}


@pytest.mark.parametrize(("model", "settled"), [(1, 0), (2, 100), (3, 100)])
def test_a_ring_without_money_settles_where_funds_are_net(model: int, settled: int) -> None:
    have = holdings({(who, AAPL): 100 for who in (16, 17, 18)})
    assert set(settle([Item(one) for one in RING], have, model=model).settled.values()) == {settled}


def test_gross_settlement_waits_for_the_receipt_that_covers_it() -> None:
    queue = [Item(trade("later", 18, 16)), Item(trade("first", 16, 17))]
    have = holdings({(16, USD): 1_000, (18, USD): 1_000, (17, AAPL): 100})
    assert settle(queue, have, model=1).settled == {"later": 100, "first": 100}


def test_exchange_of_two_currencies_settles_both_legs_or_neither() -> None:
    deal = Item(trade("fx", 16, 17, 1_000, 1_100, base=EUR, quote=USD))
    neither = settle([deal], holdings({(16, USD): 1_100}))
    assert not any(neither.moved.values())
    both = settle([deal], holdings({(16, USD): 1_100, (17, EUR): 1_000}))
    assert both.moved[(16, EUR)] == 1_000 and both.moved[(17, USD)] == 1_100


def test_the_house_delivers_whatever_is_due() -> None:
    outcome = settle([Item(trade("t", 16, HOUSE))], holdings({(16, USD): 1_000}, frozenset({HOUSE})))
    assert outcome.settled == {"t": 100}


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(BadInput, match="4 is none of 1, 2 and 3"):
        settle([], holdings({}), model=4)


@given(
    TRADES,
    st.dictionaries(
        st.tuples(st.integers(16, 20), st.sampled_from([USD, USD + 6, EUR, AAPL, SAP])),
        st.integers(0, 10**8),
        max_size=25,
    ),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
)
def test_a_cycle_makes_and_loses_nothing_and_overdraws_nobody(
    trades: list[Trade], have: dict[tuple[int, int], int], model: int, partial: bool
) -> None:
    items = numbered(trades)
    outcome = settle(items, holdings(have), model=model, partial=partial)
    of_asset: Counter[int] = Counter()
    for (participant, asset), amount in outcome.moved.items():
        of_asset[asset] += amount
        if participant != HOUSE:
            assert have.get((participant, asset), 0) + amount >= 0
    assert not any(of_asset.values())
    for item in items:
        done = outcome.settled[item.trade.reference]
        assert 0 <= done <= item.trade.quantity and done % item.trade.unit == 0
        assert (item.trade.reference in outcome.lacking) == (done < item.trade.quantity)
        assert partial or done in (0, item.trade.quantity)


@given(TRADES)
def test_everybody_with_enough_settles_everything_by_every_model(trades: list[Trade]) -> None:
    items = numbered(trades)
    everything = {(who, asset): 10**12 for who in range(16, 21) for asset in (USD, USD + 6, EUR, AAPL, SAP)}
    outcomes = [settle(items, holdings(everything), model=model) for model in (1, 2, 3)]
    assert all(not outcome.lacking for outcome in outcomes)
    assert outcomes[0].moved == outcomes[1].moved == outcomes[2].moved
