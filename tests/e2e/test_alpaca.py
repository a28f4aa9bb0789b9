"""Unmodified alpaca-py against a running server: account, orders, positions, market data, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestOrderbookRequest,
    CryptoLatestQuoteRequest,
    CryptoSnapshotRequest,
    CryptoTradesRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetClass, OrderStatus, PositionSide, QueryOrderStatus
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopOrderRequest,
    TakeProfitRequest,
)
from tests.e2e.server import Broker

PERPETUAL = "BTC-USD-PERP"
FAR = {"ACME": 400.25, "BTC/USD": 40_000.5, PERPETUAL: 40_000.5, "EUR/USD": 1.1}
"""Prices that nobody sells at."""


def trading(broker: Broker) -> TradingClient:
    key = broker.keys()["client"]
    return TradingClient(key["key_id"], key["secret"], url_override=broker.ready["alpaca"])


def limit(symbol: str = "ACME", **more: Any) -> LimitOrderRequest:
    fields = {"symbol": symbol, "qty": 3, "side": "buy", "time_in_force": "gtc", "limit_price": FAR[symbol]}
    return LimitOrderRequest(**fields | more)


def market(symbol: str, qty: float | None, side: str = "buy", **more: Any) -> MarketOrderRequest:
    return MarketOrderRequest(**{"symbol": symbol, "qty": qty, "side": side, "time_in_force": "day"} | more)


def refused(ask: Callable[[], Any], status: int, code: int) -> str:
    """The message of the refusal."""
    with pytest.raises(APIError) as caught:
        ask()
    assert (caught.value.status_code, caught.value.code) == (status, code)
    return str(caught.value.message)


@pytest.fixture(scope="module")
def client(broker: Broker) -> TradingClient:
    return trading(broker)


@pytest.fixture(scope="module")
def stocks(broker: Broker, traded: None) -> StockHistoricalDataClient:
    key = broker.keys()["client"]
    return StockHistoricalDataClient(key["key_id"], key["secret"], url_override=broker.ready["alpaca"])


@pytest.fixture(scope="module")
def others(broker: Broker, traded: None) -> CryptoHistoricalDataClient:
    """Without a key: clients of this protocol read these markets so."""
    return CryptoHistoricalDataClient(url_override=broker.ready["alpaca"])


@pytest.fixture(scope="module")
def traded(client: TradingClient) -> None:
    """Everything has traded at least twice."""
    for symbol, quantity in (("ACME", 2), ("BTC/USD", 0.002), ("EUR/USD", 1000), (PERPETUAL, 0.002)):
        for _ in range(2):
            client.submit_order(market(symbol, quantity))


@pytest.fixture
def raw(broker: Broker) -> Iterator[httpx.Client]:
    key = broker.keys()["client"]
    headers = {"APCA-API-KEY-ID": key["key_id"], "APCA-API-SECRET-KEY": key["secret"]}
    with httpx.Client(base_url=broker.ready["alpaca"], headers=headers, timeout=30) as made:
        yield made


def test_the_account_is_cash_and_holdings_at_the_prices_of_now(client: TradingClient) -> None:
    account = client.get_account()
    assert (account.currency, account.status.value, account.trading_blocked) == ("USD", "ACTIVE", False)
    worth = float(account.cash) + float(account.long_market_value)
    assert float(account.equity) == pytest.approx(worth, rel=1e-4)
    assert float(account.portfolio_value) == float(account.equity)
    before = float(account.buying_power)
    order = client.submit_order(limit())
    assert before - float(client.get_account().buying_power) == pytest.approx(3 * 400.25, rel=1e-3)
    client.cancel_order_by_id(order.id)
    assert float(client.get_account().buying_power) == before
    assert client.get_portfolio_history().equity == [pytest.approx(float(account.equity), rel=1e-3)]
    assert client.set_account_configurations(client.get_account_configurations()).suspend_trade is False


def test_assets_have_the_classes_of_the_protocol(client: TradingClient) -> None:
    found = {asset.symbol: asset.asset_class for asset in client.get_all_assets()}
    assert found == {
        "ACME": AssetClass.US_EQUITY,
        "EUR/USD": AssetClass.CRYPTO,
        "BTC/USD": AssetClass.CRYPTO,
        PERPETUAL: AssetClass.CRYPTO_PERP,
    }
    perpetuals = client.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO_PERP))
    assert [asset.symbol for asset in perpetuals] == [PERPETUAL]
    pair = client.get_asset("BTC/USD")
    assert pair.id == client.get_asset("BTCUSD").id == client.get_asset(pair.id).id
    assert (pair.min_order_size, pair.price_increment, pair.fractionable, pair.tradable) == (0.0001, 0.01, True, True)
    refused(lambda: client.get_asset("NOPE"), 404, 40_410_000)


def test_the_market_never_closes_and_a_day_ends_at_midnight_utc(client: TradingClient) -> None:
    clock = client.get_clock()
    assert clock.is_open
    assert abs(clock.timestamp - datetime.now(UTC)) < timedelta(seconds=30)
    assert (clock.next_close.hour, clock.next_close.minute, clock.next_close.utcoffset()) == (0, 0, timedelta(0))
    days = client.get_calendar(GetCalendarRequest(start=date(2026, 2, 27), end=date(2026, 3, 2)))
    assert [day.date.day for day in days] == [27, 28, 1, 2]


@pytest.mark.parametrize("symbol", list(FAR))
def test_a_limit_order_rests_is_replaced_and_cancelled(client: TradingClient, symbol: str) -> None:
    quantity = 3000 if symbol == "EUR/USD" else 3
    first = client.submit_order(limit(symbol, qty=quantity, client_order_id=f"first {symbol}", time_in_force="day"))
    assert (first.status, first.symbol, float(first.limit_price)) == (OrderStatus.NEW, symbol, FAR[symbol])
    assert first.expires_at is not None

    second = client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=quantity // 3, limit_price=FAR[symbol] - 0.1))
    assert (second.status, second.replaces, float(second.qty)) == (OrderStatus.NEW, first.id, quantity // 3)
    assert second.id != first.id
    before = client.get_order_by_id(first.id)
    assert (before.status, before.replaced_by, float(before.qty)) == (OrderStatus.REPLACED, second.id, quantity)
    assert client.get_order_by_client_id(f"first {symbol}").id == first.id
    message = refused(lambda: client.cancel_order_by_id(first.id), 422, 42_210_000)
    assert "replaced" in message

    third = client.replace_order_by_id(second.id, ReplaceOrderRequest(qty=quantity, client_order_id=f"third {symbol}"))
    assert client.get_order_by_client_id(f"third {symbol}").id == third.id
    assert [order.id for order in client.get_orders(GetOrdersRequest(symbols=[symbol]))] == [third.id]
    client.cancel_order_by_id(third.id)
    over = client.get_order_by_id(third.id)
    assert (over.status, over.canceled_at is not None) == (OrderStatus.CANCELED, True)
    every = client.get_orders(GetOrdersRequest(symbols=[symbol], status=QueryOrderStatus.CLOSED, limit=3))
    assert {order.id for order in every} == {first.id, second.id, third.id}


def test_orders_are_listed_by_time_side_and_direction(client: TradingClient) -> None:
    made = [client.submit_order(limit(qty=quantity)) for quantity in (1, 2, 3)]
    newest = client.get_orders(GetOrdersRequest(limit=2))
    assert [order.id for order in newest] == [made[2].id, made[1].id]
    oldest = client.get_orders(GetOrdersRequest(limit=2, direction="asc"))
    assert [order.id for order in oldest] == [made[0].id, made[1].id]
    after = client.get_orders(GetOrdersRequest(after=made[0].submitted_at + timedelta(microseconds=1)))
    assert made[0].id not in {order.id for order in after} and made[2].id in {order.id for order in after}
    assert client.get_orders(GetOrdersRequest(side="sell")) == []
    answers = client.cancel_orders()
    assert {answer.id for answer in answers} == {order.id for order in made}
    assert {answer.status for answer in answers} == {200}
    assert client.get_orders() == []


@pytest.mark.parametrize(("symbol", "quantity"), [("ACME", 5), ("BTC/USD", 0.0123), (PERPETUAL, 0.05)])
def test_a_market_order_is_filled_and_its_position_has_cost_and_profit(
    client: TradingClient, symbol: str, quantity: float
) -> None:
    before = {row.symbol: float(row.qty) for row in client.get_all_positions()}.get(symbol, 0.0)
    order = client.submit_order(market(symbol, quantity))
    filled = client.get_order_by_id(order.id)
    assert (filled.status, float(filled.filled_qty), filled.filled_at is not None) == (
        OrderStatus.FILLED,
        quantity,
        True,
    )
    position = client.get_open_position(symbol)
    assert float(position.qty) == pytest.approx(before + quantity)
    assert position.side == PositionSide.LONG
    open_profit = (float(position.current_price) - float(position.avg_entry_price)) * float(position.qty)
    assert float(position.unrealized_pl) == pytest.approx(open_profit, abs=0.02)
    assert float(position.cost_basis) == pytest.approx(float(position.avg_entry_price) * float(position.qty), rel=1e-6)
    fill = client.get("/account/activities/FILL", {"page_size": 1})[0]
    assert (fill["order_id"], fill["symbol"], fill["leaves_qty"]) == (str(order.id), symbol, "0")


def test_a_position_is_closed_in_part_and_whole_and_turns_profit_into_money(client: TradingClient) -> None:
    client.submit_order(market(PERPETUAL, 0.4))
    held = float(client.get_open_position(PERPETUAL).qty)
    part = client.close_position(PERPETUAL, ClosePositionRequest(percentage="50"))
    assert float(part.filled_qty) == pytest.approx(held / 2, abs=0.001)
    whole = client.close_position(PERPETUAL)
    assert whole.status == OrderStatus.FILLED
    refused(lambda: client.get_open_position(PERPETUAL), 404, 40_410_000)
    short = client.submit_order(market(PERPETUAL, 0.01, side="sell"))
    assert short.status == OrderStatus.FILLED
    position = client.get_open_position(PERPETUAL)
    assert (position.side, float(position.qty)) == (PositionSide.SHORT, -0.01)
    assert client.close_position(PERPETUAL).side.value == "buy"


def test_an_amount_of_money_buys_whole_lots(client: TradingClient) -> None:
    order = client.submit_order(market("BTC/USD", None, notional=1000))
    assert order.status == OrderStatus.FILLED
    assert float(order.filled_qty) * float(order.filled_avg_price) == pytest.approx(1000, abs=10)
    refused(lambda: client.submit_order(market("ACME", None, notional=1)), 422, 42_210_000)


@pytest.mark.parametrize(
    ("wanted", "status", "code", "word"),
    [
        (limit(qty=3.5), 422, 42_210_000, "qty"),
        (limit(limit_price=400.123), 422, 42_210_000, "limit_price"),
        (limit(qty=10**7), 403, 40_310_000, "insufficient"),
        (limit(side="sell", qty=10**6), 403, 40_310_000, "insufficient"),
        (limit(symbol="ACME", time_in_force="opg"), 422, 42_210_000, "time_in_force"),
        (market("NOPE", 1), 422, 42_210_000, "symbol"),
        (market("ACME", -1), 422, 42_210_000, "qty"),
        (market("ACME", 1, position_intent="sell_to_close"), 422, 42_210_000, "position_intent"),
        (market(PERPETUAL, 1, position_intent="buy_to_close"), 422, 42_210_000, "position_intent"),
        (
            StopOrderRequest(symbol="ACME", qty=1, side="buy", time_in_force="day", stop_price=9),
            422,
            42_210_000,
            "stop",
        ),
        (
            market("ACME", 1, order_class="oto", take_profit=TakeProfitRequest(limit_price=600)),
            422,
            42_210_000,
            "order_class",
        ),
    ],
)
def test_what_is_refused_says_why(client: TradingClient, wanted: Any, status: int, code: int, word: str) -> None:
    assert word in refused(lambda: client.submit_order(wanted), status, code)


def test_a_client_order_id_is_unique_in_orders_and_replacements(client: TradingClient) -> None:
    order = client.submit_order(limit(client_order_id="only one"))
    for again in (limit(client_order_id="only one"), limit(client_order_id="only one", qty=9)):
        assert "unique" in refused(lambda wanted=again: client.submit_order(wanted), 422, 40_010_001)  # type: ignore[misc]
    change = ReplaceOrderRequest(qty=2, client_order_id="only one")
    refused(lambda: client.replace_order_by_id(order.id, change), 422, 40_010_001)
    client.cancel_order_by_id(order.id)
    refused(lambda: client.submit_order(limit(client_order_id="only one")), 422, 40_010_001)


def test_a_wrong_key_and_a_foreign_order_are_refused(broker: Broker, client: TradingClient) -> None:
    key = broker.keys()["client"]
    for key_id, secret in ((key["key_id"], "wrong"), ("IKNOBODY", key["secret"])):
        stranger = TradingClient(key_id, secret, url_override=broker.ready["alpaca"])
        refused(stranger.get_account, 401, 40_110_000)
    basic = httpx.get(broker.ready["alpaca"] + "/v2/account", auth=(key["key_id"], key["secret"]))
    assert basic.json()["id"] == str(client.get_account().id)
    for unknown in (UUID(int=1), client.get_asset("ACME").id):
        refused(lambda order=unknown: client.get_order_by_id(order), 404, 40_410_000)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 400, ""),
        (b"[]", 400, "object"),
        (b'{"symbol":"ACME"}', 400, "side"),
        (b'{"symbol":"ACME","side":"hold","type":"market","time_in_force":"day","qty":1}', 400, "buy, sell"),
        (b'{"symbol":"ACME","side":"buy","type":"market","time_in_force":"day","qty":"NaN"}', 422, "qty"),
        (b'{"symbol":"ACME","side":"buy","type":"market","time_in_force":"day","qty":1e999}', 422, "qty"),
        (b'{"symbol":"ACME","side":"buy","type":"market","time_in_force":"day","qty":1,"notional":1}', 422, "notional"),
        (b'{"symbol":"ACME","side":"buy","type":"market","time_in_force":"day","quantity":1}', 400, "quantity"),
        (b'{"symbol":"ACME","side":"buy","type":"limit","time_in_force":"day","qty":1}', 422, "limit_price"),
        (b'{"symbol":"' + b"A" * 100_000 + b'"}', 413, ""),
        (b"\xff\xfe", 400, ""),
    ],
)
def test_a_bad_body_is_refused_in_the_protocols_form(raw: httpx.Client, body: bytes, status: int, word: str) -> None:
    answer = raw.post("/v2/orders", content=body)
    assert (answer.status_code, answer.json()["code"] // 100_000) == (status, status)
    assert word in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/nothing", 404),
        ("PUT", "/v2/orders", 405),
        ("GET", "/v2/orders?limit=501", 400),
        ("GET", "/v2/orders?after=yesterday", 400),
        ("GET", "/v2/orders/ord-1", 404),
        ("GET", "/v2/stocks/bars?symbols=BTC/USD", 400),
        ("GET", "/v2/stocks/bars?symbols=ACME&timeframe=61Min", 400),
        ("GET", "/v2/stocks/trades?symbols=ACME&page_token=AAAA", 400),
        ("GET", "/v2/stocks/trades", 400),
        ("GET", "/v1beta3/crypto/us/bars?symbols=ACME", 400),
        ("DELETE", "/v2/positions/ACME?percentage=101", 422),
        ("DELETE", "/v2/positions/ACME?qty=0", 422),
    ],
)
def test_a_bad_question_is_refused_in_the_protocols_form(
    raw: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = raw.request(method, path)
    assert (answer.status_code, answer.json()["code"] // 100_000) == (status, status), answer.text
    assert answer.json()["message"]


def test_shares_have_bars_trades_quotes_and_snapshots(stocks: StockHistoricalDataClient) -> None:
    minute = stocks.get_stock_bars(StockBarsRequest(symbol_or_symbols="ACME", timeframe=TimeFrame.Minute))["ACME"]
    quarter = TimeFrame(15, TimeFrameUnit.Minute)
    longer = stocks.get_stock_bars(StockBarsRequest(symbol_or_symbols=["ACME"], timeframe=quarter))["ACME"]
    assert sum(bar.volume for bar in minute) <= sum(bar.volume for bar in longer)
    assert all(bar.timestamp.minute % 15 == 0 for bar in longer)
    assert all(bar.low <= bar.vwap <= bar.high for bar in minute)
    trades = stocks.get_stock_trades(StockTradesRequest(symbol_or_symbols="ACME"))["ACME"]
    assert len({trade.id for trade in trades}) == len(trades) >= 2
    assert trades == sorted(trades, key=lambda trade: trade.timestamp)
    quotes = stocks.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="ACME", limit=5))["ACME"]
    assert 1 <= len(quotes) <= 5
    quote = stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="ACME"))["ACME"]
    assert 0 < quote.bid_price < quote.ask_price
    trade = stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="ACME"))["ACME"]
    bar = stocks.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="ACME"))["ACME"]
    assert trade.price == pytest.approx(bar.close, rel=0.01)
    snapshot = stocks.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="ACME"))["ACME"]
    assert snapshot.daily_bar.volume >= snapshot.minute_bar.volume
    assert snapshot.previous_daily_bar is None


def test_other_markets_have_bars_trades_quotes_books_and_snapshots(others: CryptoHistoricalDataClient) -> None:
    names = ["BTC/USD", "EUR/USD", PERPETUAL]
    bars = others.get_crypto_bars(CryptoBarsRequest(symbol_or_symbols=names, timeframe=TimeFrame.Minute))
    assert set(bars.data) == set(names)
    assert len(bars.df) >= 3
    quotes = others.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols=names))
    assert all(quotes[name].bid_price < quotes[name].ask_price for name in names)
    book = others.get_crypto_latest_orderbook(CryptoLatestOrderbookRequest(symbol_or_symbols="BTC/USD"))["BTC/USD"]
    assert [row.price for row in book.bids] == sorted((row.price for row in book.bids), reverse=True)
    assert book.bids[0].price < book.asks[0].price
    snapshot = others.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols=PERPETUAL))[PERPETUAL]
    assert snapshot.latest_trade.price > 0


def test_pages_give_every_row_once_over_all_symbols(others: CryptoHistoricalDataClient) -> None:
    until = datetime.now(UTC).replace(tzinfo=None)
    asked = {"symbol_or_symbols": ["BTC/USD", "EUR/USD", PERPETUAL], "end": until}
    whole = others.get_crypto_trades(CryptoTradesRequest(**asked)).data
    expected = [(name, trade.id) for name, trades in sorted(whole.items()) for trade in trades]
    pages: list[tuple[str, int]] = []
    query = {"symbols": f"BTC/USD,EUR/USD,{PERPETUAL}", "end": until.isoformat() + "Z", "limit": 2}
    for _ in range(len(expected) + 4):
        page = others.get("/crypto/us/trades", query)
        pages += [(name, trade["i"]) for name, trades in page["trades"].items() for trade in trades]
        query["page_token"] = page["next_page_token"]
        if page["next_page_token"] is None:
            break
    assert pages == expected
    falling = others.get("/crypto/us/trades", {"symbols": "BTC/USD", "sort": "desc", "limit": 2})["trades"]["BTC/USD"]
    assert falling[0]["t"] >= falling[1]["t"]


def test_ids_survive_a_restart_and_the_rate_has_a_limit(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("again") / "data"
    settings = "[limits]\nrate_per_s = 5\nrate_burst = 20\n"
    running = Broker(data, settings=settings)
    client = trading(running)
    first = client.submit_order(limit(client_order_id="before"))
    second = client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=1, client_order_id="after"))
    assert running.stop() == 0
    running = Broker(data, settings=settings)
    try:
        client = trading(running)
        assert client.get_order_by_id(first.id).replaced_by == second.id
        assert client.get_order_by_client_id("after").id == second.id
        key = running.keys()["client"]
        headers = {"APCA-API-KEY-ID": key["key_id"], "APCA-API-SECRET-KEY": key["secret"]}
        with httpx.Client(base_url=running.ready["alpaca"], headers=headers, timeout=30) as raw:
            answers = [raw.get("/v2/clock") for _ in range(40)]
        refusals = [answer for answer in answers if answer.status_code == 429]
        assert refusals and refusals[0].json()["code"] == 42_910_000
        assert refusals[0].headers["x-ratelimit-remaining"] == "0"
        time.sleep(1)
        assert client.get_clock().is_open
    finally:
        assert running.stop() == 0
