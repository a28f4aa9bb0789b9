"""The house's flash desk: borrows, swaps through pools and repays when that pays after all costs, or does nothing.

It looks at one route a step. A move that pays is placed as one order a leg for `house:flash`, each with the fills that
it was priced with (`venues.amm.moves`); the pools execute all legs in one step once all orders are there, or none. The
loan is a credit line for the time of the move: nothing is paid in, and what the lender and the network get is paid out
with the legs. If an order of it is refused, those before it are cancelled and the pools do not move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from isthmus.app.desk import Desk
from isthmus.app.flash_terms import Loan
from isthmus.app.output import note as tell
from isthmus.engine.market import Market
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_HOUSE,
    BUY,
    FOK,
    LIMIT,
    SELL,
    SHORT,
    CancelOrder,
    PlaceOrder,
    SetCredit,
)
from isthmus.kernel.values import NS_PER_S, units
from isthmus.venues.amm.moves import MoveNote, note_text
from isthmus.venues.amm.plan import Costs, Hop, LegPlan, Move, best_move, hops_of, may_pay, routes
from isthmus.venues.amm.venue import PoolMarkets

ACCOUNT = "house:flash"
PAUSE_NS = 20_000_000
"""Between two routes that are looked at."""
IDLE_NS = NS_PER_S


class Outcome(msgspec.Struct, frozen=True):
    """What became of a move: its number, whether it was executed, and why not."""

    number: int
    move: Move
    executed: bool
    why: str


class FlashDesk:
    """Call `open` when the markets are open, then `step` when it is due. `on_outcome` hears of every move."""

    def __init__(self, desk: Desk, pools: PoolMarkets, loans: dict[str, Loan]) -> None:
        self._desk = desk
        self._pools = pools
        self._loans = loans
        self._routes: list[tuple[tuple[Hop, ...], Costs]] = []
        self._next = 0
        self._lines: dict[int, int] = {}
        self._working: tuple[int, Move, list[int]] | None = None
        self.account = 0
        self.on_outcome: Callable[[Outcome], None] = told

    def open(self) -> None:
        """Open the account, take back what lines a former run left, find the routes. Raises BadInput for a loan of an
        asset that no pool trades.
        """
        desk = self._desk
        self.account = desk.account(ACCOUNT, ACCOUNT_HOUSE)
        hops = all_hops(desk.engine, self._pools)
        for asset in {hop.base for hop in hops} | {hop.quote for hop in hops}:
            desk.submit(SetCredit(account=self.account, asset=asset, amount=0))
        for costs in costs_of(desk.engine, self._loans):
            found = routes(hops, costs.asset)
            self._routes += [(way, costs) for way in found]

    @property
    def routes(self) -> int:
        """How many ways round there are."""
        return len(self._routes)

    def step(self, at: int) -> int:
        """Settle the move that is under way, else look at the next route."""
        if self._working is not None:
            return self._settle(at)
        if not self._routes:
            return at + IDLE_NS
        way, costs = self._routes[self._next]
        self._next = (self._next + 1) % len(self._routes)
        if may_pay(way):
            move = best_move(way, costs)
            if move is not None and move.profit >= costs.least_profit:
                self._send(move, costs)
        return at + (PAUSE_NS if self._next else IDLE_NS)

    def _send(self, move: Move, costs: Costs) -> None:
        """All orders of the move, or none: those that were placed are cancelled when one is refused."""
        number = self._desk.engine.sequence + 1
        placed: list[int] = []
        for leg, plan in enumerate(move.legs):
            paid = ((costs.asset, move.fee), (costs.asset, move.gas)) if plan is move.legs[-1] else ()
            note = MoveNote(
                move=number,
                leg=leg,
                legs=len(move.legs),
                fills=plan.fills,
                costs=tuple(row for row in paid if row[1]),
            )
            record = self._place(plan, note) if self._lend(plan) else None
            if record is None or record.reason is not None:
                why = record.reason if record is not None else "nothing is taken now"
                self._call_back(placed)
                self._free()
                self.on_outcome(Outcome(number, move, False, f"leg {leg}: {why}"))
                return
            placed.append(record.sequence)
        self._working = (number, move, placed)

    def _lend(self, plan: LegPlan) -> bool:
        """A line in what the leg pays, as large as what its order holds."""
        hop = plan.hop
        base_units, step_units = hop.units
        needed = plan.lots * (plan.limit * step_units if hop.side == BUY else base_units)
        line = self._lines.get(hop.pays, 0) + needed
        record = self._desk.submit(SetCredit(account=self.account, asset=hop.pays, amount=line))
        if record is None or record.reason is not None:
            return False
        self._lines[hop.pays] = line
        return True

    def _place(self, plan: LegPlan, note: MoveNote) -> Any:
        hop = plan.hop
        command = PlaceOrder(
            account=self.account,
            instrument=hop.instrument,
            venue=hop.venue,
            side=hop.side,
            kind=LIMIT,
            tif=FOK,
            flags=SHORT if hop.side == SELL else 0,
            price=plan.limit,
            quantity=plan.lots,
        )
        return self._desk.submit(command, note=note_text(note))

    def _call_back(self, orders: list[int]) -> None:
        for order in orders:
            self._desk.submit(CancelOrder(order=order, account=self.account))

    def _settle(self, at: int) -> int:
        """Wait until the pools answered; then the lines are taken back."""
        assert self._working is not None
        number, move, orders = self._working
        if any(self._desk.engine.order(order) is not None for order in orders):
            return at + PAUSE_NS
        self._working = None
        self._free()
        executed = self._pools.executed_moves.get(number, False)
        self.on_outcome(Outcome(number, move, executed, "" if executed else "the pools had moved"))
        return at + PAUSE_NS

    def _free(self) -> None:
        for asset in list(self._lines):
            if self._desk.submit(SetCredit(account=self.account, asset=asset, amount=0)) is not None:
                del self._lines[asset]


def all_hops(engine: Any, pools: PoolMarkets) -> list[Hop]:
    """Every way through every instrument of the pools."""
    decimals = {row["asset"]: row["decimals"] for row in engine.assets()}
    rows = {row["instrument"]: row for row in engine.instruments()}
    return [hop for listed in pools.listed for hop in hops_of(listed, rows[listed.place.instrument], decimals)]


def costs_of(engine: Any, loans: dict[str, Loan]) -> list[Costs]:
    """The loans in the ledger's units. Raises BadInput that names the asset."""
    assets = {row["code"]: row for row in engine.assets()}
    found = []
    for code, loan in loans.items():
        row = assets.get(code)
        if row is None:
            raise BadInput(f"flash.{code}", "no market trades this asset")
        try:
            most, gas = units(loan.most, row["decimals"]), units(loan.gas, row["decimals"])
        except ValueError as error:
            raise BadInput(f"flash.{code}", f"{error} is no amount of {row['decimals']} decimals") from error
        if most <= 0 or gas < 0 or not 0 <= loan.fee_ppm <= 1_000_000:
            raise BadInput(f"flash.{code}", "most is above 0, gas and fee_ppm are 0 or more")
        found.append(Costs(asset=row["asset"], decimals=row["decimals"], most=most, fee_ppm=loan.fee_ppm, gas=gas))
    return found


def flash_desks(desk: Desk, markets: Iterable[Market], loans: dict[str, Loan]) -> list[FlashDesk]:
    """A desk for each market of pools, open; none where nothing may be borrowed. Raises BadInput for loans without
    pools.
    """
    pools = [market for market in markets if isinstance(market, PoolMarkets)] if loans else []
    if loans and not pools:
        raise BadInput("flash", "there are no pools in the markets")
    desks = [FlashDesk(desk, market, loans) for market in pools]
    for one in desks:
        one.open()
    return desks


def told(outcome: Outcome) -> None:
    """A line for the operator."""
    what = "executed" if outcome.executed else f"not executed ({outcome.why})"
    tell(f"flash move {outcome.number} of {len(outcome.move.legs)} legs {what}")


__all__ = ["FlashDesk", "Loan", "Outcome", "flash_desks"]
