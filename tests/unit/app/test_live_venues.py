"""Live venues by settings: what cannot work is refused before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.venues.recordings import PlainDesk

from isthmus.app.live_venues import LiveVenues
from isthmus.app.settings import read_defaults, settings_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY
from isthmus.venues.live.link import FixFields

MARKET = {
    "symbol": "X1",
    "kind": "linear_perpetual",
    "base": "BTC",
    "quote": "USD",
    "tick": "5",
    "lot": "1",
    "mark": "9",
}
BINANCE = {"wire": "binance-futures", "rest": "https://h", "stream": "wss://h", "markets": {"P": MARKET}}
OKX = {"wire": "okx", "stream": "wss://h", "markets": {"P": MARKET}}


def live(**venues: dict[str, Any]) -> LiveVenues:
    return LiveVenues(settings_of(read_defaults(), {"venues": venues}).venues, lambda: 1)


@pytest.mark.parametrize(
    ("venue", "field"),
    [
        (OKX | {"wire": "mtgox"}, "venues.v.wire"),
        (OKX | {"stream": "ws://okx.com"}, "venues.v.stream"),
        (OKX | {"keys": "/nowhere", "rest": "https://h"}, "venues.v.keys"),
        (BINANCE | {"keys": "/nowhere"}, "venues.v.keys"),
        (BINANCE | {"keys": "/nowhere", "stream": ""}, "venues.v.stream"),
        (BINANCE | {"rest": ""}, "venues.v.rest"),
        (BINANCE | {"rest": "http://fapi.binance.com"}, "venues.v.rest"),
        (BINANCE | {"prefix": "a b"}, "venues[...].prefix"),
        (OKX | {"markets": {"P": MARKET | {"tick": "0"}}}, "venues.v.markets.P.tick"),
        (OKX | {"markets": {"P": MARKET, "Q": MARKET}}, "venues.v.markets"),
        (OKX | {"markets": {"P": MARKET | {"kind": "option"}}}, "venues[...].markets[...].kind"),
    ],
)
def test_a_venue_that_cannot_work_is_refused_by_setting(venue: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        live(v=venue)
    assert refusal.value.field == field


@pytest.mark.parametrize(("field", "value"), [("quote", "EUR"), ("multiplier", 2), ("kind", "crypto_spot")])
def test_venues_of_one_instrument_mean_the_same_by_it(field: str, value: Any) -> None:
    other = OKX | {"wire": "bybit", "markets": {"P": MARKET | {field: value}}}
    with pytest.raises(BadInput) as refusal:
        live(a=OKX, b=other).market.open(PlainDesk())  # type: ignore[arg-type]
    assert refusal.value.field == f"venues.b.markets.P.{field}"


def test_venues_of_one_instrument_share_the_finest_units_of_all() -> None:
    desk = PlainDesk()
    finer = OKX | {"wire": "bybit", "markets": {"P": MARKET | {"tick": "0.25", "lot": "0.001"}}}
    live(a=OKX, b=finer).market.open(desk)  # type: ignore[arg-type]
    (row,) = desk.engine.instruments()
    assert (row["price_decimals"], row["quantity_decimals"], row["tick"], row["lot"]) == (2, 3, 25, 1)
    assert [(facts.tick, facts.lot, facts.takes_orders) for facts in desk.facts] == [
        (500, 1_000, False),
        (25, 1, False),
    ]


class Session:
    def __init__(self) -> None:
        self.sent: list[FixFields] = []

    def send(self, fields: FixFields) -> bool:
        self.sent.append(fields)
        return True


def test_a_fix_session_is_joined_by_the_venues_name(tmp_path: Path) -> None:
    venues, desk, session = live(cme={"wire": "fix", "markets": {"P": MARKET}}, okx=OKX), PlainDesk(), Session()
    venues.market.open(desk)  # type: ignore[arg-type]
    desk.hear(venues.market)
    fix = venues.join("cme", session)
    (instrument, venue), *_ = desk.shown
    desk.order(account=desk.client(), venue=venue, instrument=instrument, side=BUY, price=10, quantity=1)
    assert session.sent[0][0] == (35, "D")
    assert fix.unread == []
    with pytest.raises(BadInput):
        venues.join("okx", session)
