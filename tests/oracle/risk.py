"""Risk parameters as reference data: set one by one, they count together from ApplyRisk on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import contracts, portfolio, requirement
from .messages import COMMANDS, effects, name_of
from .requirement import LARGEST
from .state import State
from .values import PERPETUAL

ASSET_MAX = 256


def _told(command: Any, of: int, place: int = 0) -> Any:
    return effects.RiskSet(COMMANDS[name_of(command)].number, of, place)


def _keep(rows: dict[Any, Any], key: Any, command: Any, stays: bool) -> None:
    rows[key] = command
    if not stays:
        del rows[key]


def check_product(state: State, c: Any) -> Iterator[str]:
    if c.asset and c.asset not in state.assets:
        yield "unknown_asset"
    words = c.minimum in (1, 2) and c.caps <= 1 and c.price_risk <= 2 and 0 <= c.scan <= LARGEST
    if not c.product or (c.asset and not (words and c.asset <= ASSET_MAX)):
        yield "bad_risk"


def product(state: State, c: Any) -> Iterator[Any]:
    _keep(state.staged.products, c.product, c, c.asset != 0)
    yield _told(c, c.product)


def check_array(state: State, c: Any) -> Iterator[str]:
    instrument = state.instruments.get(c.instrument)
    if instrument is None:
        yield "unknown_instrument"
        return
    if not c.product:
        return
    if instrument.terms.kind < PERPETUAL:
        yield "bad_risk"
    yield from contracts.trades(instrument)
    if any(abs(amount) > LARGEST for amount in (*requirement.losses(c), c.delta, c.value)):
        yield "bad_risk"
    if not 0 <= c.short_minimum <= LARGEST:
        yield "bad_risk"


def array(state: State, c: Any) -> Iterator[Any]:
    _keep(state.staged.arrays, c.instrument, c, c.product != 0)
    yield _told(c, c.instrument)


def check_tier(state: State, c: Any) -> Iterator[str]:
    if not c.product or c.list not in (requirement.SCAN, requirement.INTER):
        yield "bad_risk"


def tier(state: State, c: Any) -> Iterator[Any]:
    _keep(state.staged.tiers, (c.product, c.list, c.place), c, c.first <= c.last)
    yield _told(c, c.product, c.place)


def check_spread(state: State, c: Any) -> Iterator[str]:
    if not c.product or any(side not in (1, 2) for _, _, side, _ in requirement.spread_legs(c)):
        yield "bad_risk"


def spread(state: State, c: Any) -> Iterator[Any]:
    _keep(state.staged.spreads, (c.product, c.place), c, bool(requirement.spread_legs(c)))
    yield _told(c, c.product, c.place)


def check_credit(state: State, c: Any) -> Iterator[str]:
    if any(side not in (1, 2) for _, _, side, _, _ in requirement.credit_legs(c)):
        yield "bad_risk"


def credit(state: State, c: Any) -> Iterator[Any]:
    _keep(state.staged.credits, c.place, c, bool(requirement.credit_legs(c)))
    yield _told(c, 0, c.place)


def check_delivery(state: State, c: Any) -> Iterator[str]:
    if not c.product:
        yield "bad_risk"


def delivery(state: State, c: Any) -> Iterator[Any]:
    stays = (c.spread_charge, c.outright_charge) != (0, 0)
    _keep(state.staged.deliveries, (c.product, c.month), c, stays)
    yield _told(c, c.product, c.month)


def check_apply(state: State, c: Any) -> Iterator[str]:
    if not requirement.can_be(state.staged, state.instruments):
        yield "bad_risk"


def apply(state: State, c: Any) -> Iterator[Any]:
    yield effects.RiskApplied(len(state.staged.products), len(state.staged.arrays))
    changed = state.staged.arrays.keys() ^ state.risk.arrays.keys()
    state.risk = state.staged.copied()
    for number in sorted(changed):
        for account in sorted(state.portfolios):
            yield from portfolio.hold_anew(state, account, [number])
