"""The bridge's requests through the gateways' one order entry, and orders as the bridge is told of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from isthmus.gateways.access import Access
from isthmus.gateways.amounts import own_account
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.keys import Identity
from isthmus.gateways.mt4.codec import document_of
from isthmus.gateways.mt4.messages import BridgeAnswer, BridgeOrder, Cancel, Query, StatusNotice
from isthmus.gateways.mt4.session import refused
from isthmus.gateways.problems import Refusal
from isthmus.gateways.render import Renderer
from isthmus.gateways.shapes import NewOrder, Order
from isthmus.gateways.submission import Asker
from isthmus.kernel.ids import account_id
from isthmus.refdata.directory import Directory
from isthmus.views.orders import OrderRow
from isthmus.views.views import Views

GATEWAY = "mt4"
OWN = "own"
"""As the account of a login: the account of the key that logged on."""
_PREFIX = "mt4:"
_STATUSES = {"open": "OPEN", "filled": "FILLED", "cancelled": "CANCELLED", "rejected": "REJECTED"}


class SymbolTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An MT4 symbol: what is traded here, and how much of its base one lot is."""

    instrument: str
    lot: Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,9})?$")] = "100000"


class Terms(msgspec.Struct, frozen=True):
    """Symbols and logins that are known, by the bridge's names; a login's account is "acc-16" or "own"."""

    symbols: dict[str, SymbolTerms]
    logins: dict[str, str]


class Around(msgspec.Struct, frozen=True):
    """What the desk stands on."""

    entry: OrderEntry
    access: Access
    directory: Directory
    views: Views
    renderer: Renderer


class Desk:
    """Answers each request; nothing is raised for what a bridge may do wrong."""

    def __init__(self, around: Around, terms: Terms) -> None:
        self._around = around
        self._terms = terms

    async def answer(self, identity: Identity, request: BridgeOrder | Cancel | Query) -> BridgeAnswer:
        """What became of it, when it is durable."""
        try:
            self._around.access.charge(identity)
            account = self._account(identity, request.login)
            if isinstance(request, BridgeOrder):
                row = await self._place(identity, account, request)
            else:
                row = self._row(account, request)
                if isinstance(request, Cancel):
                    row = await self._around.entry.cancel(row, self._asker(identity, request))
        except Refusal as refusal:
            return refused(request.ticket, refusal.reason, refusal.detail)
        return self._told(request.ticket, row)

    def notice(self, row: OrderRow) -> StatusNotice | None:
        """How an order of the bridge stands now; None for anybody else's."""
        if not row.client_order_id.startswith(_PREFIX):
            return None
        login, _, ticket = row.client_order_id.removeprefix(_PREFIX).partition(":")
        answer = self._told(ticket, row)
        return StatusNotice(
            login=login,
            ticket=ticket,
            order=answer.order or "",
            status=answer.status,
            volume=answer.volume or "0",
            filled=answer.filled or "0",
            average_price=answer.average_price,
        )

    async def _place(self, identity: Identity, account: int, order: BridgeOrder) -> OrderRow:
        symbol = self._symbol(order.symbol)
        market = order.type in ("MARKET", "STOP")
        tif = (order.time_in_force or ("IOC" if order.type == "MARKET" else "GTC")).lower()
        terms: dict[str, Any] = {"type": order.type.lower(), "time_in_force": tif}
        if market and order.price is not None:
            raise Refusal(422, "price_on_market", f"a {order.type} order has no Price", field="Price")
        wanted = NewOrder(
            instrument=symbol.instrument,
            side="buy" if order.side == "BUY" else "sell",
            quantity=_plain(Decimal(order.volume) * Decimal(symbol.lot)),
            price=order.price,
            stop_price=order.stop_price,
            client_order_id=_name_of(order.login, order.ticket),
            account=account_id(account),
            **terms,
        )
        return await self._around.entry.place(wanted, self._asker(identity, order))

    def _asker(self, identity: Identity, request: BridgeOrder | Cancel | Query) -> Asker:
        return Asker(identity, GATEWAY, document_of(request))

    def _account(self, identity: Identity, login: str) -> int:
        """The account that the login trades for. Raises Refusal."""
        account = self._terms.logins.get(login)
        if account is None:
            raise Refusal(422, "unknown_login", "no account is set for this login", field="Login", value=login)
        return own_account(self._around.directory, identity, None if account == OWN else account)

    def _symbol(self, name: str) -> SymbolTerms:
        symbol = self._terms.symbols.get(name)
        if symbol is None:
            raise Refusal(422, "unknown_symbol", "no instrument is set for this symbol", field="Symbol", value=name)
        return symbol

    def _row(self, account: int, request: Cancel | Query) -> OrderRow:
        """The order of a ticket. Raises Refusal 404."""
        row = self._around.views.orders.by_client_id(account, _name_of(request.login, request.ticket))
        if row is None:
            raise Refusal(
                404, "unknown_order", "there is no order of this ticket", field="Ticket", value=request.ticket
            )
        return row

    def _told(self, ticket: str, row: OrderRow) -> BridgeAnswer:
        order = self._around.renderer.order(row)
        lot = self._lot(order)
        return BridgeAnswer(
            ticket,
            _STATUSES.get(order.status, "PENDING"),  # type: ignore[arg-type]
            order=order.id,
            volume=_plain(Decimal(order.quantity) / lot),
            filled=_plain(Decimal(order.filled) / lot),
            average_price=order.average_price,
            reason=order.reason,
        )

    def _lot(self, order: Order) -> Decimal:
        lots = (Decimal(terms.lot) for terms in self._terms.symbols.values() if terms.instrument == order.instrument)
        return next(lots, Decimal(1))


def _name_of(login: str, ticket: str) -> str:
    return f"{_PREFIX}{login}:{ticket}"


def _plain(number: Decimal) -> str:
    """Without exponent and trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
