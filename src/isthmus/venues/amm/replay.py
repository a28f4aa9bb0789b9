"""Recorded swaps against the pool's formula: every amount, price, liquidity and tick to the last unit.

A swap's event does not say at which price its trader wanted to stop. A swap that comes out otherwise is therefore tried
again with its recorded end price as that limit, and counts as equal only if every figure then is (`limited`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from isthmus.engine.pools import Pool, PoolRefused
from isthmus.kernel.errors import BadInput
from isthmus.venues.amm.events import MINT, LiquidityEvent, PoolEvents, SwapEvent


class Different(msgspec.Struct, frozen=True):
    """A swap that did not come out as recorded; `index` is its place in the file's list, from 0."""

    index: int
    reason: str


class SwapCheck(msgspec.Struct):
    """What the check found. `limited` of the equal swaps needed their recorded end price as a limit."""

    swaps: int = 0
    equal: int = 0
    different: list[Different] = []
    limited: int = 0
    liquidity_events: int = 0
    liquidity_equal: int = 0
    liquidity_different: list[Different] = []

    @property
    def clean(self) -> bool:
        """Everything came out as recorded."""
        return not self.different and not self.liquidity_different


def check_swaps(events: PoolEvents) -> SwapCheck:
    """Plays a pool from its creation. Raises BadInput when it cannot be created as the file says."""
    return played_through(events)[0]


def played_through(events: PoolEvents) -> tuple[SwapCheck, Pool]:
    """What the check found, and the pool after the last event."""
    creation = events.creation
    try:
        pool = Pool.concentrated(creation.fee_pips, creation.tick_spacing, creation.sqrt_price)
    except (PoolRefused, OverflowError) as refusal:
        raise BadInput("pool", f"cannot be created: {_why(refusal)}") from refusal
    found = SwapCheck(swaps=len(events.swaps), liquidity_events=len(events.liquidity))
    played = _Played([pool], found)
    steps: list[LiquidityEvent | SwapEvent] = [*events.liquidity, *events.swaps]
    for event in sorted(steps, key=lambda step: step.at):
        if isinstance(event, SwapEvent):
            played.swap(event)
        else:
            played.liquidity(event)
    return found, played.pools[0]


class _Played:
    """A pool on its way. After a difference it is not known whether the event or the state before it was wrong: both
    the computed and the recorded state go on, and the next swap that comes out decides.
    """

    def __init__(self, pools: list[Pool], found: SwapCheck) -> None:
        self.pools = pools
        self._found = found

    def liquidity(self, event: LiquidityEvent) -> None:
        reasons = [_applied(pool, event) for pool in self.pools]
        if None in reasons:
            self._found.liquidity_equal += 1
        else:
            self._found.liquidity_different.append(Different(event.index, str(reasons[0])))

    def swap(self, event: SwapEvent) -> None:
        reasons = []
        for pool in self.pools:
            for limited, (amount, limit) in _attempts(event):
                tried = pool.copy()
                reason = _differs(tried, event, amount, limit)
                if reason is None:
                    self._found.equal += 1
                    self._found.limited += limited
                    self.pools = [tried]
                    return
                reasons.append(reason)
        self._found.different.append(Different(event.index, reasons[0]))
        self.pools = list(_after(self.pools[0], event))


def _applied(pool: Pool, event: LiquidityEvent) -> str | None:
    """Bring or take liquidity; what differs from the event, None when nothing does."""
    change = pool.mint if event.kind == MINT else pool.burn
    try:
        amounts = change(event.owner, (event.lower, event.upper), event.liquidity)
    except (PoolRefused, OverflowError) as refusal:
        return _why(refusal)
    if amounts != event.amounts:
        return f"amounts are {amounts[0]} and {amounts[1]}, the event says {event.amounts[0]} and {event.amounts[1]}"
    return None


def _zero_for_one(event: SwapEvent) -> bool:
    """Token 0 comes in. One of the amounts may have been rounded to 0."""
    return event.amount0 > 0 or (event.amount0 == 0 and event.amount1 < 0)


def _attempts(event: SwapEvent) -> Iterator[tuple[bool, tuple[int, int | None]]]:
    """(with a limit, (amount, limit)): as asked for; then up to the recorded end price, as asked for or all that came
    in. A file that does not tell what was asked for leaves both amounts to try.
    """
    spent, got = (event.amount0, event.amount1) if _zero_for_one(event) else (event.amount1, event.amount0)
    asked = [event.specified] if event.specified is not None else [spent, got]
    for amount in asked:
        yield False, (amount, None)
    for amount in dict.fromkeys([*asked, spent]):
        yield True, (amount, event.sqrt_price)


def _differs(pool: Pool, event: SwapEvent, amount: int, limit: int | None) -> str | None:
    """Swap; what differs from the event, None when every figure is the same."""
    try:
        done = pool.swap(_zero_for_one(event), amount, limit)
    except (PoolRefused, OverflowError) as refusal:
        return _why(refusal)
    computed = _figures(done, _zero_for_one(event))
    wrong = [
        f"{name} is {value}, the event says {getattr(event, name)}"
        for name, value in computed.items()
        if value != getattr(event, name)
    ]
    return "; ".join(wrong) or None


def _figures(done: dict[str, int], zero_for_one: bool) -> dict[str, int]:
    into, out_of = done["amount_in"], -done["amount_out"]
    return {
        "amount0": into if zero_for_one else out_of,
        "amount1": out_of if zero_for_one else into,
        "sqrt_price": done["sqrt_price"],
        "liquidity": done["liquidity"],
        "tick": done["tick"],
    }


def _after(pool: Pool, event: SwapEvent) -> Iterator[Pool]:
    """The states that the pool may be in after a swap that came out otherwise: as computed, and as recorded."""
    for _, (amount, limit) in _attempts(event):
        computed = pool.copy()
        try:
            computed.swap(_zero_for_one(event), amount, limit)
        except (PoolRefused, OverflowError):
            continue
        yield computed
        break
    else:
        yield pool
    try:
        yield pool.at_price(event.sqrt_price, event.tick)
    except (PoolRefused, OverflowError):
        return


def _why(refusal: Any) -> str:
    return " ".join(str(part) for part in refusal.args)
