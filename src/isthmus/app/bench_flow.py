"""A workload of our own for machines without the published one; the same seed gives the same commands everywhere.

The mix is that of the published workload: seven limit orders in ten, of which a quarter cross, a quarter cancels of
live orders, one market order in twenty, about 2,300 orders resting.
"""

from __future__ import annotations

import numpy as np

from isthmus.app.bench_workload import (
    CANCEL,
    COMMAND,
    FIRST_ACCOUNT,
    LIMIT,
    MARKET,
    Array,
    Workload,
    fresh_engine,
    instruction_rows,
    prepared,
)

GENERATED = 1_000_000
SEED = 42
CHUNK = 250
"""Commands drawn from one view of the book."""
DRAWS = 6
RESTING = 2_300
MID = 10_000


def generated(count: int = GENERATED, seed: int = SEED) -> Workload:
    """A workload of the published mix; the same seed gives the same commands everywhere."""
    commands = np.zeros(count, COMMAND)
    commands["id"] = np.arange(1, count + 1)
    shape = _Flow(prepared(commands[:0], generated=True), seed)
    for start in range(0, count, CHUNK):
        shape.fill(commands[start : start + CHUNK], start)
    return prepared(commands, generated=True)


def splitmix64(seed: int, start: int, count: int) -> Array:
    """Numbers `start` to `start + count` of the splitmix64 sequence of a seed."""
    with np.errstate(over="ignore"):
        state = np.arange(start + 1, start + count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = state + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


class _Flow:
    """Draws commands a chunk at a time and lets an engine tell which orders live on."""

    def __init__(self, empty: Workload, seed: int) -> None:
        self.engine = fresh_engine(empty)
        self.offset = len(empty.setup)
        self.seed = seed
        self.mid = MID
        self.alive: dict[int, int] = {}
        """What is left of every resting order, oldest first."""

    def fill(self, chunk: Array, start: int) -> None:
        """Draws the commands of a chunk and applies them."""
        draws = splitmix64(self.seed, start * DRAWS, len(chunk) * DRAWS).reshape(-1, DRAWS)
        shares = (draws >> np.uint64(11)).astype(np.float64) / 2.0**53
        kinds, sides, steps, amounts, picks, walks = shares.T
        mids = self.mid + np.cumsum(np.where(walks < 0.01, 1, 0) - np.where(walks > 0.99, 1, 0))
        self.mid = int(mids[-1])
        chunk["type"] = np.select([kinds < 0.70, kinds < 0.75], [LIMIT, MARKET], CANCEL)
        chunk["side"] = sides < 0.5
        chunk["quantity"] = 1 + amounts * np.where(chunk["type"] == MARKET, 200, 100)
        chunk["price"] = self._prices(chunk["side"], steps, picks, mids)
        self._choose_cancels(chunk, picks)
        self._apply(chunk, start)

    def _prices(self, sides: Array, steps: Array, picks: Array, mids: Array) -> Array:
        """Geometric distance from the middle; the fuller the book, the more of them cross."""
        distance = np.minimum(1 + np.floor(np.log1p(-steps) / np.log(7 / 8)), 60)
        distance += np.where(steps > 0.95, np.floor(picks * 200), 0)
        crossing = picks < 0.25 * min(len(self.alive) / RESTING, 2.0) ** 2
        away = np.where(sides == 1, 1, -1) * np.where(crossing, -1, 1)
        prices: Array = np.maximum(mids + away * distance, 1)
        return prices

    def _choose_cancels(self, chunk: Array, picks: Array) -> None:
        """Half of the cancels take any live order, half one of the newest 256; without any they are market orders."""
        alive = list(self.alive)
        for at in np.flatnonzero(chunk["type"] == CANCEL):
            if not alive:
                chunk["type"][at] = MARKET
                continue
            pick = float(picks[at]) * 2
            pool = len(alive) if pick < 1 else min(len(alive), 256)
            place = len(alive) - 1 - int(pick % 1 * pool)
            chunk["id"][at] = alive.pop(place)
            chunk["side"][at] = chunk["quantity"][at] = 0
        chunk["price"][chunk["type"] != LIMIT] = 0

    def _apply(self, chunk: Array, start: int) -> None:
        """Plays the chunk on the engine and keeps what rests."""
        cancelled = chunk["type"] == CANCEL
        orders = np.where(cancelled, chunk["id"].astype(np.uint64) + np.uint64(self.offset), np.uint64(0))
        owners = FIRST_ACCOUNT + 2 * (chunk["id"] % 512) + chunk["side"]
        batch = self.engine.submit_batch(instruction_rows(chunk, np.where(cancelled, 0, owners), orders), 1)
        for number in chunk["id"][cancelled].tolist():
            self.alive.pop(number, None)
        resting = chunk["type"] == LIMIT
        self.alive.update(zip(chunk["id"][resting].tolist(), chunk["quantity"][resting].tolist(), strict=True))
        fills = batch.fills
        numbers = np.concatenate([fills["maker_order"], fills["taker_order"]]).astype(np.int64) - self.offset
        for number, quantity in zip(numbers.tolist(), fills["quantity"].tolist() * 2, strict=True):
            left = self.alive.get(number)
            if left is not None and left > quantity:
                self.alive[number] = left - quantity
            else:
                self.alive.pop(number, None)
