"""The house's arbitrage desk in the running broker, over outside venues whose answers the test gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.floors import SECOND, Broker

from isthmus.app.backtest import Strategy, backtest
from isthmus.app.playing import Playing
from isthmus.app.settings import read_defaults, settings_of
from isthmus.execution.arbitrage_trips import read_note
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, GTC, IOC, LIMIT, SELL, OpenAccount, PlaceOrder
from isthmus.venues import reacting
from isthmus.venues.reacting.faults import FaultTerms

MONEY = {"BTC": "1000", "USDT": "100000"}
PLAY: dict[str, Any] = {"arbitrage": {"play": True, "money": MONEY, "loss_limit_ppm": 1_000}}
FAIR = 100_000
"""10.0000 USDT."""


def levels(away: int = 0, quantity: int = 100) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """A book five steps either side of the fair price, shifted."""
    return [(FAIR + away - 5, quantity)], [(FAIR + away + 5, quantity)]


def with_settings(**settings: Any) -> dict[str, Any]:
    return {"arbitrage": {**PLAY["arbitrage"], **settings}}


def calm(house: dict[str, Any] | None = None, **more: Any) -> Broker:
    """Three venues that agree, for long enough to be believed."""
    broker = Broker(house or PLAY, **more)
    for _ in range(20):
        for venue in broker.floors.venue:
            broker.show(venue, *levels())
        broker.run(0.1)
    return broker


def crossed(house: dict[str, Any] | None = None, **more: Any) -> Broker:
    """The east falls behind: it is bought from, another venue is sold to."""
    broker = calm(house, **more)
    broker.show("east", *levels(-40))
    return broker


def legs(broker: Broker) -> tuple[Any, Any]:
    buy, sell = broker.orders
    assert (buy.side, sell.side) == (BUY, SELL)
    return buy, sell


def position(broker: Broker) -> int:
    """Units of the base asset beyond what the account was given."""
    owned, _ = broker.owned("BTC")
    return (owned - 1_000 * 10**8) // 10**4


def test_both_legs_leave_at_once_with_one_intent_in_their_notes() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    assert (broker.venue_of(buy), buy.price, buy.quantity) == ("east", FAIR - 35, 100)
    assert broker.venue_of(sell) != "east" and (sell.price, sell.quantity) == (FAIR - 5, 100)
    assert buy.tif == sell.tif == IOC
    assert broker.desk is not None and len(broker.desk.under_way) == 1


def test_when_both_fill_the_gain_is_in_the_account_and_nothing_is_held() -> None:
    broker = crossed()
    before = broker.owned("USDT")[0]
    for order in list(broker.orders):
        broker.fill(order)
    gain = broker.owned("USDT")[0] - before
    assert 0 < gain and position(broker) == 0
    assert broker.owned("USDT")[1] == broker.owned("BTC")[1] == 0
    assert broker.desk is not None and not broker.desk.under_way
    (ended,) = broker.desk.ended
    assert abs(ended.profit // 10 - gain) <= 20, "10^-9 of USDT against its minor units, but for the rounding of fees"
    assert (ended.lost, ended.overdue) == (0, False)


def test_the_notes_of_both_records_name_one_intent_and_say_why() -> None:
    records: list[Any] = []
    broker = calm()
    broker.core.driver.subscribe(records.append)
    broker.show("east", *levels(-40))
    placed = [record for record in records if isinstance(record.command, PlaceOrder)]
    one, other = (read_note(record.origin.note) for record in placed)
    assert one is not None and other is not None
    assert one.intent == other.intent == placed[0].sequence
    assert (one.order, other.order) == (0, 1) and one.of == other.of
    assert "east" in one.why and one.of.profit > 0 and one.of.edge_ppm >= 20


def test_what_one_leg_lacks_is_completed_elsewhere_within_the_loss_limit() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    broker.fill(buy)
    broker.fill(sell, 60)
    broker.end(sell)
    completing = broker.orders[2]
    assert (completing.side, completing.quantity) == (SELL, 40)
    broker.fill(completing)
    assert position(broker) == 0
    assert broker.desk is not None and not broker.desk.under_way and len(broker.desk.ended) == 1


def test_what_would_cost_too_much_to_complete_is_unwound() -> None:
    broker = calm(with_settings(loss_limit_ppm=0))
    broker.show("east", *levels(-40))
    buy, sell = legs(broker)
    broker.fill(buy, 30)
    broker.end(buy)
    broker.show("north", [(FAIR - 5, 100)], [(FAIR + 300, 100)])
    broker.show("west", [(FAIR - 5, 100)], [(FAIR + 300, 100)])
    broker.show("east", [(FAIR - 45, 100)], [(FAIR + 300, 100)])
    broker.end(sell)
    back = broker.orders[2]
    assert (back.side, back.quantity) == (SELL, 30)
    broker.fill(back)
    assert position(broker) == 0 and broker.desk is not None and not broker.desk.under_way


def test_a_leg_that_is_refused_is_taken_at_another_venue_or_gone_back() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    broker.end(buy, 5)
    broker.fill(sell)
    third = broker.orders[2]
    assert third.side == BUY and third.quantity == 100, "what was sold is bought: the same order completes and unwinds"
    assert broker.venue_of(third) != "east", "the venue that refused is not asked again while there are others"
    broker.fill(third)
    assert position(broker) == 0 and broker.desk is not None and not broker.desk.under_way


def test_when_both_are_refused_nothing_is_open_and_the_instrument_rests() -> None:
    broker = crossed(with_settings(rest_s=5.0))
    for order in list(broker.orders):
        broker.end(order, 5)
    assert broker.desk is not None and not broker.desk.under_way
    broker.show("east", *levels(-41))
    assert len(broker.orders) == 2, "not again at once"
    for venue in broker.floors.venue:
        broker.show(venue, *levels())
    broker.run(6)
    for venue in broker.floors.venue:
        broker.show(venue, *levels())
    broker.show("east", *levels(-40))
    assert len(broker.orders) == 4, "after the rest"


def test_a_venue_that_never_answers_is_asked_to_cancel_and_what_is_open_is_closed_by_the_deadline() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    broker.fill(buy)
    broker.run(1.2)
    assert [cancel.order for cancel in broker.floors.cancels] == [sell.order]
    back = broker.orders[2]
    assert (back.side, back.quantity) == (SELL, 100)
    broker.fill(back)
    assert position(broker) == 0
    assert broker.desk is not None and len(broker.desk.under_way) == 1, "the silent order may still fill"
    broker.fill(sell)
    assert position(broker) == -100, "and did"
    broker.run(0.2)
    again = broker.orders[3]
    assert (again.side, again.quantity) == (BUY, 100)
    broker.fill(again)
    assert position(broker) == 0 and not broker.desk.under_way
    assert broker.desk.ended[-1].overdue


def test_a_fill_that_is_told_twice_counts_once() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    broker.fill(buy, name="one")
    broker.fill(buy, name="one")
    broker.fill(sell)
    assert position(broker) == 0 and len(broker.orders) == 2
    assert broker.desk is not None and not broker.desk.under_way


def test_a_fill_after_all_was_over_is_closed_too() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    broker.fill(buy)
    broker.fill(sell)
    broker.run(2)
    broker.fill(buy, 10)
    broker.run(0.2)
    assert len(broker.orders) == 3 and (broker.orders[2].side, broker.orders[2].quantity) == (SELL, 10)


def test_a_gap_that_pays_less_than_the_least_profit_is_left() -> None:
    broker = crossed(with_settings(minimum_profit_ppm=5_000))
    assert broker.orders == []


def test_fees_are_counted_before_anything_is_sent() -> None:
    broker = calm()
    broker.show("east", *levels(-11))
    assert broker.orders == [], "crossed by one step: both fees come to two"


def test_no_order_goes_to_a_route_that_is_held() -> None:
    broker = calm()
    instrument = broker.floors.instruments["BTC-USDT"]
    broker.core.outside.guard.hold(instrument, broker.floors.venue["east"], "maintenance", broker.playing.now)
    broker.show("east", *levels(-40))
    assert broker.orders == []


def test_a_quote_that_is_locked_in_the_same_update_is_never_taken() -> None:
    broker = calm()
    broker.show("east", [(FAIR // 2, 100)], [(FAIR // 2 + 1, 100)])
    assert broker.orders == [], "half the price is no gain that anybody believes"


def test_what_is_open_is_closed_elsewhere_when_its_route_is_held() -> None:
    broker = crossed()
    buy, sell = legs(broker)
    instrument = broker.floors.instruments["BTC-USDT"]
    broker.core.outside.guard.hold(instrument, sell.venue, "maintenance", broker.playing.now)
    broker.fill(buy)
    broker.end(sell)
    assert broker.orders[2].venue != sell.venue
    broker.fill(broker.orders[2])
    assert position(broker) == 0


def test_one_intent_at_a_time_in_an_instrument_and_so_many_over_all() -> None:
    symbols = {"BTC-USDT": ("BTC", "USDT"), "ETH-USDT": ("ETH", "USDT")}
    money = {**MONEY, "ETH": "1000"}
    broker = Broker(with_settings(most_intents=1, money=money), symbols)
    for _ in range(20):
        for symbol in symbols:
            for venue in broker.floors.venue:
                broker.show(venue, *levels(), symbol)
        broker.run(0.1)
    broker.show("east", *levels(-40))
    broker.show("east", *levels(-41))
    broker.show("east", *levels(-40), "ETH-USDT")
    assert len(broker.orders) == 2
    for order in list(broker.orders):
        broker.fill(order)
    broker.show("east", *levels(-41), "ETH-USDT")
    assert len(broker.orders) == 4


def test_an_intent_is_cut_to_what_the_account_can_pay_and_deliver() -> None:
    broker = crossed(with_settings(money={"BTC": "0.0060", "USDT": "100000"}))
    buy, sell = legs(broker)
    assert buy.quantity == sell.quantity == 60
    poor = crossed(with_settings(money={"BTC": "1000", "USDT": "0.05"}))
    buy, sell = legs(poor)
    assert buy.quantity == sell.quantity == 50
    assert crossed(with_settings(money={})).orders == []


def test_the_house_book_takes_part() -> None:
    broker = calm()
    made = broker.playing.submit(OpenAccount(kind=2, client_id=bytes(16)), "house:other", role="operator")
    account = made.effects[0].account
    for code in ("BTC", "USDT"):
        asset = broker.core.directory.asset(code)
        assert asset is not None
        broker.core.desk.fund(account, asset.number, 10**12)
    instrument = broker.floors.instruments["BTC-USDT"]
    broker.playing.submit(
        PlaceOrder(
            account=account, instrument=instrument, venue=0, side=SELL, kind=LIMIT, tif=GTC, flags=0,
            price=FAIR - 40, quantity=70,
        ),
        role="house",
    )  # fmt: skip
    (sell,) = broker.orders
    assert (sell.side, sell.quantity) == (SELL, 70)
    broker.fill(sell)
    assert position(broker) == 0 and broker.desk is not None and not broker.desk.under_way


def test_after_a_restart_the_journal_alone_says_what_is_open(tmp_path: Path) -> None:
    broker = crossed(data=str(tmp_path))
    buy, sell = legs(broker)
    broker.fill(buy)
    trips = broker.desk.under_way if broker.desk is not None else []
    broker.playing.close()
    again = Broker(PLAY, data=str(tmp_path), start=broker.playing.now + 3 * SECOND)
    assert again.desk is not None
    assert [trip.intent for trip in again.desk.under_way] == [trip.intent for trip in trips]
    assert [trip.filled for trip in again.desk.under_way] == [(100, 0)]
    for venue in again.floors.venue:
        again.show(venue, *levels())
    again.run(0.2)
    assert [cancel.order for cancel in again.floors.cancels] == [sell.order]
    again.end(sell)
    (back,) = again.orders
    assert (back.side, back.quantity) == (SELL, 100)
    again.fill(back, name="after the restart")
    assert position(again) == 0 and not again.desk.under_way


def test_a_circle_of_three_currencies_is_taken_around_both_ways() -> None:
    symbols = {"EUR-USD": ("EUR", "USD"), "USD-JPY": ("USD", "JPY"), "EUR-JPY": ("EUR", "JPY")}
    fair = {"EUR-USD": 11_000, "USD-JPY": 1_500_000, "EUR-JPY": 1_650_000}
    money = {"EUR": "100", "USD": "100", "JPY": "100000"}

    def shown(broker: Broker, symbol: str, away: int = 0) -> None:
        price = fair[symbol] + away
        broker.show("east", [(price - 1, 1_000)], [(price + 1, 1_000)], symbol)

    for away, sides in ((3_000, [BUY, BUY, SELL]), (-3_000, [SELL, SELL, BUY])):
        broker = Broker(with_settings(money=money), symbols, ("east",))
        for _ in range(20):
            for symbol in symbols:
                shown(broker, symbol)
            broker.run(0.1)
        assert broker.orders == [], "the circle is closed"
        shown(broker, "EUR-JPY", away)
        assert [order.side for order in broker.orders] == sides
        assert {order.instrument for order in broker.orders} == set(broker.floors.instruments.values())
        first, second, cross = broker.orders
        assert first.quantity == cross.quantity and abs(second.quantity - first.quantity * 1.1) <= 1
        for order in list(broker.orders):
            broker.fill(order)
        gains = {code: broker.owned(code)[0] - int(amount) * 10**8 for code, amount in money.items()}
        assert gains["EUR"] == 0 and gains["JPY"] > 0 and abs(gains["USD"]) < 10**5
        assert broker.desk is not None and not broker.desk.under_way


@pytest.mark.parametrize(
    ("money", "field", "reason"),
    [({"XYZ": "1"}, "arbitrage.money.XYZ", "listed by none"), ({"BTC": "much"}, "arbitrage.money.BTC", "no amount")],
)
def test_money_that_makes_no_sense_is_refused_by_name(money: dict[str, str], field: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        Broker(with_settings(money=money))
    assert caught.value.field == field


def test_it_is_off_unless_asked_for() -> None:
    assert settings_of(read_defaults(), {}).arbitrage.play is False
    assert Broker({}).core.arbitrage is None


FAULTS = FaultTerms(twice=0.2, late=0.3, late_ms=400, never=0.02, rest_refused=0.3)
OWNED = {"BTC": "10000", "USD": "1000000000"}
UNIT = 10**4
"""Minor units of the bitcoin in a unit of XBT-USD."""


def test_on_the_reacting_market_with_faults_nothing_stays_open() -> None:
    faults = {"aurora": FAULTS, "cygnus": FAULTS}
    market = reacting.make(reacting.Options(seed=7, skip=False, faults=faults), ("XBT-USD",))
    start = 1_700_000_400 * SECOND
    house = with_settings(money=OWNED, minimum_profit_ppm=0, most_intents=1_000)
    playing = Playing([market], start, None, house)
    desk = playing.core.arbitrage
    assert desk is not None
    playing.run(start + 600 * SECOND)
    assert len(desk.ended) >= 20 and any(ended.lost for ended in desk.ended)
    assert desk.under_way, "some orders have no answer"
    for trip in desk.under_way[:-1]:
        assert trip.overdue and trip.waiting and trip.filled[0] == trip.filled[1], "only the answer is open"
    for name in faults:
        market.reconnect(name)
    playing.run(playing.now + 120 * SECOND)
    bitcoin = playing.core.directory.asset("BTC")
    assert bitcoin is not None
    owned, _ = playing.core.engine.balance(desk.account, bitcoin.number)
    open_ = sum(trip.filled[0] - trip.filled[1] for trip in desk.under_way)
    assert owned - 10_000 * 10**8 == open_ * UNIT, "what is in no open intent was bought and sold"
    assert sum(total for _, total in playing.engine.totals()) == 0


def test_a_back_test_plays_the_desk_beside_a_strategy() -> None:
    market = reacting.make(reacting.Options(seed=3, skip=False), ("XBT-USD",))
    house = with_settings(money=OWNED, minimum_profit_ppm=0)
    strategy = Strategy()
    strategy.house = house
    outcome = backtest(strategy, [market], seconds=120, money={})
    notes = [read_note(record.origin.note) for record in outcome.records if isinstance(record.command, PlaceOrder)]
    ordinals: dict[int, list[int]] = {}
    for note in notes:
        if note is not None:
            ordinals.setdefault(note.intent, []).append(note.order)
    assert len(ordinals) > 5, "it found something"
    assert all(sorted(found) == list(range(len(found))) and len(found) >= 2 for found in ordinals.values())
