"""Everything that is not an order: accounts, assets, instruments, money in and out, halts, mass cancels, marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from . import bands, families, wall
from .books import Book, Order
from .messages import CANCEL_REASONS, effects
from .money import (
    CLIENT,
    CUSTODIAN,
    FEE,
    HOUSE,
    INSURANCE_FUND,
    OMNIBUS,
    ROUNDING,
    SETTLEMENT,
    SUSPENSE,
    TAX,
    VENUE,
    WORLD,
)
from .perpetual import counted, notional, worth
from .record import RULES
from .state import State
from .values import (
    ACCOUNTS_MAX,
    AMOUNT_MAX,
    BPS,
    BUY,
    EXPOSURE_MAX,
    INVERSE,
    LIST_MAX,
    OPTION,
    PERPETUAL,
    PRICE_MAX,
    QUANTITY_MAX,
    SELL,
    Instrument,
    factors,
)

CODE = re.compile(rb"[A-Z0-9._-]+\0*")
SYMBOL = re.compile(rb"[A-Z0-9._/-]+\0*")
DECIMALS_MAX = 12
ASSET_DECIMALS_MAX = 18
DENOMINATOR_MAX = 10**9
FACTOR_MAX = 10**15
MULTIPLIER_MAX = 10**9
FEE_MAX_PPM = 100_000
KINDS = (CLIENT, HOUSE, VENUE, CUSTODIAN, OMNIBUS, TAX, SUSPENSE, INSURANCE_FUND, FEE)
INSTRUMENT_KINDS = range(1, 8)


def check_open_account(state: State, command: Any) -> Iterator[Any]:
    yield state.memory.ask(0, command.client_id, command)
    if command.kind not in KINDS:
        yield "unknown_kind"
    if not wall.side_fits(command.kind, command.side):
        yield "wrong_side"
    if max(state.ledger.kinds) + 1 >= ACCOUNTS_MAX:
        yield "limit_reached"


def open_account(state: State, command: Any) -> Iterator[Any]:
    yield effects.AccountOpened(state.ledger.open(command.kind, command.side))


def check_add_asset(state: State, command: Any) -> Iterator[str]:
    if not CODE.fullmatch(command.code):
        yield "bad_code"
    if any(asset.code == command.code for asset in state.assets.values()):
        yield "already_exists"
    if command.decimals > ASSET_DECIMALS_MAX:
        yield "bad_decimals"
    if len(state.assets) >= LIST_MAX:
        yield "limit_reached"


def add_asset(state: State, command: Any) -> Iterator[Any]:
    number = len(state.assets) + 1
    state.assets[number] = command
    yield effects.AssetAdded(number)


def check_add_instrument(state: State, command: Any) -> Iterator[str]:
    if not SYMBOL.fullmatch(command.symbol):
        yield "bad_code"
    if any(listed.terms.symbol == command.symbol for listed in state.instruments.values()):
        yield "already_exists"
    if command.kind not in INSTRUMENT_KINDS:
        yield "unknown_kind"
    if command.base not in state.assets or command.quote not in state.assets or command.base == command.quote:
        yield "unknown_asset"
    yield from _check_units(state, command)
    yield from _check_rates(command)
    if len(state.instruments) >= LIST_MAX:
        yield "limit_reached"


def _check_units(state: State, command: Any) -> Iterator[str]:
    perpetual = command.kind >= PERPETUAL
    num, den = _factors(state, command)
    decimals = (command.price_decimals, command.quantity_decimals)
    if max(decimals) > DECIMALS_MAX or den > DENOMINATOR_MAX:
        yield "bad_decimals"
    if not perpetual and command.quantity_decimals > state.assets[command.base].decimals:
        yield "bad_decimals"
    if not 1 <= command.tick <= PRICE_MAX:
        yield "bad_tick"
    if not 1 <= command.lot <= (1 if command.kind == OPTION else QUANTITY_MAX):
        yield "bad_lot"
    multiplier_max = MULTIPLIER_MAX if perpetual else 1
    if not 1 <= command.multiplier <= multiplier_max or num > FACTOR_MAX:
        yield "bad_multiplier"
    if perpetual and den != 1:
        yield "bad_decimals"


def _check_rates(command: Any) -> Iterator[str]:
    fees = (command.maker_fee_ppm, command.taker_fee_ppm)
    if max(map(abs, fees)) > FEE_MAX_PPM or sum(fees) < 0:
        yield "bad_fee"
    if command.collar_bps > BPS - 1:
        yield "bad_collar"
    margins = range(1, BPS + 1) if command.kind >= PERPETUAL else range(1)
    if command.initial_margin_bps not in margins:
        yield "bad_margin"
    if not (1 if command.kind >= PERPETUAL else 0) <= command.mark <= PRICE_MAX:
        yield "bad_mark"


def _factors(state: State, command: Any) -> tuple[int, int]:
    if command.kind == INVERSE:  # by the price: base minor units
        by_decimals = state.assets[command.base].decimals + command.price_decimals
        return factors(by_decimals, command.quantity_decimals, 0, command.multiplier)
    quote_decimals = state.assets[command.quote].decimals
    return factors(quote_decimals, command.price_decimals, command.quantity_decimals, command.multiplier)


def add_instrument(state: State, command: Any) -> Iterator[Any]:
    number = len(state.instruments) + 1
    num, den = _factors(state, command)
    perpetual = command.kind >= PERPETUAL
    base_units = 0 if perpetual else 10 ** (state.assets[command.base].decimals - command.quantity_decimals)
    state.instruments[number] = Instrument(number, command, num, den, base_units, command.mark, command.mark)
    state.books[number] = Book()
    yield effects.InstrumentAdded(number)


def check_deposit(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    yield state.memory.ask(command.account, command.client_id, command)
    yield from _check_amount(state, command)


def _check_amount(state: State, command: Any) -> Iterator[str]:
    if command.asset not in state.assets:
        yield "unknown_asset"
    if command.amount <= 0:
        yield "amount_not_positive"


def check_withdraw(state: State, command: Any) -> Iterator[Any]:
    yield from check_deposit(state, command)
    if command.amount > state.ledger.own(command.account, command.asset):
        yield "insufficient_funds"


def check_transfer(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.source) or not state.ledger.trades(command.target):
        yield "unknown_account"
    yield state.memory.ask(command.source, command.client_id, command)
    if command.asset not in state.assets:
        yield "unknown_asset"
    if command.source == command.target:
        yield "same_account"
    if command.amount <= 0:
        yield "amount_not_positive"
    if wall.mixes(state.ledger, command.source, command.target):
        yield "mixes_client_money"
    if command.amount > state.ledger.own(command.source, command.asset):
        yield "insufficient_funds"


def deposit(state: State, command: Any) -> Iterator[Any]:
    yield state.ledger.post("deposit", WORLD, command.account, command.asset, command.amount)


def withdraw(state: State, command: Any) -> Iterator[Any]:
    yield state.ledger.post("withdrawal", command.account, WORLD, command.asset, command.amount)


def transfer(state: State, command: Any) -> Iterator[Any]:
    yield state.ledger.post("transfer", command.source, command.target, command.asset, command.amount)


def _is_halted(state: State, number: int) -> bool:
    return state.instruments[number].halted if number else state.halted


def _set_halted(state: State, number: int, halted: bool) -> None:
    if number:
        state.instruments[number].halted = halted
    else:
        state.halted = halted


def check_halt(state: State, command: Any) -> Iterator[str]:
    if command.instrument and command.instrument not in state.instruments:
        yield "unknown_instrument"
    elif _is_halted(state, command.instrument):
        yield "instrument_halted"


def halt(state: State, command: Any) -> Iterator[Any]:
    _set_halted(state, command.instrument, True)
    yield effects.Halted(command.instrument)


def check_resume(state: State, command: Any) -> Iterator[str]:
    if command.instrument and command.instrument not in state.instruments:
        yield "unknown_instrument"
    elif not _is_halted(state, command.instrument):
        yield "not_halted"


def resume(state: State, command: Any) -> Iterator[Any]:
    _set_halted(state, command.instrument, False)
    state.touched.update([command.instrument] if command.instrument else state.instruments)
    yield effects.Resumed(command.instrument)


def check_cancel_all(state: State, command: Any) -> Iterator[str]:
    if command.account and command.account not in state.ledger.kinds:
        yield "unknown_account"
    if command.instrument and command.instrument not in state.instruments:
        yield "unknown_instrument"
    if command.side not in (0, BUY, SELL):
        yield "unknown_side"
    if command.reason not in CANCEL_REASONS.values():
        yield "unknown_reason"


def cancel_all(state: State, command: Any) -> Iterator[Any]:
    wanted = (command.account, command.instrument, command.side, command.session)
    for _, order in sorted(state.orders.items()):
        has = (order.account, order.instrument, order.side, order.session)
        if not order.child_of and all(want in (0, found) for want, found in zip(wanted, has, strict=True)):
            yield from request_cancel(state, order, command.reason or "mass")


def request_cancel(state: State, order: Order, reason: str | int) -> Iterator[Any]:
    """An order on the house book is gone at once; for one at a venue that is asked; a parent goes with its children."""
    if order.id in state.families:
        yield from families.end(state, order, reason)
    elif not order.venue:
        yield state.cancel(order, reason)
    else:
        yield effects.CancelRequested(order.id, order.venue, state.reason_number(reason))


def cancel_order(state: State, command: Any) -> Iterator[Any]:
    yield from request_cancel(state, state.orders[command.order], command.reason)


def check_mark(state: State, command: Any) -> Iterator[str]:
    instrument = state.instruments.get(command.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    settles = range(2) if instrument.perpetual else range(1)
    if command.settlement not in settles or not 1 <= command.price <= PRICE_MAX:
        yield "bad_mark"
    holders = _holders(state, instrument) if command.settlement else []
    if any(_leaves_limit(state, instrument, account, command.price) for account in holders):
        yield "notional_too_large"


def _holders(state: State, instrument: Instrument) -> list[int]:
    """Accounts with a position or live orders in a perpetual, in order."""
    positions = {account for account, number in state.positions if number == instrument.number}
    ordering = {order.account for order in state.orders.values() if order.instrument == instrument.number}
    return sorted(positions | ordering)


def _leaves_limit(state: State, instrument: Instrument, account: int, price: int) -> bool:
    live = state.live(account, instrument.number)
    position = abs(state.positions.get((account, instrument.number), 0))
    units = position + sum(counted(live, side)[0] for side in (BUY, SELL))
    if instrument.inverse:
        return notional(instrument, units, price) > EXPOSURE_MAX
    way = 0 if instrument.is_option else abs(price - instrument.settlement_mark)
    amount = way * position * instrument.num
    return units * max(price, instrument.strike) * instrument.num > EXPOSURE_MAX or amount > AMOUNT_MAX


def mark(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    instrument.mark = instrument.latest = command.price
    instrument.auction_price = 0
    state.touched.add(instrument.number)
    yield effects.Marked(command.instrument, command.settlement, command.price)
    yield from bands.moved(state, instrument)
    if not command.settlement:
        return
    before, instrument.settlement_mark = instrument.settlement_mark, command.price
    rest = 0
    for account in _holders(state, instrument):
        position = state.positions.get((account, instrument.number), 0)
        held = state.position_holds.get((account, instrument.number), 0)
        if position or state.rehold(account, instrument) != held:
            amount = worth(instrument, position, command.price) - worth(instrument, position, before)
            amount = 0 if instrument.is_option else amount
            rest -= amount
            yield from _settle(state, instrument, account, amount)
    if rest:
        yield state.ledger.post("rounding", SETTLEMENT, ROUNDING, instrument.margin_asset, rest)


def _settle(state: State, instrument: Instrument, account: int, amount: int) -> Iterator[Any]:
    """Books what the position won (negative: lost) since the last settlement."""
    posted = state.ledger.post("settlement", SETTLEMENT, account, instrument.margin_asset, amount)
    state.ledger.earn(account, instrument.margin_asset, amount)
    if amount:
        yield posted
    position = state.positions.get((account, instrument.number), 0)
    hold = state.rehold(account, instrument)
    yield effects.Settled(account, instrument.number, position, amount, hold)


def pass_time(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_upgrade(state: State, command: Any) -> Iterator[str]:
    if not command.before < command.rules == RULES:
        yield "bad_terms"


def upgrade(state: State, command: Any) -> Iterator[Any]:
    yield effects.EngineUpgraded(command.before, command.rules, command.state)
