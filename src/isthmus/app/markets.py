"""The markets of a folder: recordings that are played, pools that are traded. The one way from a folder to markets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isthmus.engine.market import Market
from isthmus.kernel.errors import BadInput
from isthmus.venues.amm import folder as pools
from isthmus.venues.amm.venue import PoolMarkets
from isthmus.venues.marking import MARK_NS
from isthmus.venues.recorded.catalogue import look, reasons
from isthmus.venues.recorded.venue import RecordedMarkets

Row = dict[str, Any]


def folder_markets(folder: Path, speed: float, mark_ns: int = MARK_NS) -> list[Market]:
    """Recordings and pools of a folder, each sort as one market. Raises BadInput when there is nothing to trade."""
    recorded, found = look(folder), pools.survey(folder)
    played, pooled = _told_once(recorded.rows, found.rows)
    markets: list[Market] = []
    if recorded.recordings:
        markets.append(RecordedMarkets(recorded.recordings, played, speed, mark_ns))
    if found.states:
        markets.append(PoolMarkets(found.states, pooled if markets else [*played, *pooled]))
    if not markets:
        raise BadInput("markets", f"nothing in {folder} can be played or traded ({reasons([*played, *pooled])})")
    return markets


def in_order(markets: Iterable[Market]) -> list[Market]:
    """Pools come last: they are traded as instruments that the others list."""
    return sorted(markets, key=lambda market: isinstance(market, PoolMarkets))


def _told_once(recorded: list[Row], pooled: list[Row]) -> tuple[list[Row], list[Row]]:
    """A file is told of by whoever took it; one that nobody took by the readers of pools, if its name is one of theirs:
    they looked into it.
    """
    taken = {name for row in recorded if row["taken"] for name in row["files"]}
    own = [row for row in pooled if not taken.intersection(row["files"])]
    names = {name for row in own for name in row["files"]}
    return [row for row in recorded if row["taken"] or not names.intersection(row["files"])], own
