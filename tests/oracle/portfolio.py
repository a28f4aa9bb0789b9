"""Portfolio margin: what positions of an account that have risk arrays hold together, with the worst of its orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import requirement
from .books import Order
from .messages import effects
from .perpetual import counted
from .values import BUY, SELL, Instrument

if TYPE_CHECKING:
    from .state import State

ISOLATED, PORTFOLIO = 1, 2
NEED_MAX = 2**62
Holding = tuple[Instrument, int, list[Order]]
"""A position and the live orders beside it."""


def covers(state: State, account: int, instrument: Instrument) -> bool:
    """Is the account's position in it margined together with others?"""
    return account in state.portfolios and instrument.number in state.risk.arrays


def holdings(state: State, account: int, changed: Holding | None = None) -> list[Holding]:
    """What the account has of the instruments with arrays; `changed` in the place of what it has there."""
    found = []
    for number in sorted(state.risk.arrays):
        instrument = state.instruments[number]
        if changed and changed[0] is instrument:
            found.append(changed)
        else:
            pair = (account, number)
            found.append((instrument, state.positions.get(pair, 0), state.live(*pair)))
    return found


def needs(state: State, account: int, changed: Holding | None = None) -> dict[int, int]:
    """By asset, the greatest of what five cases require; TooLarge where that is beyond all numbers."""
    risk = state.risk
    held = holdings(state, account, changed)
    lots = [(instrument.number, position) for instrument, position, _ in held if position]
    cases: list[Callable[[int, bool], bool]] = [
        lambda side, adds: False,
        lambda side, adds: side == BUY,
        lambda side, adds: side == SELL,
        lambda side, adds: (side == BUY) == adds,
        lambda side, adds: (side == BUY) != adds,
    ]
    greatest: dict[int, int] = {}
    for fills in cases:
        filled, costs = list(lots), dict.fromkeys({int(i.terms.quote) for i, _, _ in held}, 0)
        for instrument, _, orders in held:
            for side in (BUY, SELL):
                units, value = counted(orders, side)
                if units and fills(side, risk.arrays[instrument.number].delta >= 0):
                    filled.append((instrument.number, units if side == BUY else -units))
                    costs[instrument.terms.quote] += _cost(state, instrument, side, units, value)
        required = requirement.requirements(risk, state.instruments, filled)
        for asset in {*costs, *required}:
            need = required.get(asset, 0) + costs.get(asset, 0)
            greatest[asset] = max(greatest.get(asset, 0), need)
    return greatest


def _cost(state: State, instrument: Instrument, side: int, units: int, value: int) -> int:
    """What the fills cost: no order counts for more than what it brings."""
    array, paid = state.risk.arrays[instrument.number], value * instrument.num
    if instrument.is_option:
        cost = max(paid, units * array.value) if side == BUY else -min(paid, units * array.value)
    else:
        at_mark = units * instrument.settlement_mark * instrument.num
        cost = max(0, paid - at_mark if side == BUY else at_mark - paid)
    return int(cost + instrument.fee_up(paid))


def affords(state: State, account: int, changed: Holding) -> Iterator[str]:
    """May the account come to hold this? What lowers a requirement always passes."""
    from . import margining

    try:
        found = needs(state, account, changed)
    except requirement.TooLarge:
        yield "notional_too_large"
        return
    if any(need > NEED_MAX for need in found.values()):
        yield "notional_too_large"
    for asset, need in sorted(found.items()):
        more = need - state.portfolios[account].get(asset, 0)
        if more <= 0:
            continue
        if margining.may_only_close(state, account, asset):
            yield "account_frozen"
        if more > state.ledger.available(account, asset) and not state.ledger.endless(account, asset):
            yield "insufficient_margin"


def bounded_needs(state: State, account: int) -> dict[int, int]:
    """The most there is in each asset where the requirement is beyond all numbers."""
    try:
        return {asset: min(need, NEED_MAX) for asset, need in needs(state, account).items()}
    except requirement.TooLarge:
        held = [instrument for instrument, position, orders in holdings(state, account) if position or orders]
        return {int(instrument.terms.quote): NEED_MAX for instrument in held}


def kept(state: State, account: int) -> dict[int, int]:
    """What the positions alone require: who has less is liquidatable."""
    lots = [(instrument.number, position) for instrument, position, _ in holdings(state, account) if position]
    try:
        needs(state, account)
        found = requirement.requirements(state.risk, state.instruments, lots)
        return {asset: min(need, NEED_MAX) for asset, need in found.items()}
    except requirement.TooLarge:
        return bounded_needs(state, account)


def margin(state: State) -> Iterator[Any]:
    """At the end of a pass everybody holds what he needs."""
    for account, holds in sorted(state.portfolios.items()):
        found = bounded_needs(state, account)
        for asset in sorted({*found, *holds}):
            hold = 0 if state.ledger.endless(account, asset) else found.get(asset, 0)
            before = holds.get(asset, 0)
            if hold != before:
                state.ledger.margin(account, asset)
                state.ledger.hold(account, asset, hold - before)
                holds[asset] = hold
                yield effects.Margined(account, asset, hold)


def check_margin_mode(state: State, command: Any) -> Iterator[str]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.mode not in (ISOLATED, PORTFOLIO):
        yield "unknown_mode"
    if (command.mode == PORTFOLIO) == (command.account in state.portfolios):
        return
    for asset, more in _more(state, command.account, command.mode).items():
        endless = state.ledger.endless(command.account, asset)
        if more > max(0, state.ledger.available(command.account, asset)) and not endless:
            yield "insufficient_margin"


def _more(state: State, account: int, mode: int) -> dict[int, int]:
    """How much more the account would hold by the other rule, by asset."""
    more = bounded_needs(state, account) if mode == PORTFOLIO else {}
    for asset, hold in state.portfolios.get(account, {}).items():
        more[asset] = more.get(asset, 0) - hold
    for instrument, position, orders in holdings(state, account):
        asset = instrument.terms.quote
        own = state.own_hold(account, instrument, position, orders, together=mode == PORTFOLIO)
        more[asset] = more.get(asset, 0) + own - state.position_holds.get((account, instrument.number), 0)
    return more


def set_margin_mode(state: State, command: Any) -> Iterator[Any]:
    account = command.account
    yield effects.MarginModeSet(account, command.mode)
    if (command.mode == PORTFOLIO) == (account in state.portfolios):
        return
    for asset, hold in sorted(state.portfolios.pop(account, {}).items()):
        if hold:
            state.ledger.hold(account, asset, -hold)
            yield effects.Margined(account, asset, 0)
    if command.mode == PORTFOLIO:
        state.portfolios[account] = {}
    yield from hold_anew(state, account, state.risk.arrays)


def hold_anew(state: State, account: int, numbers: Iterable[int]) -> Iterator[Any]:
    """Positions that hold otherwise say so."""
    for number in sorted(numbers):
        pair = (account, number)
        before = state.position_holds.get(pair, 0)
        if pair in state.positions or state.live(*pair):
            hold = state.rehold(account, state.instruments[number])
            if hold != before:
                yield effects.Settled(account, number, state.positions.get(pair, 0), 0, hold)
