"""Orders at a venue that takes FIX, over a session of our own, and what the engine books of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues.recordings import PlainDesk

from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, CANCEL_REASONS, IOC, MARKET, SELL, CancelOrder, ReplaceOrder
from isthmus.venues.live.fix import FixDesk
from isthmus.venues.live.link import FixFields
from isthmus.venues.live.market import LiveMarkets
from isthmus.venues.live.orders import OrdersAtVenue
from isthmus.venues.live.terms import MarketTerms, VenueTerms
from isthmus.venues.wires import fix_orders
from isthmus.venues.wires.fix_orders import Contract, told
from isthmus.venues.wires.orders import OrderEnded, OrderFilled, OrderRefused, OrderState, OrderTaken, VenueOrder
from isthmus.venues.wires.words import Quiet, Unknown

START = 1_700_000_000_000_000_000
TERMS = VenueTerms(
    wire="fix",
    account="ACC1",
    exchange="XCME",
    markets={
        "BTC-CME": MarketTerms(
            symbol="BTCZ6",
            kind="linear_perpetual",
            base="BTC",
            quote="USD",
            tick="5",
            lot="1",
            mark="30000",
            multiplier=5,
        )
    },
)


class Session:
    """The other end: what it was sent, and reports as a venue writes them."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[dict[int, str]] = []
        self.number = 0
        self.floor: Floor

    def send(self, fields: FixFields) -> bool:
        if self.up:
            assert fields[0][0] == 35
            assert len({tag for tag, _ in fields}) == len(fields)
            self.sent.append(dict(fields))
        return self.up

    def report(self, of: dict[int, str], kind: str, status: str, **more: str) -> list[tuple[int, str]]:
        """An ExecutionReport about what was sent, handed to the desk."""
        self.number += 1
        fields = {35: "8", 37: "V1", 17: f"E{self.number}", 150: kind, 39: status, 11: of[11], 55: "BTCZ6", 54: of[54]}
        fields |= {38: of[38], 14: "0", 151: "0", 60: "20261128-10:00:00.123"}
        fields |= {44: of[44]} if 44 in of else {}
        fields |= {int(tag.removeprefix("t")): value for tag, value in more.items()}
        told = list(fields.items())
        self.floor.fix.take(told)
        return told


class Floor:
    """An engine with one FIX venue."""

    def __init__(self, desk: PlainDesk | None = None) -> None:
        self.session = Session()
        self.session.floor = self
        self.desk = desk or PlainDesk()
        self.desk.time = max(self.desk.time, START)
        self.market = LiveMarkets({"cme": TERMS}, self._made)
        self.market.open(self.desk)  # type: ignore[arg-type]
        self.desk.hear(self.market)
        found = self.market.venues[0].desk
        assert isinstance(found, FixDesk)
        self.fix = found
        self.fix.join(self.session)
        (self.instrument, self.number) = self.desk.shown[-1]
        self.account = self.desk.client() if desk is None else 0

    def _made(self, name: str, terms: VenueTerms, orders: OrdersAtVenue) -> FixDesk:
        return FixDesk(orders, terms)

    def order(self, **terms: int) -> int:
        told = {"account": self.account, "venue": self.number, "instrument": self.instrument}
        return self.desk.order(**(told | {"side": BUY, "price": 30_000, "quantity": 3} | terms))

    def fills(self) -> list[tuple[int, int, int]]:
        return [(t.maker_order or t.taker_order, t.price, t.quantity) for t in self.desk.effects("Traded")]

    def ended(self) -> list[tuple[int, str]]:
        return [(effect.order, CANCEL_REASONS[effect.reason]) for effect in self.desk.effects("Cancelled")]


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_an_order_goes_out_as_a_new_order_single_and_its_reports_are_booked(floor: Floor) -> None:
    order = floor.order(side=SELL)
    (sent,) = floor.session.sent
    assert sent == {
        35: "D",
        11: f"ist-{order}",
        1: "ACC1",
        21: "1",
        55: "BTCZ6",
        167: "FUT",
        207: "XCME",
        54: "2",
        60: fix_orders.time_text(START),
        38: "3",
        40: "2",
        44: "30000",
        59: "1",
    }
    floor.session.report(sent, "0", "0")
    floor.session.report(sent, "F", "1", t31="30005", t32="1", t14="1", t851="1")
    floor.session.report(sent, "F", "2", t31="30005", t32="2", t14="3", t851="2")
    assert floor.fills() == [(order, 30_005, 1), (order, 30_005, 2)]
    assert floor.desk.engine.order(order) is None
    assert floor.desk.engine.position(floor.account, floor.instrument)[0] == -3


def test_a_report_that_the_session_brings_again_counts_once(floor: Floor) -> None:
    order = floor.order()
    report = floor.session.report(floor.session.sent[0], "1", "1", t31="30000", t32="1", t14="1")
    floor.fix.take(report)
    assert floor.fills() == [(order, 30_000, 1)]


def test_while_the_session_is_down_an_order_is_refused_and_a_cancel_waits(floor: Floor) -> None:
    order = floor.order()
    sent = floor.session.sent[0]
    floor.session.report(sent, "0", "0")
    floor.session.up = False
    refused = floor.order()
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    assert floor.ended() == [(refused, "venue_refused")]
    floor.session.up = True
    floor.fix.resumed(START)
    cancel, status = floor.session.sent[1:]
    assert (cancel[35], cancel[41], status[35], status[11]) == ("F", f"ist-{order}", "H", f"ist-{order}")
    floor.session.report(sent | {11: cancel[11]}, "4", "4")
    assert floor.ended() == [(refused, "venue_refused"), (order, "user")]


def test_a_replace_renames_the_order_and_a_refused_one_does_not(floor: Floor) -> None:
    order = floor.order()
    floor.session.report(floor.session.sent[0], "0", "0")
    floor.desk.submit(ReplaceOrder(order=order, account=floor.account, price=30_010, quantity=4))
    replace = floor.session.sent[1]
    assert (replace[35], replace[41], replace[38], replace[44]) == ("G", f"ist-{order}", "4", "30010")
    floor.session.report(replace, "5", "0")
    assert [(effect.price, effect.quantity) for effect in floor.desk.effects("Replaced")] == [(30_010, 4)]
    floor.desk.submit(ReplaceOrder(order=order, account=floor.account, price=30_020, quantity=4))
    again = floor.session.sent[2]
    assert again[41] == replace[11]
    floor.fix.take([(35, "9"), (11, again[11]), (41, again[41]), (39, "0"), (434, "2"), (102, "1"), (58, "too late")])
    known = floor.desk.engine.order(order)
    assert known is not None and (known["price"], known["quantity"]) == (30_010, 4)
    floor.session.report(replace, "F", "2", t31="30010", t32="4", t14="4")
    assert floor.fills() == [(order, 30_010, 4)]


def test_a_cancel_that_is_refused_leaves_the_order_and_asks_for_it(floor: Floor) -> None:
    order = floor.order()
    floor.session.report(floor.session.sent[0], "0", "0")
    floor.desk.submit(CancelOrder(order=order, account=floor.account))
    floor.fix.take(
        [(35, "9"), (11, floor.session.sent[1][11]), (41, f"ist-{order}"), (39, "1"), (434, "1"), (102, "0")]
    )
    assert floor.session.sent[2][35] == "H"
    assert floor.desk.engine.order(order) is not None


@pytest.mark.parametrize(
    ("kind", "status", "reason"), [("8", "8", "venue_refused"), ("C", "C", "expired"), ("4", "4", "venue_refused")]
)
def test_an_ending_has_a_reason(floor: Floor, kind: str, status: str, reason: str) -> None:
    order = floor.order()
    floor.session.report(floor.session.sent[0], kind, status)
    assert floor.ended() == [(order, reason)]


def test_a_market_order_goes_as_a_limit_on_the_venues_tick(floor: Floor) -> None:
    order = floor.order(kind=MARKET, price=0)
    sent = floor.session.sent[0]
    assert (sent[40], sent[44], sent[59]) == ("2", "30900", "3")
    floor.session.report(sent, "4", "4")
    assert floor.ended() == [(order, "ioc")]


def test_the_next_run_asks_for_what_rests_and_books_what_comes(floor: Floor) -> None:
    order = floor.order()
    sent = floor.session.sent[0]
    floor.session.report(sent, "F", "1", t31="30000", t32="1", t14="1")
    again = Floor(floor.desk)
    again.fix.resumed(START)
    assert again.session.sent[0][35] == "H"
    again.session.report(sent, "I", "1", t14="1", t151="2")
    again.session.number = 50
    again.session.report(sent, "F", "2", t31="30000", t32="2", t14="3")
    assert again.fills() == [(order, 30_000, 1), (order, 30_000, 2)]
    assert again.desk.engine.order(order) is None
    assert again.fix.unread == []


def test_a_report_that_never_came_is_told_of_and_no_price_is_made_up(floor: Floor) -> None:
    order = floor.order()
    floor.session.report(floor.session.sent[0], "I", "1", t14="1", t151="2")
    assert floor.fills() == []
    assert floor.fix.unread == [f"ist-{order}: executed 1, booked 0: a report is missing"]


def test_a_busted_trade_is_left_to_people(floor: Floor) -> None:
    floor.order()
    floor.session.report(floor.session.sent[0], "F", "1", t31="30000", t32="1", t14="1")
    floor.session.report(floor.session.sent[0], "H", "0", t19="E1")
    assert "busted" in floor.fix.unread[0]
    assert len(floor.fills()) == 1


def test_a_refusal_by_the_application_layer_ends_the_order(floor: Floor) -> None:
    order = floor.order(tif=IOC)
    floor.fix.take([(35, "j"), (45, "7"), (372, "D"), (379, f"ist-{order}"), (380, "3"), (58, "not for you")])
    assert floor.ended() == [(order, "venue_refused")]


REPORT = [(35, "8"), (37, "V"), (11, "a"), (17, "E"), (150, "F"), (39, "1"), (55, "X"), (54, "1"), (38, "3"), (44, "9")]
REPORT += [(32, "1"), (31, "9.5"), (14, "1"), (151, "2"), (60, "20261128-10:00:00")]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({150: "0"}, OrderTaken),
        ({150: "F"}, OrderFilled),
        ({150: "2", 20: "0"}, OrderFilled),
        ({150: "2", 20: "3"}, OrderState),
        ({150: "I"}, OrderState),
        ({150: "4", 39: "4"}, OrderEnded),
        ({150: "A", 39: "A"}, Quiet),
        ({150: "Z"}, Unknown),
        ({150: "2", 20: "1"}, Unknown),
    ],
)
def test_reports_of_4_2_and_4_4_are_told_apart(change: dict[int, str], word: type[Any]) -> None:
    (found,) = told(list((dict(REPORT) | change).items()))
    assert type(found) is word


@pytest.mark.parametrize("tag", [150, 39, 11, 37, 17, 54, 31, 32, 14])
def test_a_report_without_a_field_that_it_needs_is_refused_by_tag(tag: int) -> None:
    with pytest.raises(BadInput) as refusal:
        told([(one, value) for one, value in REPORT if one != tag])
    assert refusal.value.field == f"fix.{tag}"


@given(data=st.data())
def test_a_mutated_report_is_read_or_refused(data: st.DataObject) -> None:
    fields = list(REPORT)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(fields) - 1))
        values = st.sampled_from(("", "-1", "0", "1e9", "NaN", "9" * 60, "٣", "\x00", "I", "4")) | st.text(max_size=8)
        tag = data.draw(st.sampled_from([tag for tag, _ in REPORT]) | st.integers(0, 9_999))
        fields[place] = (tag, data.draw(values))
    try:
        words = told(fields)
    except BadInput as error:
        words = (Unknown(error.field or ""),)
        place = words[0].kind
    else:
        place = "fix"
    assert words and place.startswith("fix")
    floor = Floor()
    floor.order()
    floor.fix.take(fields)


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"client_id": "x" * 21}, "client_id"),
        ({"reduce_only": True}, "reduce_only"),
        ({"time_in_force": "gtd"}, "time_in_force"),
        ({"price": None}, "price"),
    ],
)
def test_what_fix_has_no_order_for_is_refused(order: dict[str, Any], field: str) -> None:
    plain = {"client_id": "a", "symbol": "X", "side": BUY, "quantity": Decimal(1), "price": Decimal(1)}
    with pytest.raises(BadInput) as refusal:
        fix_orders.placing(VenueOrder(**(plain | order)), Contract("X"), START)
    assert refusal.value.field == f"fix.{field}"


def test_a_refused_cancel_is_no_end_of_the_order() -> None:
    (word,) = told([(35, "9"), (11, "a"), (41, "b"), (39, "0"), (434, "1"), (102, "1"), (58, "gone")])
    assert word == OrderRefused(client_id="a", code="1", message="gone")
