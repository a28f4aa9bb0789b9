"""The workload of `isthmus bench engine`: orders and cancels on one instrument, 16-byte records (COMMAND) in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from isthmus import _core
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.kernel.messages import AddAsset, AddInstrument, Deposit, OpenAccount

COMMAND = np.dtype(
    [("type", "u1"), ("side", "u1"), ("unused", "<u2"), ("quantity", "<u4"), ("price", "<i4"), ("id", "<u4")]
)
TRADE = np.dtype([("maker", "<u4"), ("taker", "<u4"), ("price", "<i4"), ("quantity", "<u4")])
LIMIT, CANCEL, MARKET = 0, 1, 2
PLACE_ORDER, CANCEL_ORDER = 10, 11

OWNERS = 1_024
FIRST_ACCOUNT = 16
DEPOSIT = 2**63 - 1
COMMANDS_MAX = 20_000_000
NO_SNAPSHOT = 2**63
"""Records: nobody follows the journal while it is timed."""

Array = np.ndarray[Any, np.dtype[Any]]


class Workload(Struct, frozen=True):
    """`commands` as in the file; `rows` the same as INSTRUCTION; `setup` what the engine is told first."""

    commands: Array
    rows: Array
    setup: list[Any]
    generated: bool

    def ids(self, orders: Array) -> Array:
        """The workload's ids of engine order numbers."""
        return self.commands["id"][orders.astype(np.int64) - len(self.setup) - 1]

    def trades(self, makers: Array, takers: Array, prices: Array, quantities: Array) -> Array:
        """Trades with engine order numbers as TRADE rows with the workload's ids."""
        found = np.zeros(len(makers), TRADE)
        found["maker"], found["taker"] = self.ids(makers), self.ids(takers)
        found["price"], found["quantity"] = prices, quantities
        return found


def trade_hash(trades: Array) -> str:
    """FNV-1a over the four numbers of every trade, hexadecimal."""
    return f"{_core.trade_hash(trades.tobytes()):016x}"


def read_workload(source: str) -> Workload:
    """A workload from a file. Raises BadInput for `workload`."""
    try:
        with open_input(source) as stream:
            raw = stream.read(COMMANDS_MAX * COMMAND.itemsize + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput("workload", str(error)) from error
    if not raw or len(raw) % COMMAND.itemsize or len(raw) > COMMANDS_MAX * COMMAND.itemsize:
        raise BadInput("workload", f"{len(raw)} bytes are not 1 to {COMMANDS_MAX} records of {COMMAND.itemsize}")
    commands = np.frombuffer(raw, COMMAND)
    _check(commands)
    return prepared(commands, generated=False)


def _check(commands: Array) -> None:
    placed = commands["type"] != CANCEL
    wrong = (commands["type"] > MARKET) | (commands["side"] > 1) | (placed & (commands["quantity"] == 0))
    wrong |= (commands["type"] == LIMIT) & (commands["price"] <= 0)
    if wrong.any():
        raise BadInput("workload", "type over 2, side over 1, no quantity or no price", int(wrong.argmax()) + 1)
    ids = np.sort(commands["id"][placed])
    if (ids[1:] == ids[:-1]).any():
        raise BadInput("workload", "two orders have the same id")


def prepared(commands: Array, generated: bool) -> Workload:
    """The commands with their INSTRUCTION rows; a cancel of an id that no earlier order has names order 0."""
    setup = list(_setup())
    placed = np.flatnonzero(commands["type"] != CANCEL)
    placed = placed[np.argsort(commands["id"][placed], kind="stable")]
    ids = commands["id"][placed]
    cancels = np.flatnonzero(commands["type"] == CANCEL)
    at = np.minimum(np.searchsorted(ids, commands["id"][cancels]), len(ids) - 1)
    known = (ids[at] == commands["id"][cancels]) & (placed[at] < cancels) if len(ids) else np.zeros(len(cancels), bool)
    sides = commands["side"].astype(np.int64)
    sides[cancels[known]] = sides[placed[at[known]]]
    orders = np.zeros(len(commands), np.uint64)
    orders[cancels[known]] = placed[at[known]] + len(setup) + 1
    rows = instruction_rows(commands, FIRST_ACCOUNT + 2 * (commands["id"] % 512) + sides, orders)
    return Workload(commands, rows, setup, generated)


def instruction_rows(commands: Array, accounts: Array, orders: Array) -> Array:
    """INSTRUCTION rows of commands; `orders` are the engine's numbers of what is cancelled."""
    rows = np.zeros(len(commands), _core.INSTRUCTION)
    placed, market = commands["type"] != CANCEL, commands["type"] == MARKET
    rows["command"] = np.where(placed, PLACE_ORDER, CANCEL_ORDER)
    rows["account"] = accounts
    rows["order"] = orders
    rows["instrument"][placed] = 1
    rows["side"][placed] = commands["side"][placed] + 1
    rows["kind"][placed] = np.where(market[placed], 2, 1)
    rows["tif"][placed] = np.where(market[placed], 2, 1)
    rows["price"][placed] = np.where(market[placed], 0, commands["price"][placed])
    rows["quantity"][placed] = commands["quantity"][placed]
    return rows


def _setup() -> Iterator[Any]:
    """One instrument without a collar and its owners, each with as much money and stock as an amount can be."""
    yield AddAsset("USD", 2)
    yield AddAsset("W1", 0)
    yield AddInstrument(
        symbol="W1-USD", kind=1, base=2, quote=1, price_decimals=2, quantity_decimals=0,
        tick=1, lot=1, multiplier=1, maker_fee_ppm=100, taker_fee_ppm=200,
    )  # fmt: skip
    for owner in range(OWNERS):
        yield OpenAccount(1)
        yield Deposit(FIRST_ACCOUNT + owner, 1, DEPOSIT)
        yield Deposit(FIRST_ACCOUNT + owner, 2, DEPOSIT)


def fresh_engine(workload: Workload, data: str | None = None, durability: str = "never") -> Any:
    """An engine that has been told the setup and no more."""
    engine = _core.Engine(data, durability, snapshot_records=NO_SNAPSHOT)
    for command in workload.setup:
        engine.stage(command, 1)
    engine.hand_over()
    if engine.flusher is not None:
        engine.flusher.flush()
    return engine
