"""The pools of a folder as one market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from isthmus.engine.market import Market
from isthmus.kernel.errors import BadInput
from isthmus.venues.amm.settings import read_entries, with_entries
from isthmus.venues.amm.states import PoolState, read_states
from isthmus.venues.amm.venue import PoolMarkets

SUFFIXES = (".json", ".json.gz", ".json.xz", ".json.zst")
"""Names that may hold pools; what is in them decides."""


class Found(msgspec.Struct, frozen=True):
    """The pools that can be traded, and a row for every file or pool that was looked at."""

    states: list[PoolState]
    rows: list[dict[str, Any]]


def make(folder: Path) -> Market:
    """Every pool of the folder's .json files. Raises BadInput when there is none that can be traded."""
    found = survey(folder)
    if not found.states:
        reasons = "; ".join(f"{row['files'][0]}: {row['why']}" for row in found.rows)
        raise BadInput("markets", f"no pool in {folder} can be traded ({reasons or 'it is empty'})")
    return PoolMarkets(found.states, found.rows)


def survey(folder: Path) -> Found:
    """Look at every file that may hold pools. Raises BadInput when the folder or its markets.toml cannot be read."""
    if not folder.is_dir():
        raise BadInput("markets", f"{folder} is no folder")
    entries = read_entries(folder)
    states: dict[str, PoolState] = {}
    rows: list[dict[str, Any]] = []
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.name.endswith(SUFFIXES)):
        try:
            found = [with_entries(state, path.name, entries) for state in read_states(path)]
        except BadInput as fault:
            rows.append(_row(path, None, None, f"{fault.field}: {fault.reason}"))
            continue
        for state in found:
            known = state.name in states
            states.setdefault(state.name, state)
            why = "another file has this pool" if known else "as its file left it; moved by orders only"
            rows.extend(_row(path, pair.symbol, state.name, why, taken=not known) for pair in state.pairs)
    return Found(list(states.values()), rows)


def _row(path: Path, instrument: str | None, venue: str | None, why: str, taken: bool = False) -> dict[str, Any]:
    kind = "amm_pool" if venue else None
    return {
        "kind": kind, "instrument": instrument, "venue": venue, "files": [path.name], "taken": taken, "why": why,
        "label": None, "left_out": None,
    }  # fmt: skip
