"""Closing positions of accounts that no longer bear them: by the book, with the insurance fund, or against others."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from . import form, margining, matching
from .books import Order
from .messages import effects
from .money import INSURANCE, ROUNDING
from .operations import request_cancel
from .perpetual import cost, notional, tier, worth
from .state import State
from .values import (
    BPS,
    BUY,
    DELEVERAGED,
    IOC,
    LIQUIDATION,
    LIT,
    MIXED,
    PPM,
    PRICE_MAX,
    PRO_RATA,
    REDUCE_ONLY,
    SELL,
    Instrument,
    ceil_div,
)


def _maintenance(instrument: Instrument, quantity: int) -> int:
    value = notional(instrument, abs(quantity), instrument.reference)
    return ceil_div(value * tier(instrument, value)[1], BPS)


def step(instrument: Instrument, held: int) -> int:
    """How much may be closed at once: what leads into the tier below, in the lowest all of it."""
    size, value = abs(held), notional(instrument, abs(held), instrument.reference)
    edges = [lowest for lowest, _, _ in instrument.tiers if 0 < lowest <= value]
    if not edges:
        return size
    stays = (edges[-1] - 1) * size // value
    lot = instrument.terms.lot
    return min(size, ceil_div(size - stays, lot) * lot)


def bankruptcy(state: State, instrument: Instrument, held: int, change: int, stands: margining.Standing) -> int:
    """What closing must bring for the account to bear its share: -dN - floor(TNC x |dMMR| / TMMR)."""
    mark = instrument.reference
    way = worth(instrument, held + change, mark) - worth(instrument, held, mark)
    freed = abs(_maintenance(instrument, held) - _maintenance(instrument, held + change))
    return -way - stands.equity * freed // stands.maintenance


def price_for(instrument: Instrument, change: int, quote: int) -> int | None:
    """The worst price at which moving by `change` brings `quote`; None if no price does."""
    lots = abs(change) * instrument.num
    if instrument.inverse:
        if change < 0:
            price = ceil_div(lots, -quote) if quote < 0 else 0
        else:
            price = min(PRICE_MAX, lots // quote) if quote > 0 else PRICE_MAX
    else:
        price = max(1, ceil_div(quote, lots)) if change < 0 else min(PRICE_MAX, -quote // lots)
    return price if 1 <= price <= PRICE_MAX else None


def _change(held: int, quantity: int) -> int:
    return -quantity if held > 0 else quantity


def _stands(state: State, account: int, instrument: Instrument) -> tuple[int, margining.Standing]:
    held = state.positions.get((account, instrument.number), 0)
    return held, margining.standing(state, account, instrument.margin_asset)


def _may_trade(state: State, account: int) -> Iterator[str]:
    if account not in state.ledger.kinds:
        yield "unknown_account"
    if not state.ledger.trades(account):
        yield "account_not_trading"


def _check_closing(state: State, command: Any) -> Iterator[str]:
    yield from margining.check_perpetual(state, command.instrument)
    instrument = state.instruments[command.instrument]
    margin = state.ledger.margins.get((command.account, instrument.margin_asset))
    if margin is None or margin.state not in (margining.LIQUIDATABLE, margining.OVERDUE):
        yield "not_liquidatable"
    yield from form.quantity(instrument, command.quantity)
    if command.quantity > step(instrument, state.positions.get((command.account, command.instrument), 0)):
        yield "wrong_size"


def check_liquidate(state: State, command: Any) -> Iterator[str]:
    yield from _may_trade(state, command.account)
    yield from _check_closing(state, command)
    instrument = state.instruments[command.instrument]
    if state.halted or instrument.halted:
        yield "instrument_halted"
    if instrument.state != "continuous" or instrument.rules["book"] not in (LIT, PRO_RATA, MIXED):
        yield "wrong_session"
    yield from form.price(instrument, command.limit)
    if _bearable(state, command) is None:
        yield "insufficient_funds"


def _bearable(state: State, command: Any) -> int | None:
    """The limit, or where the fund could not bear what may be lacking there, the bankruptcy price on the grid."""
    instrument = state.instruments[command.instrument]
    held, stands = _stands(state, command.account, instrument)
    change = _change(held, command.quantity)
    due = bankruptcy(state, instrument, held, change, stands)
    fund = max(0, state.ledger.balances[INSURANCE, instrument.margin_asset])
    if due + cost(instrument, change, command.limit) <= fund:
        return int(command.limit)
    price = price_for(instrument, change, due)
    if price is None:
        return None
    price = instrument.ceil_tick(price) if change < 0 else instrument.floor_tick(price)
    return price if 1 <= price <= PRICE_MAX else None


def liquidate(state: State, command: Any) -> Iterator[Any]:
    instrument, account = state.instruments[command.instrument], command.account
    asset, limit = instrument.margin_asset, _bearable(state, command)
    assert limit is not None, "the gate refuses what no price bears"
    held, stands = _stands(state, account, instrument)
    for _, order in sorted(state.orders.items()):
        if order.account == account and order.instrument == instrument.number and not order.child_of:
            yield from request_cancel(state, order, "liquidation")
    side = SELL if held > 0 else BUY
    words = (0, side, LIQUIDATION, IOC, REDUCE_ONLY, limit, command.quantity)
    order = Order(state.sequence, account, instrument.number, *words)
    order.key = (account, bytes(16))
    state.orders[order.id] = order
    state.rehold(account, instrument)
    earned = state.ledger.margins[account, asset].earned
    yield from matching.match(state, order)
    left, mark = state.positions[account, instrument.number], instrument.settlement_mark
    moved = worth(instrument, left, mark) - worth(instrument, held, mark)
    quote = state.ledger.margins[account, asset].earned - earned - moved
    due = bankruptcy(state, instrument, held, left - held, stands) if left != held else 0
    delta = max(
        _insurance(quote, due, margining.policy(state, asset).fee_ppm), -max(0, state.ledger.balances[INSURANCE, asset])
    )
    posted = state.ledger.post("insurance", account, INSURANCE, asset, delta)
    state.ledger.earn(account, asset, -delta)
    if delta:
        yield posted
    yield effects.Liquidated(account, instrument.number, abs(held - left), quote, due, delta)


def _insurance(quote: int, due: int, fee_ppm: int) -> int:
    """The fund takes a part of what was gained, and bears what is lacking."""
    return min(quote - due, abs(quote) * fee_ppm // PPM) if quote > due else quote - due


def check_deleverage(state: State, command: Any) -> Iterator[str]:
    yield from _may_trade(state, command.account)
    yield from _may_trade(state, command.against)
    yield from _check_closing(state, command)
    if state.ledger.same_owner(command.account, command.against):
        yield "same_owner"
    instrument = state.instruments[command.instrument]
    held, stands = _stands(state, command.account, instrument)
    other = state.positions.get((command.against, command.instrument), 0)
    if held * other >= 0 or command.quantity > abs(other):
        yield "wrong_size"
    change = _change(held, command.quantity)
    if price_for(instrument, change, bankruptcy(state, instrument, held, change, stands)) != command.price:
        yield "wrong_price"
    if line(state, instrument, command.account)[:1] != [command.against]:
        yield "out_of_turn"


def line(state: State, instrument: Instrument, account: int) -> list[int]:
    """Who is deleveraged, first to last: gain by entry times leverage, a loss divided by it; lower numbers first."""
    held = state.positions.get((account, instrument.number), 0)
    ranks = {}
    for (other, number), position in state.positions.items():
        free = state.ledger.trades(other) and not state.ledger.same_owner(account, other)
        if number == instrument.number and position * held < 0 and free:
            ranks[other] = rank(state, instrument, other)
    return sorted(ranks, key=lambda other: (-ranks[other], other))


def rank(state: State, instrument: Instrument, account: int) -> Fraction:
    held, stands = _stands(state, account, instrument)
    entry = instrument.entries.get(account, 0)
    most = 2**63 - 1
    gain = max(-most, min(most, worth(instrument, held, instrument.reference) - entry))
    sizes = [max(1, min(2 * most + 1, abs(amount))) for amount in (entry, stands.notional, max(0, stands.equity))]
    leverage = Fraction(sizes[1], sizes[2])
    return Fraction(gain, sizes[0]) * leverage if gain >= 0 else Fraction(gain, sizes[0]) / leverage


def deleverage(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    held, _ = _stands(state, command.account, instrument)
    change, asset = _change(held, command.quantity), instrument.margin_asset
    buyer, seller = (command.against, command.account) if change < 0 else (command.account, command.against)
    pays, gets = matching.settlement(state, instrument, (buyer, seller), command.price, command.quantity)
    state.ledger.post("settlement", buyer, seller, asset, gets)
    state.ledger.post("rounding", buyer, ROUNDING, asset, pays - gets)
    state.ledger.earn(buyer, asset, -pays)
    state.ledger.earn(seller, asset, gets)
    state.move_position(command.account, instrument, change, command.price)
    state.move_position(command.against, instrument, -change, command.price)
    holds = [state.rehold(account, instrument) for account in (command.against, command.account)]
    yield effects.Deleveraged(*command)
    state.touched.add(instrument.number)
    who = (0, 0, command.against, command.account, instrument.number, SELL if change < 0 else BUY)
    yield effects.Traded(*who, DELEVERAGED, command.price, command.quantity, pays, gets, 0, 0, *holds)
