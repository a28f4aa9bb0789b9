"""A small Binance Futures of our own: the documented requests, answers and events of orders, over a book that stands
still until it is told to move. It speaks texts and keeps no socket; tests put it behind one.
"""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

KEY, SECRET = "the-key", "the-secret"
SYMBOL = "BTCUSDT"

Answer = tuple[int, Any]


class Resting:
    """An order that the exchange has."""

    def __init__(self, number: int, params: dict[str, str], at: int) -> None:
        self.number, self.at = number, at
        self.symbol, self.side, self.client_id = params["symbol"], params["side"], params["newClientOrderId"]
        self.price, self.quantity = Decimal(params.get("price", "0")), Decimal(params["quantity"])
        self.time_in_force = params.get("timeInForce", "GTC")
        self.executed = Decimal(0)
        self.status = "NEW"

    def row(self) -> dict[str, Any]:
        return {
            "orderId": self.number,
            "symbol": self.symbol,
            "status": self.status,
            "clientOrderId": self.client_id,
            "price": str(self.price),
            "avgPrice": "0.00",
            "origQty": str(self.quantity),
            "executedQty": str(self.executed),
            "timeInForce": self.time_in_force,
            "type": "LIMIT",
            "side": self.side,
            "updateTime": self.at,
        }


class Exchange:
    """`events` are what the user stream would carry, `trades` what was executed."""

    def __init__(self) -> None:
        self.orders: dict[str, Resting] = {}
        self.trades: list[dict[str, Any]] = []
        self.events: list[bytes] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bids: list[list[str]] = [["30000.00", "5.000"]]
        self.asks: list[list[str]] = [["30000.10", "2.000"], ["30000.20", "10.000"]]
        self.update = 100
        self.now = 1_700_000_000_000
        self.window_ms = 5_000
        self.skew_ms = 0
        self.listen_keys = 0
        self.eth_tick = "0.01"

    def request(self, method: str, path: str, query: str, key: str | None) -> Answer:
        """Status and answer."""
        params = dict(parse_qsl(query))
        self.requests.append((method, path, params))
        if path == "/fapi/v1/time":
            return 200, {"serverTime": self.now + self.skew_ms}
        if path == "/fapi/v1/exchangeInfo":
            return 200, {
                "symbols": [self.listed("BTCUSDT", "BTC", "0.10"), self.listed("ETHUSDT", "ETH", self.eth_tick)]
            }
        if path == "/fapi/v1/depth":
            stamps = {"E": self.now, "T": self.now}
            return 200, {"lastUpdateId": self.update, "bids": self.bids, "asks": self.asks} | stamps
        if key != KEY:
            return 401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        if path == "/fapi/v1/listenKey":
            self.listen_keys += method == "POST"
            return 200, {"listenKey": f"listen{self.listen_keys}"}
        signed, _, signature = query.rpartition("&signature=")
        if not hmac.compare_digest(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest(), signature):
            return 400, {"code": -1022, "msg": "Signature for this request is not valid."}
        if abs(int(params["timestamp"]) - (self.now + self.skew_ms)) > int(params["recvWindow"]):
            return 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}
        if path == "/fapi/v1/userTrades":
            return 200, [row for row in self.trades if row["orderId"] == int(params["orderId"])]
        if path == "/fapi/v1/order":
            return {"POST": self._place, "DELETE": self._cancel, "GET": self._ask, "PUT": self._amend}[method](params)
        return 404, {"code": -1, "msg": "no such path"}

    def _place(self, params: dict[str, str]) -> Answer:
        if params["newClientOrderId"] in self.orders:
            return 400, {"code": -4116, "msg": "ClientOrderId is duplicated."}
        if Decimal(params["quantity"]) > 1_000:
            return 400, {"code": -2019, "msg": "Margin is insufficient."}
        order = Resting(len(self.orders) + 1, params, self.now)
        self.orders[order.client_id] = order
        taken = order.row()
        self.tell(order, "NEW")
        if params.get("timeInForce") == "GTX" and self._crossing(order):
            self._over(order, "EXPIRED")
        else:
            self._match(order)
        return 200, taken

    def _crossing(self, order: Resting) -> list[list[str]]:
        levels = self.asks if order.side == "BUY" else self.bids
        sign = 1 if order.side == "BUY" else -1
        return [level for level in levels if sign * Decimal(level[0]) <= sign * order.price and Decimal(level[1])]

    def _match(self, order: Resting) -> None:
        levels = self._crossing(order)
        enough = sum((Decimal(level[1]) for level in levels), Decimal(0)) >= order.quantity
        for level in levels if enough or order.time_in_force != "FOK" else []:
            quantity = min(order.quantity - order.executed, Decimal(level[1]))
            if quantity:
                level[1] = str(Decimal(level[1]) - quantity)
                self.fill(order, Decimal(level[0]), quantity, maker=False)
        if order.executed < order.quantity and order.time_in_force in ("IOC", "FOK"):
            self._over(order, "EXPIRED")

    def fill(self, order: Resting, price: Decimal, quantity: Decimal, *, maker: bool = True) -> None:
        """Somebody trades with it."""
        order.executed += quantity
        order.status = "FILLED" if order.executed == order.quantity else "PARTIALLY_FILLED"
        number = 9_000 + len(self.trades)
        row = {"symbol": order.symbol, "id": number, "orderId": order.number, "side": order.side, "price": str(price)}
        row |= {"qty": str(quantity), "commission": "0.1", "commissionAsset": "USDT", "time": self.now, "maker": maker}
        self.trades.append(row)
        self.tell(
            order, "TRADE", {"l": str(quantity), "L": str(price), "t": number, "m": maker, "n": "0.1", "N": "USDT"}
        )

    def _cancel(self, params: dict[str, str]) -> Answer:
        order = self.orders.get(params["origClientOrderId"])
        if order is None or order.status not in ("NEW", "PARTIALLY_FILLED"):
            return 400, {"code": -2011, "msg": "Unknown order sent."}
        self._over(order, "CANCELED")
        return 200, order.row()

    def _ask(self, params: dict[str, str]) -> Answer:
        order = self.orders.get(params["origClientOrderId"])
        return (200, order.row()) if order else (400, {"code": -2013, "msg": "Order does not exist."})

    def _amend(self, params: dict[str, str]) -> Answer:
        order = self.orders.get(params["origClientOrderId"])
        if order is None or order.status not in ("NEW", "PARTIALLY_FILLED"):
            return 400, {"code": -2013, "msg": "Order does not exist."}
        if Decimal(params["quantity"]) <= order.executed:
            return 400, {"code": -5027, "msg": "No need to modify the order."}
        order.price, order.quantity = Decimal(params["price"]), Decimal(params["quantity"])
        self.now += 1
        order.at = self.now
        self.tell(order, "AMENDMENT")
        answer = order.row()
        self._match(order)
        return 200, answer

    def _over(self, order: Resting, status: str) -> None:
        order.status = status
        self.tell(order, status)

    def tell(self, order: Resting, what: str, more: dict[str, Any] | None = None) -> None:
        """An event of the user stream."""
        told = {"s": order.symbol, "c": order.client_id, "S": order.side, "o": "LIMIT", "f": order.time_in_force}
        told |= {"q": str(order.quantity), "p": str(order.price), "ap": "0", "sp": "0", "x": what, "X": order.status}
        told |= {"i": order.number, "l": "0", "z": str(order.executed), "L": "0", "T": self.now, "t": 0, "m": False}
        event = {"e": "ORDER_TRADE_UPDATE", "E": self.now, "T": self.now, "o": told | (more or {})}
        self.events.append(msgspec.json.encode(event))

    @staticmethod
    def listed(symbol: str, base: str, tick: str, **more: Any) -> dict[str, Any]:
        """A row of exchangeInfo."""
        filters = [{"filterType": "PRICE_FILTER", "tickSize": tick}, {"filterType": "LOT_SIZE", "stepSize": "0.001"}]
        row = {
            "symbol": symbol,
            "contractType": "PERPETUAL",
            "baseAsset": base,
            "quoteAsset": "USDT",
            "status": "TRADING",
        }
        return row | {"marginAsset": "USDT", "deliveryDate": 4133404800000, "filters": filters} | more

    def depth(self) -> bytes:
        """The next message of the depth stream: the whole book as changed levels."""
        self.update += 1
        told = {"e": "depthUpdate", "E": self.now, "T": self.now, "s": SYMBOL, "U": self.update, "u": self.update}
        return msgspec.json.encode(told | {"pu": self.update - 1, "b": self.bids, "a": self.asks})
