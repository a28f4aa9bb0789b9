"""Clients, operators, a busy server and a restart: the simulated markets go on."""

from __future__ import annotations

from typing import Any

import pytest
from tools.play_markets import NO_ID, SECOND, MemoryDesk, Session

from isthmus.kernel.messages import BUY, CancelAll, Halt, PlaceOrder, Resume
from isthmus.venues.simulated.flow import HALT_NS
from isthmus.venues.simulated.listing import LISTINGS, STOCK
from isthmus.venues.simulated.market import EVENTS_PER_STEP, SimulatedMarkets
from isthmus.venues.simulated.parameters import parameters

SYMBOLS = [listing.symbol for listing in LISTINGS]
SELL = 2


def order(account: int, instrument: int, side: int, quantity: int, price: int = 0, tif: int = 1) -> Any:
    """A client's limit order, or a market order without a price."""
    return PlaceOrder(
        account=account,
        instrument=instrument,
        venue=0,
        side=side,
        kind=1 if price else 2,
        tif=tif if price else 2,
        flags=0,
        price=price,
        quantity=quantity,
        client_id=NO_ID,
    )


def traded(record: Any) -> int:
    return sum(effect.quantity for effect in record.effects if type(effect).__name__ == "Traded")


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_market_opens_with_a_two_sided_book(session: Session, symbol: str) -> None:
    bid, bid_quantity, ask, ask_quantity = session.best(symbol)
    listing = next(listing for listing in LISTINGS if listing.symbol == symbol)
    assert 0 < bid < ask
    assert bid_quantity > 0
    assert ask_quantity > 0
    assert bid == pytest.approx(listing.mark, rel=0.01)
    bids, asks = session.desk.engine.depth(session.instruments[symbol], 50)
    assert len(bids) >= 5
    assert len(asks) >= 5


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_clients_market_order_is_filled_in_its_own_pass(session: Session, symbol: str) -> None:
    client = session.client(USD=10**13)
    lot = next(listing.lot for listing in LISTINGS if listing.symbol == symbol)
    record = session.desk.submit(order(client, session.instruments[symbol], BUY, 3 * lot))
    assert record.reason is None
    assert traded(record) == 3 * lot


def test_a_clients_resting_order_is_filled_when_the_price_comes() -> None:
    session = Session(symbols=("EUR-USD",))
    session.play(2)
    client = session.client(USD=10**13)
    bid, _, _, _ = session.best("EUR-USD")
    placed = session.desk.submit(order(client, session.instruments["EUR-USD"], BUY, 1_000, bid))
    session.play(300)
    assert session.desk.engine.order(placed.sequence) is None


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_client_takes_everything_and_the_book_comes_back(session: Session, symbol: str) -> None:
    client = session.client(USD=9 * 10**18)
    instrument = session.instruments[symbol]
    bids, asks = session.desk.engine.depth(instrument, 10_000)
    record = session.desk.submit(order(client, instrument, BUY, sum(level[1] for level in asks), asks[-1][0]))
    assert record.reason is None
    assert session.best(symbol)[2] == 0
    session.play(1)
    bid, _, ask, quantity = session.best(symbol)
    assert quantity > 0
    assert bid < ask
    assert ask < bids[0][0] * 1.01


def test_a_clients_wall_through_the_price_is_worn_down() -> None:
    session = Session(symbols=("ACME",))
    session.play(2)
    client = session.client(USD=9 * 10**18)
    _, _, ask, _ = session.best("ACME")
    wall = session.desk.submit(order(client, session.instruments["ACME"], BUY, 20_000, ask + 50))
    session.play(600)
    left = session.desk.engine.order(wall.sequence)
    assert left is None or left["filled"] > traded(wall)
    session.desk.submit(CancelAll(account=client, instrument=0, side=0))
    session.play(60)
    assert session.best("ACME")[0] < ask + 50


def test_after_a_halt_the_participants_try_once_a_second_and_come_back(session: Session) -> None:
    number = session.instruments["BTC-USD"]
    session.desk.submit(Halt(instrument=number, reason=0))
    session.desk.submit(CancelAll(account=0, instrument=number, side=0))
    session.desk.records.clear()
    session.play(10)
    refused = [record for record in session.desk.records if record.reason == "instrument_halted"]
    assert 5 <= len(refused) <= 10 * SECOND / HALT_NS + 1
    assert session.best("BTC-USD") == (0, 0, 0, 0)
    session.desk.submit(Resume(instrument=number))
    session.play(2)
    bid, _, ask, _ = session.best("BTC-USD")
    assert 0 < bid < ask


def test_an_operator_cancels_everything_and_the_quotes_come_back(session: Session) -> None:
    session.desk.submit(CancelAll(account=0, instrument=0, side=0))
    session.play(1)
    assert all(0 < session.best(symbol)[0] < session.best(symbol)[2] for symbol in SYMBOLS)


def test_a_busy_server_is_left_alone_and_then_quoted_again(session: Session) -> None:
    session.desk.busy = True
    session.play(5)
    session.desk.busy = False
    session.play(5)
    assert all(0 < session.best(symbol)[0] < session.best(symbol)[2] for symbol in SYMBOLS)


def test_time_that_was_slept_through_is_not_caught_up(session: Session) -> None:
    before = session.desk.engine.sequence
    session.desk.at += 3600 * SECOND
    session.play(1)
    assert session.desk.engine.sequence - before < 500


def test_one_step_is_short(session: Session) -> None:
    session.desk.at += SECOND
    session.desk.records.clear()
    due = session.market.step(session.desk.at)
    assert due == session.desk.at
    assert len(session.desk.records) < EVENTS_PER_STEP * 40


def test_a_restart_finds_accounts_and_prices_and_clears_stale_orders() -> None:
    first = Session(seed=1)
    first.play(120)
    engine = first.desk.engine
    prices = {symbol: first.best(symbol)[0] for symbol in SYMBOLS}
    second = Session(seed=2, engine=engine)
    assert [account for account, _ in engine.accounts() if account >= 16] == [16, 17, 18]
    second.desk.at = first.desk.at
    stale = set(engine.orders(16)) | set(engine.orders(17))
    second.play(2)
    assert not stale & (set(engine.orders(16)) | set(engine.orders(17)))
    for symbol in SYMBOLS:
        assert second.best(symbol)[0] == pytest.approx(prices[symbol], rel=0.002)


def test_a_stop_leaves_no_quote_behind(session: Session) -> None:
    session.market.close()
    assert all(session.best(symbol) == (0, 0, 0, 0) for symbol in SYMBOLS)


def test_participants_who_run_short_place_less_and_nothing_breaks(session: Session) -> None:
    engine = session.desk.engine
    _empty(session)
    session.play(30)
    assert {record.reason for record in session.desk.records if record.reason} == {"insufficient_funds"}
    assert all(total == 0 for _, total in engine.totals())


def test_a_perpetual_is_settled_each_minute_at_the_models_own_value(session: Session) -> None:
    session.play(125)
    number = session.instruments["BTC-USD-PERP"]
    marks = [record.command for record in session.desk.records if type(record.command).__name__ == "Mark"]
    assert [mark.settlement for mark in marks if mark.instrument == number].count(1) == 2
    assert all(mark.settlement == 0 for mark in marks if mark.instrument != number)
    assert session.desk.engine.reference(number) == pytest.approx(session.best("BTC-USD-PERP")[0], rel=0.001)


def test_the_same_seed_and_answers_give_the_same_commands() -> None:
    def commands(seed: int) -> list[str]:
        session = Session(seed=seed)
        session.play(20)
        return [repr(record.command) for record in session.desk.records]

    assert commands(4) == commands(4)
    assert commands(4) != commands(5)


def test_twice_the_speed_plays_twice_the_orders() -> None:
    def placed(speed: float) -> int:
        desk = MemoryDesk()
        market = SimulatedMarkets(parameters(), 3, speed)
        market.open(desk)  # type: ignore[arg-type]
        end = desk.at + 60 * SECOND
        while desk.at < end:
            desk.at = max(desk.at + 1, market.step(desk.at))
        return sum(type(record.command).__name__ == "PlaceOrder" for record in desk.records)

    assert 1.5 < placed(2.0) / placed(1.0) < 2.5


def test_the_listing_says_what_is_played(session: Session) -> None:
    rows = session.market.listing()
    assert [row["instrument"] for row in rows] == SYMBOLS
    assert [row["kind"] for row in rows] == ["equity", "fx_spot", "crypto_spot", "linear_perpetual"]
    assert all("simulated" in row["why"] for row in rows)


def test_every_price_step_of_a_lot_is_a_whole_number_of_minor_units(session: Session) -> None:
    assert all(row["den"] == 1 for row in session.desk.engine.instruments())
    assert set(STOCK) == {row["code"] for row in session.desk.engine.assets()}


def _empty(session: Session) -> None:
    """Take nearly all dollars and coins from the house participants."""
    from isthmus.kernel.messages import Withdraw

    session.desk.submit(CancelAll(account=0, instrument=0, side=0))
    for account in (16, 17, 18):
        for asset, balance, held, _ in session.desk.engine.balances(account):
            amount = min(balance - held - 5, 2**63 - 1)
            session.desk.submit(Withdraw(account=account, asset=asset, amount=amount, client_id=NO_ID))
