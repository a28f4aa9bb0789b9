"""alpaca-py on recorded venues: a replacement waits for the venue, and every event is told. Needs ISTHMUS_TEST_DATA."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alpaca.data.historical import CryptoHistoricalDataClient
from alpaca.data.requests import CryptoLatestQuoteRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderStatus
from alpaca.trading.models import TradeUpdate
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest
from alpaca.trading.stream import TradingStream
from tests.e2e.server import Broker

WAIT_S = 20
PAIR, PERPETUAL = "BTC/USDT", "BTCUSDT-PERP"


@pytest.fixture(scope="module")
def recorded(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    running = Broker(tmp_path_factory.mktemp("recorded") / "data", "--markets", str(test_data / "crypto_l2"))
    yield running
    assert running.stop() == 0


def wait(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("symbol", [PAIR, PERPETUAL])
def test_an_order_at_a_recorded_venue_is_replaced_cancelled_and_filled(recorded: Broker, symbol: str) -> None:
    key = recorded.keys()["client"]
    secrets = (key["key_id"], key["secret"])
    url = recorded.ready["alpaca"]
    client = TradingClient(*secrets, url_override=url)
    stream = TradingStream(*secrets, url_override=url.replace("http://", "ws://") + "/stream")
    events: list[TradeUpdate] = []

    async def take(event: TradeUpdate) -> None:
        events.append(event)

    stream.subscribe_trade_updates(take)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    wait(lambda: stream._running)
    time.sleep(0.2)

    latest = CryptoLatestQuoteRequest(symbol_or_symbols=symbol)
    quote = CryptoHistoricalDataClient(url_override=url).get_crypto_latest_quote(latest)[symbol]
    low = int(quote.bid_price * 0.8)
    order = {"symbol": symbol, "qty": 0.02, "side": "buy", "time_in_force": "gtc"}
    first = client.submit_order(LimitOrderRequest(**order, limit_price=low))
    second = client.replace_order_by_id(first.id, ReplaceOrderRequest(limit_price=low - 5))
    assert second.replaces == first.id
    wait(lambda: client.get_order_by_id(second.id).status == OrderStatus.NEW)
    replaced = client.get_order_by_id(first.id)
    assert (replaced.status, replaced.replaced_by) == (OrderStatus.REPLACED, second.id)
    client.cancel_order_by_id(second.id)
    wait(lambda: client.get_order_by_id(second.id).status == OrderStatus.CANCELED)
    bought = client.submit_order(MarketOrderRequest(**order))
    wait(lambda: client.get_order_by_id(bought.id).status == OrderStatus.FILLED)
    wait(lambda: bool(events) and events[-1].event == "fill")
    told = [event.event for event in events if event.event != "partial_fill"]
    assert told == ["new", "pending_replace", "replaced", "pending_cancel", "canceled", "new", "fill"]
    assert float(client.get_open_position(symbol).qty) >= 0.02
    stream.stop()
    thread.join(WAIT_S)
