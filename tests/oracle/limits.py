"""Limits of the gate, credit lines, groups and firms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .messages import effects
from .state import State


def check_set_account(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"


def set_account(state: State, command: Any) -> Iterator[Any]:
    state.ledger.groups[command.account] = command.group
    state.ledger.firms[command.account] = command.firm
    yield effects.AccountSet(command.account, command.group, command.firm)


def check_set_credit(state: State, command: Any) -> Iterator[Any]:
    if not state.ledger.trades(command.account):
        yield "unknown_account"
    if command.asset not in state.assets:
        yield "unknown_asset"
    if command.amount < 0:
        yield "amount_not_positive"


def set_credit(state: State, command: Any) -> Iterator[Any]:
    """Spot orders that live keep what they hold; perpetual positions hold anew (Settled of 0 says what)."""
    state.ledger.credit[command.account, command.asset] = command.amount
    yield effects.CreditSet(command.account, command.asset, command.amount)
    for number, instrument in state.instruments.items():
        pair = (command.account, number)
        if not instrument.perpetual or instrument.terms.quote != command.asset or pair not in state.position_holds:
            continue
        before = state.position_holds[pair]
        hold = state.rehold(command.account, instrument)
        if hold != before:
            yield effects.Settled(*pair, state.positions.get(pair, 0), 0, hold)


def check_set_limit(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_limit(state: State, command: Any) -> Iterator[Any]:
    yield from ()
