"""The table of products: by symbol, account and trading hours."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.calendars import CalendarSettings
from isthmus.app.cli import main
from isthmus.app.product_routes import ProductRoute, ProductRoutes
from isthmus.app.settings import read_defaults, settings_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.live.market import LiveMarkets
from isthmus.venues.live.orders import OrdersAtVenue
from isthmus.venues.live.terms import MarketTerms, VenueTerms

CME = {
    "opens": CalendarSettings(
        instruments=[],
        timezone="America/Chicago",
        days=("sun", "mon", "tue", "wed", "thu"),
        holidays=["2026-12-24"],
        times={"17:00": ["pre_open", "continuous"]},
    ),
    "closes": CalendarSettings(instruments=[], timezone="America/Chicago", times={"16:00": ["closed"]}),
}
BTC = MarketTerms(symbol="X", kind="linear_perpetual", base="BTC", quote="USD", tick="5", lot="1", mark="1")
VENUES = {
    "cme": VenueTerms(wire="fix", markets={"BTC-CME": BTC}),
    "binance-futures": VenueTerms(wire="binance-futures", keys="k", markets={"BTCUSDT-PERP": BTC, "ETHUSDT-PERP": BTC}),
    "okx": VenueTerms(wire="okx", markets={"BTC-USDT": BTC}),
}
ROWS = (
    ProductRoute(products=["BTC-CME", "BTC-ANY"], venue="cme", calendars=["opens", "closes"]),
    ProductRoute(products=["BTC-ANY"], venue="binance-futures", accounts=["fund-*"]),
    ProductRoute(products=["BTCUSDT-*"], venue="binance-futures", accounts=["fund-*", "desk"]),
)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


OPEN, CLOSED = utc("2026-11-30T15:00:00"), utc("2026-11-28T15:00:00")
"""A Monday, a Saturday."""


@pytest.fixture
def table() -> ProductRoutes:
    return ProductRoutes(ROWS, CME, VENUES)


@pytest.mark.parametrize(
    ("product", "account", "at", "venue", "refused"),
    [
        ("BTC-CME", "anyone", OPEN, "cme", ""),
        ("BTC-CME", "anyone", CLOSED, "", "venue_closed"),
        ("BTC-ANY", "fund-1", OPEN, "cme", ""),
        ("BTC-ANY", "fund-1", CLOSED, "binance-futures", ""),
        ("BTC-ANY", "desk", CLOSED, "", "venue_closed"),
        ("BTCUSDT-PERP", "desk", CLOSED, "binance-futures", ""),
        ("BTCUSDT-PERP", "alice", OPEN, "", "account_not_routed"),
        ("ETHUSDT-PERP", "desk", OPEN, "", "unknown_product"),
    ],
)
def test_the_first_row_that_takes_the_account_and_is_open_is_the_one(
    table: ProductRoutes, product: str, account: str, at: int, venue: str, refused: str
) -> None:
    found = table.route(product, account, at)
    assert found is not None
    assert (found.venue, found.refused) == (venue, refused)
    assert product in found.why


def test_what_the_table_does_not_know_is_left_to_the_best_price(table: ProductRoutes) -> None:
    assert table.route("NOVA", "desk", OPEN) is None
    assert table.route("BTC-USDT", "desk", OPEN) is None
    assert table.closed("NOVA", "aurora", OPEN) is None
    assert ProductRoutes((), {}, VENUES).route("ETHUSDT-PERP", "desk", OPEN) is None


def test_a_closed_venue_says_when_it_opens(table: ProductRoutes) -> None:
    found = table.route("BTC-CME", "desk", utc("2026-11-28T15:00:00"))
    assert found is not None and "2026-11-29T23:00:00" in found.why
    holiday = table.route("BTC-CME", "desk", utc("2026-12-25T01:00:00"))
    assert holiday is not None and "2026-12-27T23:00:00" in holiday.why
    pause = table.route("BTC-CME", "desk", utc("2026-11-30T22:30:00"))
    assert pause is not None and "2026-11-30T23:00:00" in pause.why


def test_a_route_is_held_where_no_row_lets_the_product_go(table: ProductRoutes) -> None:
    assert table.closed("BTC-CME", "cme", OPEN) is None
    assert table.closed("BTC-CME", "cme", CLOSED) == "outside its trading hours"
    assert table.closed("BTC-CME", "okx", OPEN) == "product_routes does not send BTC-CME there"
    assert table.closed("ETHUSDT-PERP", "binance-futures", OPEN) == "no row of product_routes names ETHUSDT-PERP"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"products": ["A"], "venue": "okx"}, "product_routes[0].venue"),
        ({"products": ["A"], "venue": "cme", "calendars": ["nyse"]}, "product_routes[0].calendars"),
        ({"products": [], "venue": "cme"}, "product_routes[0].products"),
        ({"products": ["A"], "venue": "cme", "session": "x"}, "product_routes[0].session"),
    ],
)
def test_a_row_that_means_nothing_is_refused_by_setting(row: dict[str, Any], field: str) -> None:
    venue = {"wire": "okx", "markets": {}}
    with pytest.raises(BadInput) as refusal:
        settings_of(read_defaults(), {"venues": {"okx": venue}, "product_routes": [row]})
    assert refusal.value.field == field


def test_the_command_says_where_an_order_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, orders = tmp_path / "broker.toml", tmp_path / "orders"
    config.write_text(
        '[venues.cme]\nwire = "fix"\n[venues.cme.markets.BTC-CME]\nsymbol = "BTCZ6"\nkind = "linear_perpetual"\n'
        'base = "BTC"\nquote = "USD"\ntick = "5"\nlot = "1"\nmark = "1"\n'
        '[[product_routes]]\nproducts = ["BTC-CME"]\nvenue = "cme"\ncalendars = ["cme"]\n'
        '[calendars.cme]\ninstruments = []\ntimezone = "America/Chicago"\n'
        '[calendars.cme.times]\n"08:30" = ["continuous"]\n"15:00" = ["closed"]\n'
    )
    rows = [{"id": 1, "product": "BTC-CME", "time": "2026-11-30T15:00:00Z"}]
    rows += [{"id": 2, "product": "BTC-CME", "time": "2026-11-30T23:00:00Z"}, {"id": 3, "product": "NOVA"}]
    orders.write_text("\n".join(json.dumps(row) for row in rows))
    assert main(["venue", "route", "--config", str(config), "--orders", str(orders)]) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["venue"], row["wire"], row["refused"]) for row in told] == [
        (1, "cme", "fix", ""),
        (2, None, None, "venue_closed"),
        (3, None, None, ""),
    ]
    assert (
        main(["venue", "route", "--config", str(config), "--product", "BTC-CME", "--at", "2026-11-30T15:00:00Z"]) == 0
    )


def test_the_settings_of_the_guide_are_settings() -> None:
    guide = Path(__file__).parents[3] / "docs/guide/venue-wires.md"
    blocks = re.findall(r"```toml\n(.*?)```", guide.read_text(), re.DOTALL)
    settings = settings_of(read_defaults(), tomllib.loads("\n".join(blocks)))
    table = ProductRoutes(settings.product_routes, settings.calendars, settings.venues)
    found = table.route("BTC-CME", "client:fund-1", OPEN)
    assert found is not None and found.venue == "cme"
    assert LiveMarkets(settings.venues, no_desk).listing()[0]["instrument"] == "BTCUSDT-PERP"


def no_desk(name: str, terms: VenueTerms, orders: OrdersAtVenue) -> Any:
    raise AssertionError("nothing is opened here")
