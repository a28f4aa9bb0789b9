"""Commands of the gate, one by one, for Hypothesis to put between those of other sessions; a failure shrinks to few."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.oracle.messages import LIMITS, SCOPES, commands
from tests.oracle.pair import command_of
from tests.oracle.values import BUY, FOK, FRESH, GTC, IOC, LIMIT, MARKET, POST_ONLY, QUOTE, SELL

from .strategies import ALICE, BOB, CAROL, EQUITY, INSTRUMENTS, LOT, MID, PERP, TICK, VENUE
from .strategies_gate import VALUES

Steps = dict[int, list[Any]]
"""Which commands come after the how-manieth of the other session."""

_accounts = st.sampled_from((ALICE, BOB, CAROL))
_instruments = st.sampled_from(INSTRUMENTS)
_numbers = st.sampled_from((0, 1, 2))
_of = {
    "everything": st.just(0),
    "account": _accounts,
    "group": st.sampled_from((1, 2)),
    "firm": st.sampled_from((1, 2)),
    "session": st.sampled_from((1, 2)),
    "instrument": _instruments,
    "venue": st.just(VENUE),
}
_scopes = st.sampled_from(sorted(SCOPES)).flatmap(lambda name: st.tuples(st.just(SCOPES[name]), _of[name]))


def _limit(scope: tuple[int, int], instrument: int, named: tuple[str, int]) -> Any:
    return commands.SetLimit(*scope, instrument, LIMITS[named[0]], named[1])


_limits = st.builds(
    _limit,
    _scopes,
    st.one_of(st.just(0), _instruments),
    st.sampled_from(sorted(LIMITS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from((*VALUES[name], -1)))
    ),
)


def _order(account: int, instrument: int, side: int, ticks: int, lots: int, words: tuple[int, int, int]) -> Any:
    kind, tif, flags = words
    price = 0 if kind == MARKET else MID[instrument] + ticks * TICK[instrument]
    fields = {"side": side, "kind": kind, "tif": tif, "flags": flags, "quantity": lots * LOT[instrument]}
    return command_of("PlaceOrder", account=account, instrument=instrument, price=price, session=ticks % 3, **fields)


Words = tuple[tuple[int, int, int], ...]


def _orders(words: Words, instruments: st.SearchStrategy[int] = _instruments) -> st.SearchStrategy[Any]:
    sides, ticks, lots = st.sampled_from((BUY, SELL)), st.integers(-3, 3), st.integers(1, 6)
    return st.builds(_order, _accounts, instruments, sides, ticks, lots, st.sampled_from(words))


_quoting: Words = tuple((LIMIT, GTC, QUOTE | flags) for flags in (0, 0, FRESH, POST_ONLY))
_taking: Words = ((LIMIT, GTC, 0), (LIMIT, GTC, 0), (LIMIT, IOC, 0), (LIMIT, FOK, 0), (MARKET, GTC, 0))
_quotes, _takers = _orders(_quoting), _orders(_taking)
_makers = st.builds(
    commands.RegisterMaker,
    _accounts,
    _instruments,
    st.sampled_from((2, 6)),
    st.sampled_from((1, 1, 5, 0)),
    st.sampled_from((0, 9_000)),
)
_protections = st.builds(
    commands.SetProtection,
    _accounts,
    _instruments,
    st.sampled_from((10**6, 10**9, 60 * 10**9)),
    st.sampled_from((0, 1, 5)),
    st.sampled_from((0, 3)),
    st.sampled_from((0, 10_000)),
)
_timers = st.builds(commands.SetDeadMan, _accounts, _numbers, st.sampled_from((0, 10**6, 2 * 10**6)))
_members = st.builds(commands.SetAccount, _accounts, _numbers, _numbers)
_credits = st.builds(commands.SetCredit, _accounts, st.integers(1, 4), st.sampled_from((0, 10**6, 2**63 - 1)))
_kills = st.builds(lambda scope, user: commands.Kill(*scope, user), _scopes, st.sampled_from((1, 2)))
_rearms = st.builds(lambda scope, user: commands.Rearm(*scope, user), _scopes, st.sampled_from((1, 2)))

one = st.one_of(_quotes, _quotes, _takers, _limits, _makers, _protections, _members, _credits, _timers, _kills, _rearms)
_few = st.sampled_from((EQUITY, PERP, PERP))
_rare = st.one_of(_makers, _protections, _members, _timers, _kills, _rearms)
_mostly = [_orders(_taking, _few)] * 13 + [_orders(_quoting, _few)] * 2 + [_makers, _rearms, _rearms, _rare]
within = st.integers(0, len(_mostly) - 1).flatmap(_mostly.__getitem__)
"""Those that change no limit and no credit, mostly orders and mostly in one perpetual."""


def placed(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Steps]:
    """A few of them, here and there."""
    return st.dictionaries(st.integers(0, 40), st.lists(one, min_size=1, max_size=4), max_size=20)
