"""Requests, responses, negotiated sales and sealed bids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import gate, matching, session
from .books import Order
from .state import State
from .values import LIMIT, NEGOTIATED_TRADE, REQUEST, RESPONSE, SEALED, Carry, Instrument

FIRST_PRICE, SECOND_PRICE, UNIFORM_PRICE = 1, 2, 3


def check_accept_quote(state: State, command: Any) -> Iterator[Any]:
    if command.account and command.account not in state.ledger.kinds:
        yield "unknown_account"
    yield state.memory.ask(command.account, command.client_id, command)
    response = state.orders.get(command.response)
    if response is None:
        yield "unknown_order"
        return
    if response.kind != RESPONSE:
        yield "unknown_request"
        return
    request, instrument = state.orders[response.request], state.instruments[response.instrument]
    if command.account not in (0, request.account):
        yield "not_your_order"
    if instrument.rules["book"] == SEALED:
        yield "wrong_book"
    yield from _open(state, instrument)
    most = min(request.left, response.left)
    if command.quantity < 0:
        yield "quantity_not_positive"
    if command.quantity > most:
        yield "quantity_too_large"
    if command.quantity % instrument.terms.lot:
        yield "off_lot"
    if request.price and not request.meets(response.price):
        yield "bad_terms"
    yield from _affords(state, request, response.price, command.quantity or most)


def _open(state: State, instrument: Instrument) -> Iterator[str]:
    yield from session.takes_orders(state, instrument)
    if instrument.state != "continuous":
        yield "wrong_session"


def _affords(state: State, request: Order, price: int, quantity: int) -> Iterator[str]:
    """May the one who asked trade so much at this price? As for an order of that size with that limit."""
    carry = Carry(request.carry.value, request.carry.fee)
    terms = {"kind": LIMIT, "price": price, "quantity": request.filled + quantity}
    order = replace(request, **terms, carry=carry, unheld=state.is_unheld(request))
    return gate.affords(state, order, request)


def accept_quote(state: State, command: Any) -> Iterator[Any]:
    response = state.orders[command.response]
    request = state.orders[response.request]
    quantity = command.quantity or min(request.left, response.left)
    yield from matching.exchange(state, response, request, response.price, quantity, NEGOTIATED_TRADE)


def clear_responses(state: State, number: int) -> Iterator[Any]:
    """A response whose request is gone goes too; the first by number."""
    for _, order in sorted(state.orders.items()):
        if order.kind == RESPONSE and order.instrument == number and order.request not in state.orders:
            yield state.cancel(order, "cleared")
            return


def check_clear_sealed(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if instrument.rules["book"] != SEALED:
        yield "wrong_book"
    yield from _open(state, instrument)


def clear_sealed(state: State, command: Any) -> Iterator[Any]:
    """Every lot on offer, by number: its bids are awarded, and it goes."""
    for _, request in sorted(state.orders.items()):
        if request.kind == REQUEST and request.instrument == command.instrument:
            yield from _award(state, request)


def _award(state: State, request: Order) -> Iterator[Any]:
    """Best price first, then time, not under the reserve; until nothing is left."""
    bids = [order for order in state.orders.values() if order.kind == RESPONSE and order.request == request.id]
    ranked = sorted((bid for bid in bids if bid.price >= request.price), key=lambda bid: (-bid.price, bid.id))
    left, awards = request.left, []
    for bid in ranked:
        if left:
            awards.append((bid, min(left, bid.left)))
            left -= min(left, bid.left)
    rule = state.instruments[request.instrument].rules["sealed_price"]
    prices = [_price(rule, request, ranked, awards[-1][0], bid) for bid, _ in awards]
    for (bid, quantity), price in zip(awards, prices, strict=True):
        if any(_affords(state, request, price, quantity)):
            yield state.cancel(request, "funds")
            return
        yield from matching.exchange(state, bid, request, price, quantity, NEGOTIATED_TRADE)
    if request.id in state.orders:
        yield state.cancel(request, "cleared")


def _price(rule: int, request: Order, ranked: list[Order], last: Order, bid: Order) -> int:
    """First price: one's own. Uniform: the lowest that wins. Second: that of the next bidder, else the reserve."""
    if rule == FIRST_PRICE:
        return bid.price
    if rule == UNIFORM_PRICE:
        return last.price
    later = ranked[ranked.index(bid) + 1 :]
    return next((other.price for other in later if other.account != bid.account), request.price or bid.price)
