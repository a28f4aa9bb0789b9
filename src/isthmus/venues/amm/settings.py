"""[[pool]] in markets.toml: as which instruments the pools of a file are traded, and what a swap costs beside."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import msgspec

from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, units
from isthmus.venues.amm.states import Pair, PoolState

SETTINGS = "markets.toml"
GAS_DECIMALS = 8


class PoolEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[pool]]. `venue`, `base`, `quote` narrow it to a pool and a pair where the files have several; `gas` of a
    swap in the quote token; fills of the journal up to record `after` are in the file already.
    """

    files: list[str]
    venue: str | None = None
    base: str | None = None
    quote: str | None = None
    instrument: str | None = None
    gas: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] = 0


class _Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of markets.toml; recordings read the other tables."""

    pool: list[PoolEntry] = []
    market: list[dict[str, Any]] = []
    venue: list[dict[str, Any]] = []


def read_entries(folder: Path) -> list[PoolEntry]:
    """Every [[pool]] of the folder. Raises BadInput when one is malformed or names no file."""
    path = folder / SETTINGS
    entries = shaped(read_toml(path), _Tables).pool if path.is_file() else []
    names = [found.name for found in folder.iterdir()] if entries else []
    for entry in entries:
        for pattern in entry.files:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise BadInput("files", f"{SETTINGS} names {pattern}, which is not in {folder}")
        if entry.gas is not None:
            _check_gas(entry.gas)
    return entries


def _check_gas(text: str) -> None:
    try:
        count = units(text, GAS_DECIMALS)
    except (NotANumber, TooFine):
        count = -1
    if count < 0:
        raise BadInput("gas", f"{text!r} is no amount of at most {GAS_DECIMALS} decimals")


def with_entries(state: PoolState, file: str, entries: list[PoolEntry]) -> PoolState:
    """The pool with what the entries say of it. Raises BadInput when one instrument is meant for several pairs."""
    for entry in entries:
        if not any(fnmatchcase(file, pattern) for pattern in entry.files) or entry.venue not in (None, state.name):
            continue
        meant = [pair for pair in state.pairs if _means(entry, state, pair)]
        if entry.instrument is not None and len(meant) > 1:
            raise BadInput("instrument", f"{state.name} has {len(meant)} pairs: [[pool]] needs base and quote")
        if not meant and entry.venue is not None:
            raise BadInput("base", f"{state.name} has no pair {entry.base}/{entry.quote}")
        told = {pair: _told(entry, pair) for pair in meant}
        pairs = tuple(told.get(pair, pair) for pair in state.pairs)
        state = msgspec.structs.replace(state, pairs=pairs, after=max(state.after, entry.after))
    return state


def _means(entry: PoolEntry, state: PoolState, pair: Pair) -> bool:
    codes = state.tokens[pair.base].code, state.tokens[pair.quote].code
    return entry.base in (None, codes[0]) and entry.quote in (None, codes[1])


def _told(entry: PoolEntry, pair: Pair) -> Pair:
    symbol = pair.symbol if entry.instrument is None else entry.instrument
    return msgspec.structs.replace(pair, symbol=symbol, gas=pair.gas if entry.gas is None else entry.gas)
