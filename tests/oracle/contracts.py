"""Contracts that expire: the terms of dated futures and options, and whether they can be settled for the last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import session
from .messages import RULES, effects
from .state import State
from .values import AMOUNT_MAX, CALL_RIGHT, FUTURE, OPTION, PERPETUAL, PRICE_MAX, PUT_RIGHT, Instrument

CASH, PHYSICAL = 1, 2
EUROPEAN, AMERICAN = 1, 2


@dataclass(slots=True)
class Contract:
    """`terms` is the SetContract command; `base_units`: minor units of the base asset that one contract delivers."""

    terms: Any
    base_units: int
    settled: bool = False

    @property
    def physical(self) -> bool:
        return bool(self.terms.delivery == PHYSICAL)

    def intrinsic(self, price: int) -> int:
        """What a unit of price of the option is worth when what it is on costs `price`."""
        above = price - int(self.terms.strike)
        return max(0, above if self.terms.right == CALL_RIGHT else -above)


def trades(instrument: Instrument) -> Iterator[str]:
    """May there be trades in it?"""
    if instrument.contract is None and instrument.terms.kind in (FUTURE, OPTION):
        yield "no_contract"
    elif instrument.contract and instrument.contract.settled:
        yield "already_settled"


def quoted(instrument: Instrument, price: int) -> int:
    """A price of the instrument's own book as it is quoted."""
    return price + (instrument.contract.terms.floor if instrument.contract else 0)


def check_set_contract(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if instrument.terms.kind not in (FUTURE, OPTION):
        yield "no_contract"
    if instrument.contract:
        yield "already_exists"
    if not _words(instrument, command):
        yield "bad_contract"
    if command.underlying and command.underlying not in state.instruments:
        yield "unknown_instrument"
    yield from _underlying(state, instrument, command)
    if not state.stamp < command.expire <= AMOUNT_MAX:
        yield "bad_expire"


def _words(instrument: Instrument, command: Any) -> bool:
    if command.delivery not in (CASH, PHYSICAL) or command.underlying == command.instrument:
        return False
    option = (command.right, command.style, command.strike)
    if not instrument.is_option:
        return option == (0, 0, 0) and -PRICE_MAX <= command.floor <= 0
    words = command.right in (CALL_RIGHT, PUT_RIGHT) and command.style in (EUROPEAN, AMERICAN)
    return words and abs(command.strike) <= PRICE_MAX and command.floor == 0


def _underlying(state: State, own: Instrument, command: Any) -> Iterator[str]:
    on = state.instruments.get(command.underlying)
    alike = on and all(getattr(on.terms, name) == getattr(own.terms, name) for name in ("quote", "price_decimals"))
    priced = bool(alike and on and not on.is_option)
    if command.delivery == CASH:
        if not priced and (on or command.style == AMERICAN):
            yield "bad_contract"
    elif on and on.terms.kind == FUTURE:
        yield from trades(on)
        same = on.num == own.num and on.terms.quantity_decimals == own.terms.quantity_decimals
        if not (own.is_option and priced and same):
            yield "bad_contract"
    else:
        delivers = on is None or (priced and on.terms.kind < PERPETUAL and on.terms.base == own.terms.base)
        if not delivers or not 0 < _base_units(state, own) <= AMOUNT_MAX:
            yield "bad_contract"


def _base_units(state: State, own: Instrument) -> int:
    """0 where a contract is no whole number of minor units."""
    exponent = state.assets[own.terms.base].decimals - own.terms.quantity_decimals
    return int(own.terms.multiplier * 10**exponent) if exponent >= 0 else 0


def set_contract(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    on = state.instruments.get(command.underlying)
    asset = command.delivery == PHYSICAL and not (on and on.terms.kind == FUTURE)
    instrument.contract = Contract(command, _base_units(state, instrument) if asset else 0)
    yield effects.ContractSet(*command)
    session.set_expiry(state, instrument, command.expire)
    instrument.rules["expiry"] = command.expire
    yield effects.RuleSet(command.instrument, RULES["expiry"], command.expire)


def delivered_future(state: State, contract: Contract) -> Instrument | None:
    """What a physical option on a future delivers."""
    on = state.instruments.get(contract.terms.underlying)
    return on if on and contract.physical and on.terms.kind == FUTURE else None


def check_settle_expiry(state: State, command: Any) -> Iterator[str]:
    from .expiry import settlement_too_large

    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if instrument.contract is None:
        yield "no_contract"
        return
    yield from trades(instrument)
    if not session.expired(state, instrument):
        yield "not_expired"
    if not command.priced:
        yield "no_settlement_price"
    if command.priced > 1 or command.price > PRICE_MAX:
        yield "bad_mark"
    if command.price < _lowest(state, instrument):
        yield "price_not_positive"
    if any(order.instrument == command.instrument for order in state.orders.values()):
        yield "book_not_empty"
    options = [i.contract for i in state.instruments.values() if i.is_option and i.contract and not i.contract.settled]
    if any(delivered_future(state, contract) is instrument for contract in options):
        yield "underlies_options"
    if settlement_too_large(state, instrument, command.price):
        yield "notional_too_large"


def _lowest(state: State, instrument: Instrument) -> int:
    """The lowest final price: a step above the floor of a future, of an option what its underlying may cost."""
    if not instrument.is_option:
        return int(instrument.contract.terms.floor) + 1
    on = state.instruments.get(instrument.contract.terms.underlying)
    return quoted(on, 0) if on else 0
