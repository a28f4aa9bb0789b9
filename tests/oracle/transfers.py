"""Money between accounts: at once, in two steps, from asset to asset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import wall
from .messages import PENDING_ENDS, PURPOSES, effects
from .money import FX
from .state import State

TRANSFER = 3
"""The kind of a pending transfer's deadline."""
_PURPOSE_OF = {number: name for name, number in PURPOSES.items()}


class Waiting(NamedTuple):
    """A transfer that is neither posted nor voided yet."""

    source: int
    target: int
    asset: int
    purpose: str
    amount: int
    expire: int


def check_move(state: State, command: Any) -> Iterator[Any]:
    ledger, amount = state.ledger, command.amount
    if command.source not in ledger.kinds or command.target not in ledger.kinds:
        yield "unknown_account"
    yield state.memory.ask(command.source, command.client_id, command)
    if command.asset not in state.assets:
        yield "unknown_asset"
    if amount <= 0:
        yield "amount_not_positive"
    if command.source == command.target:
        yield "same_account"
    if command.purpose not in _PURPOSE_OF:
        yield "unknown_purpose"
    if not wall.may_join(ledger, _PURPOSE_OF[command.purpose], command.source, command.target):
        mixes = wall.mixes(ledger, command.source, command.target)
        yield "mixes_client_money" if mixes else "purpose_not_allowed"
    if 0 < getattr(command, "expire", 0) <= state.stamp:
        yield "bad_expire"
    if wall.place(ledger, command.source) in wall.HOLDERS and amount > ledger.own(command.source, command.asset):
        yield "insufficient_funds"
    pair = (command.target, command.asset)
    if wall.place(ledger, command.target) in wall.BANKS and ledger.balances[pair] + ledger.held[pair] + amount > 0:
        yield "custodian_overdrawn"


def move(state: State, command: Any) -> Iterator[Any]:
    purpose = _PURPOSE_OF[command.purpose]
    yield state.ledger.post(purpose, command.source, command.target, command.asset, command.amount)


def move_pending(state: State, command: Any) -> Iterator[Any]:
    terms = (command.source, command.target, command.asset)
    waiting = Waiting(*terms, _PURPOSE_OF[command.purpose], command.amount, command.expire)
    state.pending[state.sequence] = waiting
    if command.expire:
        state.deadlines.add((command.expire, TRANSFER, state.sequence))
    _reserve(state, waiting, command.amount)
    yield effects.Pending(state.sequence, *terms, command.amount, command.expire)


def check_post(state: State, command: Any) -> Iterator[Any]:
    yield from check_void(state, command)
    if command.amount < 0:
        yield "amount_not_positive"
    if command.amount > state.pending[command.transfer].amount:
        yield "beyond_pending"


def check_void(state: State, command: Any) -> Iterator[Any]:
    yield state.memory.ask(0, command.client_id, command)
    if command.transfer not in state.pending:
        yield "unknown_transfer"


def post_pending(state: State, command: Any) -> Iterator[Any]:
    yield from end(state, command.transfer, command.amount or state.pending[command.transfer].amount, "posted")


def void_pending(state: State, command: Any) -> Iterator[Any]:
    yield from end(state, command.transfer, 0, "voided")


def end(state: State, transfer: int, amount: int, cause: str) -> Iterator[Any]:
    """Posts so much of a pending transfer and voids the rest."""
    waiting = state.pending.pop(transfer)
    state.deadlines.discard((waiting.expire, TRANSFER, transfer))
    _reserve(state, waiting, -waiting.amount)
    yield effects.PendingEnded(transfer, amount, waiting.amount - amount, PENDING_ENDS[cause])
    if amount:
        yield state.ledger.post(waiting.purpose, waiting.source, waiting.target, waiting.asset, amount)


def reserved(state: State, waiting: Waiting) -> list[int]:
    """The accounts that hold a pending transfer: a source with money of its own, a bank that will pay."""
    source = [waiting.source] if wall.place(state.ledger, waiting.source) in wall.HOLDERS else []
    return source + ([waiting.target] if wall.place(state.ledger, waiting.target) in wall.BANKS else [])


def _reserve(state: State, waiting: Waiting, change: int) -> None:
    for account in reserved(state, waiting):
        state.ledger.hold(account, waiting.asset, change)


def check_exchange(state: State, command: Any) -> Iterator[Any]:
    if wall.place(state.ledger, command.account) not in wall.HOLDERS or command.account == FX:
        yield "unknown_account"
    yield state.memory.ask(command.account, command.client_id, command)
    for asset, amount in ((command.sell_asset, command.sell_amount), (command.buy_asset, command.buy_amount)):
        if asset not in state.assets:
            yield "unknown_asset"
        if amount <= 0:
            yield "amount_not_positive"
    if command.sell_asset == command.buy_asset:
        yield "same_asset"
    if command.sell_amount > state.ledger.own(command.account, command.sell_asset):
        yield "insufficient_funds"


def exchange(state: State, command: Any) -> Iterator[Any]:
    yield state.ledger.post("exchange", command.account, FX, command.sell_asset, command.sell_amount)
    yield state.ledger.post("exchange", FX, command.account, command.buy_asset, command.buy_amount)
