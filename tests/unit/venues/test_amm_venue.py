"""Pools as venues against a real engine: ladders from exact quotes, fills by the formula, nothing that rests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues.recordings import PlainDesk
from tests.unit.venues.test_amm_swaps import Chain

from isthmus.engine.pools import Pool
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, FOK, IOC, MARKET, POST_ONLY, SELL, CancelOrder
from isthmus.venues.amm.counter import PoolCounter, Units, units_of
from isthmus.venues.amm.folder import make
from isthmus.venues.amm.states import Token, pairs_of
from isthmus.venues.amm.venue import PoolMarkets

E18 = 10**18
WETH, ENS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xC18360217D8F7Ab5e7c516566761Ea12Ce7F9D72"


def chain_file(folder: Path) -> Path:
    """A WETH/ENS pool at a price of 1 with a swap behind it."""
    chain = Chain(10**6 * E18)
    chain.swap(True, E18 // 1_000, told=E18 // 1_000)
    chain.tables["pool"] |= {"token0": WETH, "token1": ENS}
    path = folder / "pool.json"
    path.write_text(json.dumps(chain.tables))
    return path


class Traded:
    """The market of a folder, opened at a desk; one instrument of it."""

    def __init__(self, folder: Path, symbol: str) -> None:
        self.desk = PlainDesk()
        market = make(folder)
        assert isinstance(market, PoolMarkets)
        self.market = market
        market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(market)
        rows = self.desk.engine.instruments()
        self.instrument = next(row["instrument"] for row in rows if row["symbol"] == symbol)
        self.venue = next(venue for instrument, venue in self.desk.shown if instrument == self.instrument)
        self.account = self.desk.client()

    @property
    def counter(self) -> PoolCounter:
        return self.market._listed[self.venue, self.instrument].counter

    def order(self, side: int, price: int, quantity: int, **more: int) -> int:
        terms = {"account": self.account, "venue": self.venue, "instrument": self.instrument}
        return self.desk.order(**terms | {"side": side, "price": price, "quantity": quantity} | more)

    def fills(self) -> list[tuple[int, int]]:
        """(price, quantity)."""
        return [(trade.price, trade.quantity) for trade in self.desk.effects("Traded")]

    def ended(self) -> list[int]:
        """Reasons."""
        return [effect.reason for effect in self.desk.effects("Cancelled")]


@pytest.fixture
def traded(tmp_path: Path) -> Traded:
    chain_file(tmp_path)
    return Traded(tmp_path, "ENS/WETH")


def test_the_ladder_is_shown_and_does_not_cross(traded: Traded) -> None:
    venue, instrument, bids, asks = traded.desk.books[0]
    assert (venue, instrument) == (traded.venue, traded.instrument)
    assert [price for price, _ in bids] == sorted((price for price, _ in bids), reverse=True)
    assert [price for price, _ in asks] == sorted(price for price, _ in asks)
    spread = (asks[0][0] - bids[0][0]) / asks[0][0]
    assert 0.0059 < spread < 0.0061, "twice the fee of 0.3 %"


def test_an_order_is_filled_by_the_pools_formula_to_the_smallest_step(traded: Traded) -> None:
    before = traded.counter.pool.copy()
    units = traded.counter.units
    traded.order(BUY, 200_000, 100_000, tif=IOC)
    total = sum(price * quantity for price, quantity in traded.fills())
    exact = before.quote_out(units.quote, units.base, 100_000 * units.lot)
    assert sum(quantity for _, quantity in traded.fills()) == 100_000
    assert 0 <= total * units.step - exact < units.step
    after = before.copy()
    after.swap_out(units.quote, units.base, 100_000 * units.lot)
    assert traded.counter.pool == after


def test_a_limit_holds_for_every_lot_and_the_rest_is_gone(traded: Traded) -> None:
    asks = traded.desk.books[0][3]
    limit = asks[4][0]
    traded.order(BUY, limit, 10**9)
    assert sum(quantity for _, quantity in traded.fills()) == sum(quantity for _, quantity in asks[:5])
    assert max(price for price, _ in traded.fills()) <= limit
    assert traded.ended() == [1]
    traded.market.step(traded.desk.time)
    assert traded.desk.books[-1][3][0][0] > limit, "the pool moved and its ladder was shown again"


def test_what_is_behind_the_price_is_not_filled_at_all(traded: Traded) -> None:
    before = traded.counter.pool.copy()
    traded.order(BUY, traded.desk.books[0][2][0][0], 100)
    traded.order(SELL, traded.desk.books[0][3][0][0], 100)
    assert (traded.fills(), traded.ended()) == ([], [1, 1])
    assert traded.counter.pool == before


def test_all_or_nothing_post_only_and_market_orders_do_what_they_say(traded: Traded) -> None:
    limit = traded.desk.books[0][3][2][0]
    fitting = traded.counter.fillable(BUY, limit, 10**9)
    traded.order(BUY, limit, fitting + 1, tif=FOK)
    assert (traded.fills(), len(traded.ended())) == ([], 1)
    traded.order(BUY, limit, fitting, flags=POST_ONLY)
    assert (traded.fills(), len(traded.ended())) == ([], 2)
    traded.order(BUY, limit, fitting, tif=FOK)
    assert sum(quantity for _, quantity in traded.fills()) == fitting
    traded.order(SELL, 0, 50, kind=MARKET)
    assert traded.fills()[-1][1] <= 50
    assert len(traded.ended()) == 2


def test_the_engine_books_the_fill_for_client_and_venue(traded: Traded) -> None:
    engine = traded.desk.engine
    terms = next(row for row in engine.instruments() if row["instrument"] == traded.instrument)
    before = engine.balance(traded.account, terms["base"])[0]
    traded.order(BUY, 200_000, 100, tif=IOC)
    assert engine.balance(traded.account, terms["base"])[0] > before
    assert all(total == 0 for _, total in engine.totals())
    assert engine.orders(traded.account) == []


def test_an_answer_waits_while_the_server_takes_nothing(traded: Traded) -> None:
    traded.desk._heard = None
    order = traded.order(BUY, 200_000, 100, tif=IOC)
    traded.desk.refusing = True
    traded.market.on_record(traded.desk.records[-1])
    assert traded.fills() == []
    traded.desk.refusing = False
    traded.market.step(traded.desk.time)
    assert sum(quantity for _, quantity in traded.fills()) == 100
    assert traded.desk.engine.order(order) is None


def test_a_cancel_of_what_is_gone_already_and_a_wrong_instrument_are_answered(traded: Traded) -> None:
    other = Traded.__new__(Traded)
    other.__dict__ |= traded.__dict__
    listed = traded.market._listed.pop((traded.venue, traded.instrument))
    order = other.order(BUY, 200_000, 100)
    assert traded.fills() == []
    assert traded.desk.engine.order(order) is None
    traded.market._listed[traded.venue, traded.instrument] = listed
    record = traded.desk.submit(CancelOrder(order=order, account=traded.account))
    assert record is not None
    assert record.reason is not None


def test_orders_left_by_a_former_run_are_ended_at_the_start(traded: Traded, tmp_path: Path) -> None:
    traded.desk._heard = None
    order = traded.order(BUY, 200_000, 100)
    assert traded.desk.engine.order(order) is not None
    make(tmp_path).open(traded.desk)  # type: ignore[arg-type]
    assert traded.desk.engine.order(order) is None
    assert traded.ended() == [9]


def test_pools_of_recorded_files_are_listed_and_the_rest_is_told(test_data: Path, tmp_path: Path) -> None:
    for name in (
        "uniswap_v3_weth_ens_3000_events_part1.json",
        "uniswap_v3_usdc_eth_3000_tick_snapshot_0.json",
        "curve_pool_states.json",
    ):
        shutil.copy(test_data / "dex" / name, tmp_path)
    (tmp_path / "other.json").write_text("{}")
    market = make(tmp_path)
    desk = PlainDesk()
    market.open(desk)  # type: ignore[arg-type]
    rows = [(row["instrument"], row["venue"], row["taken"]) for row in market.listing()]
    assert rows == [
        ("DAI/USDC", "curve-3crv", True),
        ("DAI/USDT", "curve-3crv", True),
        ("USDT/USDC", "curve-3crv", True),
        ("GUSD/CRVFRAX", "curve-gusdfraxbp3crv-f", True),
        (None, None, False),
        ("ETH/USDC", "uniswap-v3-usdc-eth-3000", True),
        ("ENS/WETH", "uniswap-v3-weth-ens-3000", True),
    ]
    assert len(desk.books) == 6
    symbols = {row["instrument"]: row for row in desk.engine.instruments()}
    for _, instrument, bids, asks in desk.books:
        assert bids[0][0] < asks[0][0], symbols[instrument]["symbol"]
        assert len(bids) >= 5
        assert len(asks) >= 5


def test_a_pool_whose_swaps_do_not_come_out_is_left_with_the_reason(tmp_path: Path) -> None:
    path = chain_file(tmp_path)
    tables: dict[str, Any] = json.loads(path.read_text())
    tables["swap_events"][0]["amount1"] = "-1"
    path.write_text(json.dumps(tables))
    with pytest.raises(BadInput, match="do not come out as recorded"):
        make(tmp_path)


def test_unknown_tokens_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="it is empty"):
        make(tmp_path)
    path = chain_file(tmp_path)
    path.write_text(path.read_text().replace(ENS, "0x0000000000000000000000000000000000000001"))
    with pytest.raises(BadInput, match="decimals of 0x0"):
        make(tmp_path)
    with pytest.raises(BadInput, match="no folder"):
        make(tmp_path / "nowhere")


def test_pairs_are_priced_in_the_steadier_token() -> None:
    tokens = tuple(Token(code, 18) for code in ("WETH", "ENS", "USDC"))
    assert [(pair.base, pair.quote) for pair in pairs_of(tokens)] == [(1, 0), (0, 2), (1, 2)]


@given(
    st.integers(10**20, 10**26),
    st.integers(10**20, 10**26),
    st.sampled_from((BUY, SELL)),
    st.integers(1, 10**7),
    st.integers(1, 10**6),
)
def test_no_lot_is_filled_outside_the_limit_and_the_pool_is_paid_in_full(
    base: int, quote: int, side: int, quantity: int, off: int
) -> None:
    pool = Pool.product(base, quote)
    units = Units(base=0, quote=1, price_decimals=4, quantity_decimals=4, lot=10**14, step=10**10)
    counter = PoolCounter(pool, units)
    limit = max(1, quote * 10**4 // base + (off if side == BUY else -off))
    before = pool.copy()
    fills = counter.fill(side, limit, quantity)
    lots, total = sum(count for _, count in fills), sum(price * count for price, count in fills)
    assert lots <= quantity
    assert all(price <= limit if side == BUY else price >= limit for price, _ in fills)
    if not lots:
        assert pool == before
    elif side == BUY:
        assert 0 <= total * units.step - (pool.balances[1] - before.balances[1]) < units.step
        assert before.balances[0] - pool.balances[0] == lots * units.lot
    else:
        assert 0 <= (before.balances[1] - pool.balances[1]) - total * units.step < units.step
        assert pool.balances[0] - before.balances[0] == lots * units.lot


def test_units_fit_the_tokens_and_the_ledger() -> None:
    pool = Pool.product(3_000 * 10**6 * 10**6, 10**6 * E18)
    units = units_of(pool, (1, 0), (18, 6))
    assert (units.price_decimals, units.quantity_decimals) == (1, 4)
    assert units.lot == 10**14
    assert units.step == 10
