"""The house's market maker quotes a real engine: its obligation is met, timed and scored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tools.play_markets import MemoryDesk, Session

from isthmus.app.desk import Desk
from isthmus.app.house_maker import Duty, HouseMaker
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Origin
from isthmus.execution.quoting import Intensity, Obligation, Parameters
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    BUY,
    GTC,
    IOC,
    LIMIT,
    SELL,
    AddInstrument,
    OpenAccount,
    PlaceOrder,
    RegisterMaker,
    SetSession,
    TimePassed,
)
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

SECOND = 1_000_000_000
CLOSED = 7
DUTY = Duty(
    instrument=1,
    parameters=Parameters(
        obligation=Obligation(spread=8, quantity=5, presence_bps=9_000),
        gamma=0.02,
        intensity=Intensity(0.5, 0.5),
        size=10,
        most=40,
        stop=80,
        least_volatility=5.0,
    ),
    stock=1_000,
    money=10**9,
    every_ns=SECOND,
)


class House:
    """A share on the house book, a client with money, and another who shows prices; the clock is set by the test."""

    def __init__(self) -> None:
        self.at = 1_800_000_000 * SECOND
        engine, directory = Engine(), Directory()
        self.engine = engine
        self.driver = Driver(engine, lambda: self.at)
        self.driver.observe(directory.on_record)
        self.desk = Desk(self.driver, directory, Views(engine, directory, None), lambda: self.at)
        usd, share = self.desk.asset("USD", 2), self.desk.asset("ACME", 0)
        units = {"price_decimals": 2, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": 1}
        terms = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 0, "mark": 10_000}
        self.desk.instrument(AddInstrument(symbol="ACME", kind=1, base=share, quote=usd, **units, **terms))
        self.client, self.others = self.desk.account("client:one", 1), self.desk.account("client:two", 1)
        for account in (self.client, self.others):
            self.desk.fund(account, usd, 10**10)
            self.desk.fund(account, share, 10**6)

    def sent(self, command: Any) -> Any:
        record = self.driver.submit(command, Origin())
        assert record is not None and record.reason is None, record
        return record

    def order(self, side: int, price: int, quantity: int, account: int = 0, tif: int = GTC) -> Any:
        return self.sent(
            PlaceOrder(
                account=account or self.others, instrument=1, venue=0, side=side, kind=LIMIT, tif=tif, flags=0,
                price=price, quantity=quantity, client_id=bytes(16),
            )
        )  # fmt: skip

    def maker(self, duty: Duty = DUTY) -> HouseMaker:
        made = HouseMaker(self.desk, duty)
        made.open()
        return made

    def play(self, maker: HouseMaker, seconds: int) -> None:
        """A second at a time, each told to the engine, as marks do while a server runs."""
        for _ in range(seconds):
            self.at += SECOND
            self.sent(TimePassed())
            maker.step(self.at)

    def quoted(self, maker: HouseMaker) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Its own bids and asks: (price, what is left)."""
        found: dict[int, list[tuple[int, int]]] = {BUY: [], SELL: []}
        for order in self.engine.orders(maker.account):
            facts = self.engine.order(order)
            assert facts is not None
            found[facts["side"]].append((facts["price"], facts["quantity"] - facts["filled"]))
        return found[BUY], found[SELL]


@pytest.fixture
def house() -> House:
    made = House()
    made.order(BUY, 9_990, 100)
    made.order(SELL, 10_010, 100)
    return made


def test_it_quotes_both_sides_around_the_others_middle_and_its_score_shows(house: House) -> None:
    maker = house.maker()
    house.play(maker, 10)
    ((bid, bids),), ((ask, asks),) = house.quoted(maker)
    assert bid + ask == 20_000 and ask - bid <= 8 and bids >= 5 and asks >= 5
    score = maker.score()
    assert score.met and score.presence_bps is not None and score.presence_bps >= 8_900
    assert maker.refused is None and maker.inventory() == 0


def test_a_quote_that_is_still_right_keeps_its_place(house: House) -> None:
    maker = house.maker()
    house.play(maker, 1)
    before = house.engine.orders(maker.account)
    house.play(maker, 5)
    assert house.engine.orders(maker.account) == before, "it does not take its own quotes for others'"


def test_who_sells_to_it_lowers_its_quotes(house: House) -> None:
    maker = house.maker()
    house.play(maker, 2)
    ((bid, _),), ((ask, _),) = house.quoted(maker)
    house.order(SELL, bid, 10, account=house.client, tif=IOC)
    assert maker.inventory() == 10
    house.play(maker, 30)
    ((lower, left),), ((nearer, _),) = house.quoted(maker)
    assert lower < bid and nearer < ask and left == 10, "and what was taken stands there again"
    for _ in range(3):
        house.play(maker, 30)
        ((bid, left),), _ = house.quoted(maker)
        house.order(SELL, bid, left, account=house.client, tif=IOC)
    house.play(maker, 1)
    assert maker.inventory() == 40
    bids, asks = house.quoted(maker)
    assert bids == [] and len(asks) == 1, "it owns all that it may: it only sells"
    house.play(maker, 60)
    bids, asks = house.quoted(maker)
    assert len(bids) == len(asks) == 1, "until its presence comes near its duty"


def test_the_close_of_the_session_tells_its_score_by_record(house: House) -> None:
    maker = house.maker()
    house.play(maker, 100)
    record = house.sent(SetSession(instrument=1, state=CLOSED))
    (scored,) = [effect for effect in record.effects if type(effect).__name__ == "MakerScored"]
    assert scored.account == maker.account and scored.met == 1
    assert scored.quoted_ns * 100 >= scored.open_ns * 98
    house.play(maker, 1)
    assert maker.refused is not None or house.quoted(maker) != ([], [])


def test_when_the_price_runs_it_withdraws_and_returns(house: House) -> None:
    calm = msgspec.structs.replace(DUTY.parameters, pause_volatility=10.0, pause_ns=5 * SECOND)
    maker = house.maker(msgspec.structs.replace(DUTY, parameters=calm, memory_s=5.0))
    house.play(maker, 3)
    house.order(BUY, 10_009, 1, account=house.client)
    house.order(SELL, 9_000, 500, account=house.client, tif=IOC)
    house.order(BUY, 9_900, 100)
    house.order(SELL, 9_910, 100)
    house.play(maker, 1)
    assert house.quoted(maker) == ([], []) and "volatility" in maker.why
    house.play(maker, 60)
    bids, asks = house.quoted(maker)
    assert len(bids) == len(asks) == 1 and 9_900 < bids[0][0] + asks[0][0] - 9_900 < 9_910


def test_alone_it_quotes_around_the_reference_price() -> None:
    house = House()
    maker = house.maker()
    house.play(maker, 1)
    ((bid, _),), ((ask, _),) = house.quoted(maker)
    assert bid + ask == 20_000


def test_after_a_restart_it_takes_its_former_quotes_over(house: House) -> None:
    house.play(house.maker(), 1)
    again = house.maker()
    house.play(again, 3)
    bids, asks = house.quoted(again)
    assert len(bids) == len(asks) == 1


def test_it_learns_how_fills_come_from_its_own(house: House) -> None:
    maker = house.maker(msgspec.structs.replace(DUTY, fit_fills=10))
    for turn in range(60):
        house.play(maker, 1)
        bids, asks = house.quoted(maker)
        if turn % 3 and bids and asks:
            side, price = (SELL, bids[0][0]) if turn % 2 else (BUY, asks[0][0])
            house.order(side, price, 10, account=house.client, tif=IOC)
    seen = maker.reaches()
    assert sum(reach.fills for reach in seen) >= 20
    assert all(reach.seconds >= 0 for reach in seen)


def test_an_instrument_that_does_not_suit_is_refused_by_name(house: House) -> None:
    with pytest.raises(BadInput, match="instrument: 9 is not listed"):
        HouseMaker(house.desk, msgspec.structs.replace(DUTY, instrument=9)).open()
    unfit = msgspec.structs.replace(DUTY.parameters, obligation=Obligation(8, 0, 0))
    with pytest.raises(BadInput, match="maker: it cannot be registered"):
        HouseMaker(house.desk, msgspec.structs.replace(DUTY, parameters=unfit)).open()


class SharedDesk(MemoryDesk):
    """The simulated markets' desk, with one more account on it."""

    def account(self, name: str, kind: int) -> int:
        if name.startswith("house:designated"):
            return int(self.submit(OpenAccount(kind=kind, client_id=bytes(16))).effects[0].account)
        return super().account(name, kind)


def test_in_the_simulated_market_it_keeps_its_presence_and_its_bounds() -> None:
    session = Session(symbols=("ACME",))
    session.play(5)
    session.desk.__class__ = SharedDesk
    instrument = session.instruments["ACME"]
    quoting = Parameters(
        obligation=Obligation(spread=60, quantity=20, presence_bps=9_000),
        gamma=0.005, intensity=Intensity(0.3, 0.05), size=50, most=500, stop=1_000,
    )  # fmt: skip
    maker = HouseMaker(session.desk, Duty(instrument=instrument, parameters=quoting, stock=5_000, money=10**13))
    maker.open()
    owned, refused = [], set()
    for _ in range(1_200):
        session.play(0.25)
        maker.step(session.desk.at)
        owned.append(maker.inventory())
        refused.add(maker.refused)
    assert refused == {None}
    score = maker.score()
    assert score.presence_bps is not None and score.presence_bps > 9_000, score
    assert max(map(abs, owned)) <= quoting.stop and len(set(owned)) > 3, "it traded, and stayed within its bounds"
    ended = session.desk.submit(
        RegisterMaker(account=maker.account, instrument=instrument, spread=0, quantity=0, presence_bps=0)
    )
    assert ended.effects[0].met == 1
