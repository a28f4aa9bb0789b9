"""Sessions that Hypothesis builds command by command, so that a failure shrinks to the few commands that matter."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.oracle.messages import commands

from .strategies import (
    ALICE,
    CRYPTO,
    EQUITY,
    FX,
    INSTRUMENTS,
    LOOSE_PERP,
    LOT,
    MID,
    PERP,
    START,
    TICK,
    TRADERS,
    USD,
    VENUE,
    Session,
    opening,
)

Step = tuple[str, tuple[Any, ...]]

_ids = st.integers(0, 3).map(lambda number: number.to_bytes(16, "little"))
_accounts = st.sampled_from(TRADERS)
_instruments = st.sampled_from(INSTRUMENTS)
_ticks = st.integers(-3, 3)
_lots = st.integers(1, 6)
_back = st.integers(0, 5)

_place = st.tuples(
    _accounts,
    _instruments,
    st.sampled_from((0, 0, 0, VENUE)),
    st.sampled_from((1, 2)),
    st.sampled_from((1, 1, 1, 2)),
    st.sampled_from((1, 1, 2, 3, 4)),
    st.sampled_from((0, 0, 0, 1)),
    _ticks,
    _lots,
    _ids,
)
_amounts = st.sampled_from((1, 1_000, 10**6))
_steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("place"), _place),
    st.tuples(st.just("place"), _place),
    st.tuples(st.just("place"), _place),
    st.tuples(st.just("cancel"), st.tuples(_back, _ids)),
    st.tuples(st.just("replace"), st.tuples(_back, _ticks, _lots, _ids)),
    st.tuples(st.just("fill"), st.tuples(_back, st.sampled_from((1, 2)), _ticks, _lots, _ids)),
    st.tuples(
        st.just("venue"), st.tuples(_back, st.sampled_from(("accepted", "cancelled", "replaced")), _ticks, _lots)
    ),
    st.tuples(st.just("mark"), st.tuples(st.sampled_from((CRYPTO, PERP, LOOSE_PERP)), st.integers(0, 1), _ticks)),
    st.tuples(st.just("money"), st.tuples(st.booleans(), _accounts, _amounts, _ids)),
    st.tuples(st.just("halt"), st.tuples(st.booleans(), st.sampled_from((0, EQUITY, FX)))),
    st.tuples(st.just("sweep"), st.tuples(st.sampled_from((0, ALICE)), st.sampled_from((0, EQUITY, PERP)))),
)
sessions = st.builds(
    lambda seed, steps: _written(opening(seed), steps), st.integers(0, 50), st.lists(_steps, min_size=5, max_size=40)
)


def _price(instrument: int, ticks: int) -> int:
    return MID[instrument] + ticks * TICK[instrument]


def _written(session: Session, steps: list[Step]) -> Session:
    """The steps as commands; `back` counts the orders placed so far from the last one."""
    placed: list[tuple[int, Any]] = []
    for kind, words in steps:
        command = _COMMANDS[kind](placed, *words)
        session.append((command, START + len(session)))
        if kind == "place":
            placed.append((len(session), command))
    return session


def _told(placed: list[tuple[int, Any]], back: int) -> tuple[int, Any]:
    """The order, and the command that placed it; without any, one that never was."""
    if not placed:
        return 1, commands.PlaceOrder(ALICE, EQUITY, VENUE, 1, 1, 1, 0, 100, 1, bytes(16))
    return placed[-1 - min(back, len(placed) - 1)]


def _place_order(_: Any, account: int, instrument: int, venue: int, *words: Any) -> Any:
    side, kind, tif, flags, ticks, lots, client_id = words
    price = 0 if kind == 2 else _price(instrument, ticks)
    return commands.PlaceOrder(
        account, instrument, venue, side, kind, tif, flags, price, lots * LOT[instrument], client_id
    )


def _cancel_order(placed: Any, back: int, client_id: bytes) -> Any:
    order, told = _told(placed, back)
    return commands.CancelOrder(order, told.account, 0, client_id)


def _replace_order(placed: Any, back: int, ticks: int, lots: int, client_id: bytes) -> Any:
    order, told = _told(placed, back)
    terms = (_price(told.instrument, ticks), lots * LOT[told.instrument])
    return commands.ReplaceOrder(order, told.account, *terms, client_id)


def _venue_filled(placed: Any, back: int, liquidity: int, ticks: int, quantity: int, fill_id: bytes) -> Any:
    order, told = _told(placed, back)
    words = (told.account, told.instrument, told.side, liquidity, _price(told.instrument, ticks), quantity)
    return commands.VenueFilled(order, VENUE, *words, fill_id)


def _venue_answered(placed: Any, back: int, answer: str, ticks: int, quantity: int) -> Any:
    order, told = _told(placed, back)
    if answer == "replaced":
        return commands.VenueReplaced(order, VENUE, _price(told.instrument, ticks), quantity)
    return commands.VenueAccepted(order, VENUE) if answer == "accepted" else commands.VenueCancelled(order, VENUE, 10)


def _marked(_: Any, instrument: int, settlement: int, ticks: int) -> Any:
    return commands.Mark(instrument, settlement, 0, MID[instrument] * (10 + ticks) // 10)


def _moved(_: Any, into: bool, account: int, amount: int, client_id: bytes) -> Any:
    return (commands.Deposit if into else commands.Withdraw)(account, USD, amount, client_id)


def _halted(_: Any, halts: bool, instrument: int) -> Any:
    return commands.Halt(instrument, 1) if halts else commands.Resume(instrument)


def _swept(_: Any, account: int, instrument: int) -> Any:
    return commands.CancelAll(account, instrument, 0)


_COMMANDS: dict[str, Any] = {
    "place": _place_order,
    "cancel": _cancel_order,
    "replace": _replace_order,
    "fill": _venue_filled,
    "venue": _venue_answered,
    "mark": _marked,
    "money": _moved,
    "halt": _halted,
    "sweep": _swept,
}
