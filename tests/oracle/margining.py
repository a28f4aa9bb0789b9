"""Margined positions: tiers, leverage, where accounts stand, the daily close, funding. From scratch at every pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import portfolio
from .books import Order
from .messages import effects
from .money import ROUNDING, SETTLEMENT, Pair
from .perpetual import counted, gain, notional, opening, tier
from .state import State
from .values import AMOUNT_MAX, BPS, BUY, FUTURE, PPM, Instrument, ceil_div

WELL, CALLED, LIQUIDATABLE, OVERDUE = range(4)
MARGIN_CALL = 13
"""The kind of a margin call's deadline; its number is account x 2^32 + asset."""
PPB = 10**9
CALL_NS_MAX = 366 * 86_400 * 10**9
TIERS_MAX = 64


@dataclass(slots=True, frozen=True)
class Policy:
    """How the margin accounts of an asset are treated."""

    loss_bps: int = 3_000
    call_ns: int = 3_600 * 10**9
    fee_ppm: int = 5_000


@dataclass(slots=True, frozen=True)
class Standing:
    """An account in an asset at the marks."""

    equity: int
    unrealised: int
    notional: int
    initial: int
    maintenance: int


def policy(state: State, asset: int) -> Policy:
    return state.policies.get(asset, Policy())


def standing(state: State, account: int, asset: int) -> Standing:
    """Over all perpetuals that settle in the asset; a credit line counts."""
    unrealised = value = initial = maintenance = 0
    for number, instrument in state.instruments.items():
        held = state.positions.get((account, number), 0)
        if not instrument.perpetual or instrument.margin_asset != asset or not held:
            continue
        size = notional(instrument, abs(held), instrument.reference)
        rates = tier(instrument, size)
        unrealised += gain(instrument, held)
        value += size
        if portfolio.covers(state, account, instrument):
            continue
        initial += ceil_div(size * rates[0], BPS)
        maintenance += ceil_div(size * rates[1], BPS)
    if account in state.portfolios:
        together = portfolio.bounded_needs(state, account).get(asset, 0), portfolio.kept(state, account).get(asset, 0)
        initial, maintenance = initial + together[0], maintenance + together[1]
    equity = state.ledger.balances[account, asset] + state.ledger.credit[account, asset] + unrealised
    return Standing(equity, unrealised, value, initial, maintenance)


def may_only_close(state: State, account: int, asset: int) -> bool:
    """Is it frozen, or its margin called?"""
    pair, ledger = (account, asset), state.ledger
    called = pair in ledger.margins and ledger.margins[pair].state != WELL
    return pair in ledger.frozen or pair in ledger.lost or called


def told(amount: int) -> int:
    """An amount as an effect tells it."""
    return max(-AMOUNT_MAX - 1, min(AMOUNT_MAX, amount))


def check_perpetual(state: State, number: int) -> Iterator[str]:
    if number not in state.instruments:
        yield "unknown_instrument"
    elif not state.instruments[number].perpetual or state.instruments[number].is_option:
        yield "not_a_perpetual"


def _tiers_with(instrument: Instrument, command: Any) -> list[tuple[int, int, int]]:
    rows = [row for row in instrument.tiers if row[0] != command.from_notional]
    if command.initial_bps or command.maintenance_bps:
        rows.append((command.from_notional, command.initial_bps, command.maintenance_bps))
    return sorted(rows)


def check_tier(state: State, command: Any) -> Iterator[str]:
    yield from check_perpetual(state, command.instrument)
    instrument = state.instruments[command.instrument]
    rows = _tiers_with(instrument, command)
    gone = not command.initial_bps and not command.maintenance_bps and len(rows) == len(instrument.tiers)
    wrong = any(not 0 < maintenance < initial <= BPS for _, initial, maintenance in rows)
    falls = any(a[1] > b[1] or a[2] > b[2] for a, b in zip(rows, rows[1:], strict=False))
    if gone or wrong or falls or (rows and rows[0][0] != 0) or len(rows) > TIERS_MAX:
        yield "bad_tier"


def set_tier(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    instrument.tiers = _tiers_with(instrument, command)
    yield effects.TierSet(*command)
    for account, number in sorted(state.position_holds):
        if number == instrument.number:
            before = state.position_holds[account, number]
            hold = state.rehold(account, instrument)
            if hold != before:
                yield effects.Settled(account, number, state.positions.get((account, number), 0), 0, hold)


def check_leverage(state: State, command: Any) -> Iterator[str]:
    if command.account not in state.ledger.kinds:
        yield "unknown_account"
    if not state.ledger.trades(command.account):
        yield "account_not_trading"
    yield from check_perpetual(state, command.instrument)
    instrument = state.instruments[command.instrument]
    if command.initial_bps and not instrument.tiers:
        yield "bad_leverage"
    if command.initial_bps and not instrument.tiers[0][1] <= command.initial_bps <= BPS:
        yield "bad_leverage"
    asset, pair = instrument.margin_asset, (command.account, command.instrument)
    was = instrument.leverage.get(command.account, 0)
    instrument.leverage[command.account] = command.initial_bps
    covered = portfolio.covers(state, command.account, instrument)
    need = state.own_hold(command.account, instrument, state.positions.get(pair, 0), state.live(*pair), covered)
    instrument.leverage[command.account] = was
    more = need - state.position_holds.get(pair, 0)
    room = state.ledger.available(command.account, asset)
    if not state.ledger.endless(command.account, asset) and more > max(0, room):
        yield "insufficient_funds"


def set_leverage(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    instrument.leverage[command.account] = command.initial_bps
    hold = state.rehold(command.account, instrument)
    yield effects.LeverageSet(command.account, command.instrument, command.initial_bps, hold)


def check_policy(state: State, command: Any) -> Iterator[str]:
    if command.asset not in state.assets:
        yield "unknown_asset"
    if command.loss_bps > BPS or command.call_ns > CALL_NS_MAX or command.fee_ppm > PPM:
        yield "bad_terms"


def set_policy(state: State, command: Any) -> Iterator[Any]:
    state.policies[command.asset] = Policy(command.loss_bps, command.call_ns, command.fee_ppm)
    yield effects.MarginPolicySet(*command)


def check_close_day(state: State, command: Any) -> Iterator[str]:
    if command.asset not in state.assets:
        yield "unknown_asset"


def close_day(state: State, command: Any) -> Iterator[Any]:
    state.ledger.closed.add(command.asset)
    pairs = sorted(pair for pair in state.ledger.margins if pair[1] == command.asset)
    yield effects.DayClosed(command.asset, len(pairs))
    for pair in pairs:
        yield from _begin_day(state, pair)


def _begin_day(state: State, pair: Pair) -> Iterator[Any]:
    ledger, margin = state.ledger, state.ledger.margins[pair]
    lost = loss(state, pair)
    margin.day = (ledger.balances[pair], standing(state, *pair).unrealised)
    margin.earned = 0
    if pair in ledger.lost and lost:
        ledger.lost.remove(pair)
        yield effects.LossFreeze(*pair, 0, told(lost[0]), told(lost[1]))


def check_end_freeze(state: State, command: Any) -> Iterator[str]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.asset not in state.assets:
        yield "unknown_asset"
    if (command.account, command.asset) not in state.ledger.lost:
        yield "not_halted"


def end_freeze(state: State, command: Any) -> Iterator[Any]:
    yield from _begin_day(state, (command.account, command.asset))


def loss(state: State, pair: Pair) -> tuple[int, int] | None:
    """Loss since the daily close, and what it is a loss of: the equity then and what came in since."""
    margin = state.ledger.margins[pair]
    if margin.day is None:
        return None
    balance, unrealised = margin.day
    now = standing(state, *pair).unrealised
    came_in = state.ledger.balances[pair] - balance - margin.earned
    return unrealised - now - margin.earned, balance + unrealised + max(0, came_in)


def judge(state: State) -> Iterator[Any]:
    """At the end of a pass: who is frozen, called, liquidatable now."""
    for pair in sorted(state.ledger.margined):
        yield from state.ledger.freeze(pair)
        yield from _judge_margin(state, pair)
        yield from _judge_loss(state, pair)


def _judge_margin(state: State, pair: Pair) -> Iterator[Any]:
    margin, stands = state.ledger.margins[pair], standing(state, *pair)
    endless = state.ledger.endless(*pair)
    called = stands.initial > 0 and stands.equity < stands.initial and not endless
    call_ns, number = policy(state, pair[1]).call_ns, pair[0] * 2**32 + pair[1]
    due = margin.due
    if not called:
        state.deadlines.discard((due, MARGIN_CALL, number))
        due = 0
    elif margin.state == WELL and call_ns:
        due = state.stamp + call_ns
        state.deadlines.add((due, MARGIN_CALL, number))
    if not called:
        now = WELL
    elif 0 < stands.maintenance and stands.equity < stands.maintenance:
        now = LIQUIDATABLE
    else:
        now = OVERDUE if due and due <= state.stamp else CALLED
    if (now, due) != (margin.state, margin.due):
        margin.state, margin.due = now, due
        amounts = (told(stands.equity), told(stands.initial), told(stands.maintenance))
        yield effects.MarginState(*pair, now, *amounts, due)


def _judge_loss(state: State, pair: Pair) -> Iterator[Any]:
    lost, limit = loss(state, pair), policy(state, pair[1]).loss_bps
    if lost is None or not limit or lost[1] <= 0 or pair in state.ledger.lost or state.ledger.endless(*pair):
        return
    if lost[0] * BPS > lost[1] * limit:
        state.ledger.lost.add(pair)
        yield effects.LossFreeze(*pair, 1, told(lost[0]), told(lost[1]))


def check_fund(state: State, command: Any) -> Iterator[str]:
    yield from check_perpetual(state, command.instrument)
    if state.instruments[command.instrument].terms.kind == FUTURE:
        yield "not_a_perpetual"
    if abs(command.rate_ppb) > PPB:
        yield "bad_rate"
    if any(abs(amount) > AMOUNT_MAX for _, amount in _received(state, command)):
        yield "notional_too_large"


def _received(state: State, command: Any) -> list[tuple[int, int]]:
    """What every position receives: longs pay shorts where the rate is positive, each rounded against the account."""
    instrument = state.instruments[command.instrument]
    found = []
    for (account, number), held in sorted(state.positions.items()):
        if number == instrument.number and held:
            value = notional(instrument, abs(held), instrument.reference)
            found.append((account, value * (-command.rate_ppb if held > 0 else command.rate_ppb) // PPB))
    return found


def fund(state: State, command: Any) -> Iterator[Any]:
    instrument = state.instruments[command.instrument]
    asset, paid = instrument.margin_asset, _received(state, command)
    yield effects.Funded(instrument.number, command.rate_ppb, instrument.reference)
    for account, amount in paid:
        posted = state.ledger.post("funding", SETTLEMENT, account, asset, amount)
        state.ledger.earn(account, asset, amount)
        if amount:
            yield posted
    rest = -sum(amount for _, amount in paid)
    if rest:
        yield state.ledger.post("rounding", SETTLEMENT, ROUNDING, asset, rest)


def check_distance(state: State, instrument: Instrument, order: Order, after: list[Order]) -> Iterator[str]:
    """A price worse than the mark may cost no more than the margin bears."""
    mark = instrument.reference
    way = order.price - mark if order.side == BUY else mark - order.price
    if way <= 0:
        return
    held = state.positions.get((order.account, instrument.number), 0)
    base = order.price if instrument.inverse else mark
    spare = min(initial - maintenance for _, initial, maintenance in instrument.tiers)
    if opening(held, counted(after, order.side)[0], order.side) and way * BPS > base * spare:
        yield "beyond_margin"
    closes = held < 0 if order.side == BUY else held > 0
    equity = standing(state, order.account, instrument.margin_asset).equity
    if closes and notional(instrument, abs(held), mark) * way > equity * base:
        yield "beyond_margin"
