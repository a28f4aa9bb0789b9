"""Pools beside books: one folder, one instrument, children of parents over both, and pools that a restart finds where
the fills left them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.app.pooled import E18, Pooled, book_around_hundred, journal_up_to, pool_market, pool_state
from tests.unit.venues.test_amm_venue import chain_file

import isthmus
from isthmus.app.markets import folder_markets
from isthmus.engine.archive import records
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, SELL
from isthmus.venues import reacting
from isthmus.venues.amm.venue import PoolMarkets


def curve_file(folder: Path, price: int = 100) -> None:
    """A file of a StableSwap pool whose second coin counts `price` of the first: near 1 in what both are worth."""
    row = {
        "pool_type": "REGISTRY_V1",
        "symbol": "ab",
        "coins": {"names": ["WBTC", "USDC"], "decimals": [18, 18]},
        "params": {"A": 500, "fee": 4_000_000, "admin_fee": 0},
        "basepool": {"reserves": {"virtual_price": E18 // price}},
        "reserves": {"unnormalized_by_coin": [100 * E18, 100 * price * E18]},
    }
    (folder / "curve.json").write_text(json.dumps({"ab": row}))


def both(folder: Path) -> list[isthmus.engine.market.Market]:
    """A book and a pool of one pair as one instrument."""
    book_around_hundred(folder)
    curve_file(folder)
    (folder / "markets.toml").write_text(
        '[[pool]]\nfiles = ["curve.json"]\ninstrument = "BTCUSDT"\ngas = "1.5"\n'
    )
    return folder_markets(folder, 1.0)


def test_recordings_and_pools_of_a_folder_are_both_listed_each_file_once(tmp_path: Path) -> None:
    book_around_hundred(tmp_path)
    chain_file(tmp_path)
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "notes.md").write_text("words")
    rows = [row for market in folder_markets(tmp_path, 1.0) for row in market.listing()]
    assert [(row["files"], row["kind"], row["instrument"], row["taken"]) for row in rows] == [
        (["notes.md"], None, None, False),
        (["spot.raw"], "crypto_spot", "BTCUSDT", True),
        (["other.json"], None, None, False),
        (["pool.json"], "amm_pool", "ENS/WETH", True),
    ]


def test_a_folder_of_pools_alone_is_a_market_and_one_of_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="it is empty"):
        folder_markets(tmp_path / "empty", 1.0)
    chain_file(tmp_path)
    (market,) = folder_markets(tmp_path, 1.0)
    assert isinstance(market, PoolMarkets)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[pool]]\nfiles = ["none.json"]\n', "none.json"),
        ('[[pool]]\nfiles = ["curve.json"]\ngas = "much"\n', "much"),
        ('[[pool]]\nfiles = ["curve.json"]\ncolour = "red"\n', "colour"),
        ('[[pool]]\nfiles = ["curve.json"]\nvenue = "curve-ab"\nbase = "ENS"\n', "no pair ENS"),
    ],
)
def test_what_is_said_of_pools_is_checked(tmp_path: Path, text: str, words: str) -> None:
    curve_file(tmp_path)
    (tmp_path / "markets.toml").write_text(text)
    with pytest.raises(BadInput, match=words):
        folder_markets(tmp_path, 1.0)


def test_a_pool_joins_the_instrument_of_a_book_in_its_units_and_says_what_it_assumes(tmp_path: Path) -> None:
    pooled = Pooled(both(tmp_path))
    instrument = pooled.broker.instrument("BTCUSDT")
    facts = {row.name: row for row in pooled.core.directory.venue_facts(instrument.number)}
    assert set(facts) == {"house", "binance-spot", "curve-ab"}
    pool = facts["curve-ab"]
    assert (pool.kind, pool.maker_fee_ppm, pool.taker_fee_ppm) == ("amm", 0, 0)
    assert pool.assumed == (
        "the pool's fee is in the price, gas of 1.5 USDC a swap is not; 1 WBTC = 1 BTC; 1 USDC = 1 USDT"
    )
    pooled.run(2)
    venues = {venue for side in pooled.broker.book("BTCUSDT", 50) for _, _, venue in side}
    assert venues == {"binance-spot", "curve-ab"}


@pytest.mark.parametrize("path", ["SWEEP", "COST_SPLIT"])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_parent_is_split_over_a_pool_and_a_book_by_the_all_in_price(tmp_path: Path, path: str, side: str) -> None:
    pooled = Pooled(both(tmp_path))
    pooled.run(2)
    listed = pooled.listed("curve-ab")
    before = listed.counter.pool.copy()
    fee_ppm = 1_000
    lot = 10 ** pooled.broker.instrument("BTCUSDT").quantity_decimals
    row = pooled.broker.order("BTCUSDT", side, "80", path=path, until_s=20)
    pooled.run(25)
    got = pooled.children(row.number)
    assert sum(lots for lots, _ in got.values()) == 80 * lot, got
    assert set(got) == {"binance-spot", "curve-ab"}, "both took a part"
    lots, value = got["curve-ab"]
    counter = type(listed.counter)(before, listed.counter.units)
    exact = counter.total(BUY if side == "buy" else SELL, lots)
    assert exact is not None
    assert abs(value - exact) <= len(got) * 10, "the formula's price, whatever pieces it came in"
    alone = counter.total(BUY if side == "buy" else SELL, 80 * lot)
    assert alone is not None
    paid = value + got["binance-spot"][1] * (1_000_000 + (fee_ppm if side == "buy" else -fee_ppm)) // 1_000_000
    assert paid < alone if side == "buy" else paid > alone, "cheaper than the pool alone"


def test_a_pool_beside_simulated_lit_venues_takes_its_part(tmp_path: Path) -> None:
    market = reacting.make(reacting.Options(seed=3, skip=False), ("XBT-USD",))
    start = market._terms[0].mark // 100
    pooled = Pooled([market, pool_market(pool_state("pair", start, symbol="XBT-USD"))], money="1000000000")
    pooled.run(30)
    row = pooled.broker.order("XBT-USD", "buy", "5", path="SWEEP", until_s=20)
    pooled.run(25)
    got = pooled.children(row.number)
    assert sum(lots for lots, _ in got.values()) == 5 * 10 ** pooled.broker.instrument("XBT-USD").quantity_decimals
    assert "pair" in got


def test_what_was_taken_is_no_longer_shown_and_both_sides_are_taken_anew_in_small_steps() -> None:
    pooled = Pooled([pool_market(pool_state("pair", 2_000))])
    instrument = pooled.broker.instrument("WETH/USDC")
    sight = pooled.core.outside.sight(instrument.number)
    listed = pooled.listed("pair")
    asks = list(listed.asks)
    pooled.broker.order("WETH/USDC", "buy", "1", 2_100, venue="pair")
    at_once = sight.book(listed.place.venue)[1]
    assert sum(lots for _, lots in at_once) == sum(lots for _, lots in asks) - 10**instrument.quantity_decimals
    market = pooled.pools
    market.step(pooled.playing.now)
    market.step(pooled.playing.now)
    asks_now = sight.book(listed.place.venue)[1]
    assert listed.counter.ladder() == (listed.bids, listed.asks)
    assert asks_now == listed.asks
    exact = {price for price, _ in asks_now}
    assert min(exact) >= asks[0][0]


def test_a_pool_that_does_not_move_is_not_taken_for_stale_beside_a_book_that_does(tmp_path: Path) -> None:
    pooled = Pooled(both(tmp_path))
    pooled.run(45)
    instrument = pooled.broker.instrument("BTCUSDT").number
    assert "curve-ab" in {venue.name for venue in pooled.core.outside.sight(instrument).venues()}


def test_a_restart_finds_the_pool_where_the_fills_left_it(tmp_path: Path) -> None:
    first = Pooled([pool_market(pool_state("pair", 2_000))], tmp_path)
    for side, quantity in (("buy", "3.25"), ("sell", "1.5"), ("buy", "0.75")):
        first.broker.order("WETH/USDC", side, quantity, 2_500 if side == "buy" else 1_500, venue="pair")
    moved, asks = first.listed("pair").counter.pool.copy(), list(first.listed("pair").asks)
    assert moved != pool_state("pair", 2_000).pool
    first.playing.close()
    again = Pooled([pool_market(pool_state("pair", 2_000))], tmp_path)
    assert again.listed("pair").counter.pool == moved
    assert again.listed("pair").asks[0][0] == pytest.approx(asks[0][0], rel=0.01)


def test_a_death_behind_any_record_leaves_pool_and_ledger_agreeing(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    first = Pooled([pool_market(pool_state("pair", 2_000))], whole)
    start = first.core.engine.sequence
    first.broker.order("WETH/USDC", "buy", "3.25", 2_500, venue="pair")
    first.broker.order("WETH/USDC", "sell", "1.5", 2_100, venue="pair")
    first.broker.order("WETH/USDC", "sell", "2", 1_500, venue="pair")
    first.playing.close()
    end = first.core.engine.sequence
    seen = set()
    for last in range(start, end + 1):
        data = tmp_path / f"cut-{last}"
        journal_up_to(whole, data, last)
        again = Pooled([pool_market(pool_state("pair", 2_000))], data)
        again.playing.close()
        listed = again.listed("pair")
        units, pool = listed.counter.units, listed.counter.pool
        fresh = pool_state("pair", 2_000).pool
        base, quote = (again.balance(listed.place.venue, code) for code in ("WETH", "USDC"))
        assert base * 10**10 == pool.balances[0] - fresh.balances[0], last
        orders = 3
        assert abs(quote - (pool.balances[1] - fresh.balances[1]) * 100) <= orders * units.step * 100, last
        assert again.core.engine.orders(again.broker.account) == []
        seen.add(base)
    assert len(seen) == 3, "nothing, the first buy, both trades (the order behind its price fills nothing)"


def test_a_file_that_does_not_give_the_journals_fills_is_refused_unless_it_is_said_to_be_newer(tmp_path: Path) -> None:
    first = Pooled([pool_market(pool_state("pair", 2_000))], tmp_path)
    first.broker.order("WETH/USDC", "buy", "3.25", 2_500, venue="pair")
    first.playing.close()
    filled = next(row.sequence for row in records(tmp_path) if type(row.command).__name__ == "VenueFilled")
    with pytest.raises(BadInput, match=f"after = {filled}") as refused:
        Pooled([pool_market(pool_state("pair", 2_010))], tmp_path)
    assert refused.value.field == "markets"
