"""The flash desk: a move over pools is whole or not at all, in the pools and in the ledger, whenever a process dies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.app.pooled import E18, Pooled, journal_up_to, pool_market, pool_state

from isthmus.app.flash_desk import FlashDesk, Outcome, all_hops, flash_desks
from isthmus.app.flash_terms import Loan
from isthmus.engine.archive import records
from isthmus.engine.pools import Pool
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import FOK, LIMIT, SELL, SHORT, CancelOrder, Halt, PlaceOrder
from isthmus.venues.amm.plan import Costs, best_move, may_pay, plan, routes
from isthmus.venues.amm.states import PoolState, Token, pairs_of
from isthmus.venues.amm.venue import PoolMarkets

LOANS = {"USDC": Loan(most="1000000", gas="20", fee_ppm=500)}
PRICES = (2_000, 2_040)


class Flashed(Pooled):
    """Pools at different prices, and the desk; `outcomes` of its moves."""

    def __init__(self, data: Path | None = None, prices: tuple[int, ...] = PRICES, loans: Any = None) -> None:
        super().__init__([market_of(*prices)], data)
        self.outcomes: list[Outcome] = []
        self.desk = FlashDesk(self.core.desk, self.pools, loans or LOANS)
        self.desk.on_outcome = self.outcomes.append
        self.desk.open()
        self.playing.pump()

    @property
    def account(self) -> int:
        return self.desk.account

    def look(self, seconds: float = 3.0) -> None:
        self.playing.add(self.desk)
        self.run(seconds)


def market_of(*prices: int) -> PoolMarkets:
    return pool_market(*(pool_state(f"pool-{number}", price) for number, price in enumerate(prices)))


def reserves(market: PoolMarkets) -> list[list[int]]:
    return [listed.counter.pool.balances for listed in market.listed]


def test_a_move_that_pays_is_made_and_leaves_the_house_the_profit_after_all_costs() -> None:
    flashed = Flashed()
    flashed.look()
    (done,) = [outcome for outcome in flashed.outcomes if outcome.executed]
    move = done.move
    assert move.profit > 0
    assert move.fee == -(-move.borrowed * 500 // 1_000_000)
    assert move.gas == 20 * 10**8
    assert flashed.balance(flashed.account, "USDC") == move.profit
    assert flashed.balance(flashed.account, "WETH") == 0
    assert flashed.core.engine.orders(flashed.account) == []
    assert all(total == 0 for _, total in flashed.core.engine.totals())


def test_nothing_is_borrowed_when_it_is_over() -> None:
    flashed = Flashed()
    flashed.look()
    listed = flashed.listed("pool-0")
    for flags in (0, SHORT):
        order = PlaceOrder(
            account=flashed.account, instrument=listed.place.instrument, venue=listed.place.venue, side=SELL,
            kind=LIMIT, tif=FOK, flags=flags, price=100, quantity=10_000,
        )  # fmt: skip
        record = flashed.core.desk.submit(order)
        assert record is not None
        assert record.reason in ("insufficient_funds", "no_locate"), "the house owns none and its line is gone"


@pytest.mark.parametrize(
    ("prices", "loans"),
    [
        ((2_000, 2_000), LOANS),
        ((2_000, 2_011), LOANS),
        (PRICES, {"USDC": Loan(most="1000000", gas="1000000")}),
        (PRICES, {"USDC": Loan(most="1000000", gas="20", fee_ppm=20_000)}),
    ],
    ids=["equal", "within the pools' fees", "gas", "the lender's fee"],
)
def test_what_does_not_pay_after_all_costs_is_left(prices: tuple[int, ...], loans: Any) -> None:
    flashed = Flashed(prices=prices, loans=loans)
    before, sequence = reserves(flashed.pools), flashed.core.engine.sequence
    flashed.look()
    assert flashed.outcomes == []
    assert reserves(flashed.pools) == before
    assert flashed.core.engine.sequence == sequence, "not a single command"


def test_a_refused_leg_sends_nothing() -> None:
    flashed = Flashed()
    before = reserves(flashed.pools)
    second = flashed.pools.listed[1].place
    real = flashed.core.desk.submit
    sent = []

    def halting(command: Any, text: str = "", note: str = "") -> Any:
        if type(command).__name__ == "PlaceOrder":
            sent.append(command)
            if len(sent) == 2:
                real(Halt(instrument=second.instrument))
        return real(command, text, note)

    flashed.core.desk.submit = halting  # type: ignore[method-assign]
    flashed.desk.step(flashed.playing.now)
    flashed.playing.pump()
    (outcome,) = flashed.outcomes
    assert (outcome.executed, outcome.why) == (False, "leg 1: instrument_halted")
    assert reserves(flashed.pools) == before
    assert flashed.core.engine.orders(flashed.account) == []
    assert flashed.balance(flashed.account, "USDC") == flashed.balance(flashed.account, "WETH") == 0


def test_a_pool_that_moved_meanwhile_ends_the_whole_move() -> None:
    flashed = Flashed()
    flashed.desk.step(flashed.playing.now)
    # the orders are staged; before the pools hear of them another trade moves one
    flashed.pools.listed[1].counter.pool.swap_in(0, 1, E18)
    before = reserves(flashed.pools)
    flashed.playing.pump()
    flashed.look(1)
    assert [outcome.executed for outcome in flashed.outcomes][:1] == [False]
    assert flashed.outcomes[0].why == "the pools had moved"
    if len(flashed.outcomes) == 1:
        assert reserves(flashed.pools) == before


def test_a_death_behind_any_record_books_all_legs_and_costs_or_none(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    first = Flashed(whole)
    start = first.core.engine.sequence
    first.look()
    first.playing.close()
    move = next(outcome.move for outcome in first.outcomes if outcome.executed)
    fresh, moved = [pool_state("", price).pool.balances for price in PRICES], reserves(first.pools)
    end = first.core.engine.sequence
    kinds = [type(row.command).__name__ for row in records(whole) if row.sequence > start]
    assert {"PlaceOrder", "VenueFilled", "Withdraw"} <= set(kinds)
    seen = []
    for last in range(start, end + 1):
        data = tmp_path / f"cut-{last}"
        journal_up_to(whole, data, last)
        again = Pooled([market_of(*PRICES)], data)
        again.playing.close()
        booked = (again.balance(first.account, "USDC"), again.balance(first.account, "WETH"))
        whole_move, none = (move.profit, 0), (0, 0)
        assert booked in (whole_move, none), (last, booked)
        assert reserves(again.pools) == (moved if booked == whole_move else fresh), last
        assert again.core.engine.orders(first.account) == [], last
        seen.append(booked)
    assert seen[0] == (0, 0) and seen[-1] == (move.profit, 0)
    assert seen == sorted(seen), "once it is made it stays made"
    first_fill = kinds.index("VenueFilled")
    assert seen[first_fill] == (0, 0) and seen[first_fill + 1] == (move.profit, 0), "the first fill is what decides"


def test_an_order_that_is_called_back_while_a_leg_waits_ends_the_move() -> None:
    flashed = Flashed()
    before = reserves(flashed.pools)
    real = flashed.core.desk.submit
    placed: list[int] = []

    def killing(command: Any, text: str = "", note: str = "") -> Any:
        record = real(command, text, note)
        if type(command).__name__ == "PlaceOrder":
            placed.append(record.sequence)
            if len(placed) == 1:
                real(CancelOrder(order=record.sequence, account=flashed.account))
        return record

    flashed.core.desk.submit = killing  # type: ignore[method-assign]
    flashed.desk.step(flashed.playing.now)
    flashed.playing.pump()
    assert len(placed) == 2
    assert reserves(flashed.pools) == before
    assert flashed.balance(flashed.account, "WETH") == 0
    assert flashed.core.engine.orders(flashed.account) == []


def test_three_pools_are_gone_round() -> None:
    tokens = (Token("WETH", 18), Token("USDC", 6), Token("ENS", 18))

    def state(name: str, left: int, right: int, amounts: tuple[int, int]) -> PoolState:
        pair = (tokens[left], tokens[right])
        sizes = [amount * 10**token.decimals for amount, token in zip(amounts, pair, strict=True)]
        return PoolState(name, Pool.product(sizes[0], sizes[1]), pair, pairs_of(pair))

    market = pool_market(
        state("a", 0, 1, (1_000, 2_000_000)), state("b", 2, 0, (100_000, 1_000)), state("c", 2, 1, (100_000, 2_150_000))
    )
    pooled = Pooled([market])
    outcomes: list[Outcome] = []
    desk = FlashDesk(pooled.core.desk, market, LOANS)
    desk.on_outcome = outcomes.append
    desk.open()
    pooled.playing.add(desk)
    pooled.run(5)
    done = [outcome for outcome in outcomes if outcome.executed]
    assert len(done[0].move.legs) == 3
    assert pooled.balance(desk.account, "USDC") == sum(outcome.move.profit for outcome in done)
    assert pooled.balance(desk.account, "WETH") >= 0
    assert all(total == 0 for _, total in pooled.core.engine.totals())


def test_loans_without_pools_or_of_unknown_assets_are_refused() -> None:
    pooled = Pooled([market_of(2_000)])
    with pytest.raises(BadInput, match="no pools"):
        flash_desks(pooled.core.desk, [], LOANS)
    with pytest.raises(BadInput, match="no market trades"):
        flash_desks(pooled.core.desk, [pooled.pools], {"GOLD": LOANS["USDC"]})
    with pytest.raises(BadInput, match="above 0"):
        flash_desks(pooled.core.desk, [pooled.pools], {"USDC": msgspec.structs.replace(LOANS["USDC"], most="0")})
    assert flash_desks(pooled.core.desk, [pooled.pools], {}) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(1_800, 2_200), st.integers(1_800, 2_200), st.integers(0, 3_000), st.integers(1, 10**6))
def test_a_priced_move_spends_no_more_than_it_has_and_no_other_amount_pays_much_better(
    one: int, other: int, fee_ppm: int, probe: int
) -> None:
    pooled = Pooled([market_of(one, other)])
    asset = next(row for row in pooled.core.engine.assets() if row["code"] == "USDC")
    costs = Costs(asset=asset["asset"], decimals=8, most=10**6 * 10**8, fee_ppm=fee_ppm, gas=10**8)
    for way in routes(all_hops(pooled.core.engine, pooled.pools), costs.asset):
        move = best_move(way, costs)
        if move is None:
            continue
        assert move.borrowed <= costs.most
        assert all(after.pays <= before.gets for before, after in zip(move.legs, move.legs[1:], strict=False))
        guess = plan(way, probe * 10**8, costs)
        lot_value = 2 * max(one, other) * 10**8 // 10**4
        assert guess is None or guess.profit <= max(move.profit, 0) + lot_value
        if move.profit > 0:
            assert may_pay(way)


