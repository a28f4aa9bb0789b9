"""The end of contracts: final settlement, delivery, exercise, assignment. All of it goes through house:settlement."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import session
from .contracts import AMERICAN, Contract, delivered_future, quoted, trades
from .messages import effects
from .money import SETTLEMENT
from .perpetual import too_large
from .portfolio import covers
from .state import State
from .values import AMOUNT_MAX, CALL_RIGHT, Instrument


class Ends(NamedTuple):
    """What the end of a position moves, seen from its account; `lots` of the delivered future, at the strike."""

    cash: int = 0
    pays: int = 0
    base: int = 0
    lots: int = 0


def _at_expiry(state: State, instrument: Instrument, quantity: int, price: int) -> Ends:
    contract: Contract = instrument.contract
    if instrument.is_option:
        return _fulfilment(state, instrument, quantity, price) if contract.intrinsic(price) else Ends()
    way = price - contract.terms.floor - instrument.settlement_mark
    cash = way * quantity * instrument.num
    if not contract.physical:
        return Ends(cash)
    return Ends(cash, -price * quantity * instrument.num, quantity * contract.base_units)


def _fulfilment(state: State, instrument: Instrument, quantity: int, price: int) -> Ends:
    """What the option's use moves for an account that is long (short: negative) so many."""
    contract: Contract = instrument.contract
    if not contract.physical:
        return Ends(contract.intrinsic(price) * quantity * instrument.num)
    takes = quantity if contract.terms.right == CALL_RIGHT else -quantity
    future = delivered_future(state, contract)
    if future is None:
        return Ends(0, -contract.terms.strike * takes * instrument.num, takes * contract.base_units)
    way = quoted(future, future.settlement_mark) - contract.terms.strike
    return Ends(way * takes * future.num, lots=takes)


def _fits(state: State, instrument: Instrument, account: int, ends: Ends) -> bool:
    if not all(-AMOUNT_MAX - 1 <= amount <= AMOUNT_MAX for amount in (ends.cash, ends.pays, ends.base)):
        return False
    future = delivered_future(state, instrument.contract)
    if future is None or not ends.lots:
        return True
    pair = (account, future.number)
    return not too_large(future, state.positions.get(pair, 0) + ends.lots, state.live(*pair), 0)


def settlement_too_large(state: State, instrument: Instrument, price: int) -> bool:
    """Does an amount of the final settlement leave its limits?"""
    held = [(who, lots) for (who, number), lots in state.positions.items() if number == instrument.number]
    return not all(_fits(state, instrument, who, _at_expiry(state, instrument, lots, price)) for who, lots in held)


def settle_expiry(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    yield effects.ExpirySettled(command.instrument, command.price)
    held = sorted((who, lots) for (who, number), lots in state.positions.items() if number == command.instrument)
    for account, lots in held:
        ends = _at_expiry(state, instrument, lots, command.price)
        state.positions[account, instrument.number] = 0
        instrument.entries.pop(account, None)
        if lots:
            yield from _fulfil(state, instrument, account, ends)
    instrument.leverage.clear()
    instrument.contract.settled = True


def check_exercise(state: State, command: Any) -> Iterator[Any]:
    if command.account not in state.ledger.kinds:
        yield "unknown_account"
    if not state.ledger.trades(command.account):
        yield "account_not_trading"
    yield state.memory.ask(command.account, command.client_id, command)
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if instrument.contract is None:
        yield "no_contract"
        return
    yield from trades(instrument)
    if session.expired(state, instrument):
        yield "expired"
    if not instrument.is_option or instrument.contract.terms.style != AMERICAN:
        yield "not_exercisable"
    if command.quantity <= 0:
        yield "quantity_not_positive"
    if command.quantity > state.positions.get((command.account, command.instrument), 0):
        yield "quantity_too_large"
    yield from _can_be_used(state, instrument)
    yield from _can_fulfil(state, instrument, command)


def _can_be_used(state: State, instrument: Instrument) -> Iterator[str]:
    future = delivered_future(state, instrument.contract)
    if future:
        yield from trades(future)
    if instrument.contract.physical:
        return
    on = state.instruments[instrument.contract.terms.underlying]
    if not on.reference:
        yield "no_settlement_price"
    if not instrument.contract.intrinsic(quoted(on, on.reference)):
        yield "not_exercisable"


def _price(state: State, instrument: Instrument) -> int:
    """Of a cash option, what it is on costs now."""
    on = state.instruments.get(instrument.contract.terms.underlying)
    return quoted(on, on.reference) if on and not instrument.contract.physical else 0


def _can_fulfil(state: State, instrument: Instrument, command: Any) -> Iterator[str]:
    price = _price(state, instrument)
    for account, lots in assigned(state, instrument.number, command.quantity):
        if not _fits(state, instrument, account, _fulfilment(state, instrument, -lots, price)):
            yield "notional_too_large"
    ends = _fulfilment(state, instrument, command.quantity, price)
    if not _fits(state, instrument, command.account, ends):
        yield "notional_too_large"
    changes = [(instrument, -command.quantity)]
    future = delivered_future(state, instrument.contract)
    if future:
        changes.append((future, ends.lots))
    due = -ends.cash - ends.pays
    for changed, lots in changes:
        pair = (command.account, changed.number)
        together = covers(state, command.account, changed)
        after = state.own_hold(
            command.account, changed, state.positions.get(pair, 0) + lots, state.live(*pair), together
        )
        due += after - state.position_holds.get(pair, 0)
    quote, base = instrument.terms.quote, instrument.terms.base
    endless = state.ledger.endless(command.account, quote)
    if due > max(0, state.ledger.available(command.account, quote)) and not endless:
        yield "insufficient_funds"
    if -ends.base > max(0, state.ledger.own(command.account, base)):
        yield "insufficient_funds"


def exercise(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    price = _price(state, instrument)
    shares = assigned(state, instrument.number, command.quantity)
    moves = [(command.account, command.quantity), *((account, -lots) for account, lots in shares)]
    ends = [_fulfilment(state, instrument, lots, price) for _, lots in moves]
    yield effects.Exercised(command.account, command.instrument, command.quantity)
    for place, (account, lots) in enumerate(moves):
        if place:
            yield effects.Assigned(account, command.instrument, -lots)
        state.move_position(account, instrument, -lots, instrument.settlement_mark)
        yield from _fulfil(state, instrument, account, ends[place])


def assigned(state: State, number: int, quantity: int) -> list[tuple[int, int]]:
    """Pro rata over the shorts, rounded down; each that is left goes to another account in the order of a digest."""
    shorts = {who: -lots for (who, n), lots in sorted(state.positions.items()) if n == number and lots < 0}
    shares = {who: quantity * short // sum(shorts.values()) for who, short in shorts.items()}
    drawn = sorted(shares, key=lambda who: hashlib.sha256(struct.pack("<QI", state.sequence, who)).digest())
    for who in drawn[: quantity - sum(shares.values())]:
        shares[who] += 1
    return [(who, share) for who, share in shares.items() if share]


def _fulfil(state: State, instrument: Instrument, account: int, ends: Ends) -> Iterator[Any]:
    terms = instrument.terms
    hold = state.rehold(account, instrument)
    yield from _owe(state, account, terms.quote, ends.cash, "settlement")
    if not instrument.is_option:
        state.ledger.earn(account, terms.quote, ends.cash)
    yield from _owe(state, account, terms.quote, ends.pays, "payment")
    yield from _owe(state, account, terms.base, ends.base, "delivery")
    left = state.positions[account, instrument.number]
    yield effects.Settled(account, instrument.number, left, 0 if ends.lots else ends.cash, hold)
    future = delivered_future(state, instrument.contract)
    if future and ends.lots:
        state.move_position(account, future, ends.lots, instrument.contract.terms.strike - quoted(future, 0))
        hold = state.rehold(account, future)
        yield effects.Settled(account, future.number, state.positions[account, future.number], ends.cash, hold)


def _owe(state: State, account: int, asset: int, amount: int, template: str) -> Iterator[Any]:
    if amount:
        state.ledger.margin(account, asset)
        yield state.ledger.post(template, SETTLEMENT, account, asset, amount)
