"""The pools of a folder as one market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.engine.market import Market
from isthmus.kernel.errors import BadInput
from isthmus.venues.amm.states import PoolState, read_states
from isthmus.venues.amm.venue import PoolMarkets, pairs


def make(folder: Path) -> Market:
    """Every pool of the folder's .json files. Raises BadInput when there is none that can be traded."""
    if not folder.is_dir():
        raise BadInput("markets", f"{folder} is no folder")
    states: dict[str, PoolState] = {}
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.json*")):
        try:
            found = read_states(path)
        except BadInput as fault:
            rows.append(_row(path, None, None, f"{fault.field}: {fault.reason}"))
            continue
        for state in found:
            known = state.name in states
            states.setdefault(state.name, state)
            why = "another file has this pool" if known else "as its file left it; moved by orders only"
            symbols = (f"{state.tokens[base].code}/{state.tokens[quote].code}" for base, quote in pairs(state.tokens))
            rows.extend(_row(path, symbol, state.name, why, taken=not known) for symbol in symbols)
    if not states:
        reasons = "; ".join(f"{row['files'][0]}: {row['why']}" for row in rows)
        raise BadInput("markets", f"no pool in {folder} can be traded ({reasons or 'it is empty'})")
    return PoolMarkets(list(states.values()), rows)


def _row(path: Path, instrument: str | None, venue: str | None, why: str, taken: bool = False) -> dict[str, Any]:
    kind = "amm_pool" if venue else None
    return {
        "kind": kind, "instrument": instrument, "venue": venue, "files": [path.name], "taken": taken, "why": why,
        "label": None, "left_out": None,
    }  # fmt: skip
