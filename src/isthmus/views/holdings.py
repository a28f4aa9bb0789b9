"""What clients own and what of it is held, from postings and holds; positions with their average cost and profit.

The same figures as the engine's own, as of the last durable record: nobody sees money move before the journal has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import BUY, MAKER, ROLES, SELL, TAKER
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.families import Families
from isthmus.views.orders import venue_of

SPLIT_TEXT = "clearing split"
"""How the origin's text of a posting begins that gives or takes shares for a corporate action."""


class BalanceRow(msgspec.Struct):
    """Minor units of one asset of one account."""

    account: int
    asset: int
    total: int = 0
    held: int = 0
    frozen: bool = False


class PendingRow(msgspec.Struct, frozen=True):
    """A transfer that waits to be posted or voided, by the record that made it; `expire`: ns, 0 never."""

    transfer: int
    source: int
    target: int
    asset: int
    amount: int
    expire: int


class PositionRow(msgspec.Struct):
    """Signed quantity; `cost` is the turnover (price x quantity) of what is open, `realised` the profit of what was
    closed (no fees).
    """

    account: int
    instrument: int
    quantity: int = 0
    cost: int = 0
    realised: int = 0

    def trade(self, side: int, price: int, quantity: int, of: Instrument | None = None) -> None:
        """Average cost: what opens adds to the cost, what closes takes its share of it and makes the profit. `of`: the
        instrument, whose turnover is not price x quantity where it is inverse.
        """
        inverse = of is not None and of.inverse

        def turnover(units: int) -> int:
            return of.turnover(price, units) if of is not None and inverse else price * units

        signed = quantity if side == BUY else -quantity
        closing = min(abs(signed), abs(self.quantity)) if self.quantity * signed < 0 else 0
        if closing:
            share = self.cost * closing // abs(self.quantity)
            direction = 1 if self.quantity > 0 else -1
            profit = direction * turnover(closing) - share
            self.realised += -profit if inverse else profit
            self.cost -= share
        opening = abs(signed) - closing
        self.cost += turnover(opening) * (1 if signed > 0 else -1)
        self.quantity += signed


class _Holder(msgspec.Struct):
    """A live order that holds something."""

    account: int
    instrument: int
    side: int
    quantity: int
    venue: int = 0
    filled: int = 0


Change = set[tuple[int, int]]


class Holdings:
    """Feed it every record in order; it answers with the (account, asset) and (account, instrument) that changed."""

    def __init__(self, directory: Directory, postings: Callable[[Record], list[Any]]) -> None:
        self._directory = directory
        self._postings = postings
        self._balances: dict[tuple[int, int], BalanceRow] = {}
        self._positions: dict[tuple[int, int], PositionRow] = {}
        self._holds: dict[Any, int] = {}
        self._orders: dict[int, _Holder] = {}
        self._spot_of_base: dict[int, int] = {}
        self._references: dict[int, int] = {}
        self._marked_once: set[int] = set()
        self._settlements: dict[int, int] = {}
        self._closed_at: dict[int, int] = {}
        self._frozen: dict[tuple[int, int], set[str]] = {}
        self._families = Families()
        self._pending: dict[int, PendingRow] = {}

    def pending(self) -> list[PendingRow]:
        """Transfers that wait, oldest first."""
        return list(self._pending.values())

    def pending_transfer(self, transfer: int) -> PendingRow | None:
        """None if it is over, or never was."""
        return self._pending.get(transfer)

    def balances(self, account: int) -> list[BalanceRow]:
        """By asset number."""
        return sorted((row for (owner, _), row in self._balances.items() if owner == account), key=lambda r: r.asset)

    def balance(self, account: int, asset: int) -> BalanceRow:
        """Zeros if the account never had the asset."""
        return self._balances.get((account, asset)) or BalanceRow(account, asset)

    def positions(self, account: int) -> list[PositionRow]:
        """By instrument number; closed ones stay for their realised profit."""
        rows = (row for (owner, _), row in self._positions.items() if owner == account)
        return sorted(rows, key=lambda row: row.instrument)

    def position(self, account: int, instrument: int) -> PositionRow:
        """Zeros if there never was one."""
        return self._positions.get((account, instrument)) or PositionRow(account, instrument)

    def reference(self, instrument: int) -> int:
        """Last mark, or the last trade while there is none; 0 without either."""
        return self._references.get(instrument, 0)

    def is_marked(self, instrument: int) -> bool:
        """Whether somebody brought a mark, so that trades are no reference any more."""
        return instrument in self._marked_once

    def settlement_mark(self, instrument: int) -> int:
        """The price that a perpetual's profit and loss was last settled against; 0 for others."""
        return self._settlements.get(instrument, 0)

    def closed_at(self, asset: int) -> int:
        """When the asset's day was closed last (ns); 0 never."""
        return self._closed_at.get(asset, 0)

    def note_trade(self, instrument: int, price: int) -> None:
        """A trade on the house book is the reference price while there is no mark."""
        if instrument not in self._marked_once:
            self._references[instrument] = price

    def on_record(self, record: Record, effects: list[Any]) -> tuple[Change, Change]:
        """Take the record in; `effects` are its own, decoded once."""
        balances: Change = set()
        positions: Change = set()
        for posting in self._postings(record) if effects else ():
            self._post(posting, balances)
        for effect in effects:
            name = type(effect).__name__
            ends = name == "Settled" and type(record.command).__name__ in ("SettleExpiry", "Exercise")
            if take := Holdings._position_ended if ends else _TAKES.get(name):
                take(self, record, effect, balances, positions)
        return balances, positions

    def _row(self, account: int, asset: int) -> BalanceRow:
        key = (account, asset)
        row = self._balances.get(key)
        if row is None:
            row = self._balances[key] = BalanceRow(account, asset)
        return row

    def _post(self, posting: Any, balances: Change) -> None:
        for account, amount in ((posting.source, -posting.amount), (posting.target, posting.amount)):
            if account in self._directory.ledger_numbers:
                self._row(account, posting.asset).total += amount
                balances.add((account, posting.asset))

    def _set_hold(self, key: Any, account: int, asset: int, hold: int, balances: Change) -> None:
        before = self._holds.pop(key, 0)
        if hold:
            self._holds[key] = hold
        if hold != before:
            self._row(account, asset).held += hold - before
            balances.add((account, asset))

    def _hold_order(self, order: int, hold: int, balances: Change) -> None:
        """A spot order holds for itself; a perpetual's hold is that of its whole position."""
        known = self._orders.get(order)
        if known is None:
            return
        row = self._directory.instruments[known.instrument]
        if row.perpetual:
            self._set_hold((known.account, row.number), known.account, row.value_asset.number, hold, balances)
        else:
            self._set_hold(order, known.account, self._asset_held(known), hold, balances)

    def _held(self, order: int) -> int:
        known = self._orders.get(order)
        if known is None:
            return 0
        perpetual = self._directory.instruments[known.instrument].perpetual
        return self._holds.get((known.account, known.instrument) if perpetual else order, 0)

    def _accepted(self, record: Record, effect: Any, balances: Change, _: Change) -> None:
        command = record.command
        if type(command).__name__ == "PlaceChild":  # which holds nothing
            if command.parent in self._orders:
                self._families.add(command.parent, effect.order)
            return
        if not self._directory.is_client(command.account):
            return
        venue = getattr(command, "venue", 0)
        placed = (command.account, command.instrument, command.side, command.quantity, venue)
        self._orders[effect.order] = _Holder(*placed)
        if effect.price or effect.hold:  # both 0: a market order that found an empty book counts for nothing
            self._hold_order(effect.order, effect.hold, balances)

    def _replaced(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        if known := self._orders.get(effect.order):
            known.quantity = effect.quantity
        self._hold_order(effect.order, effect.hold, balances)

    def _replace_requested(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        self._hold_order(effect.order, effect.hold, balances)

    def _repriced(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        self._hold_order(effect.order, effect.hold, balances)

    def _reheld(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        self._hold_order(effect.order, effect.hold, balances)
        known = self._orders.get(effect.order)
        if known and known.filled >= known.quantity and not effect.hold:
            self._drop(effect.order)  # a parent that is filled

    def _drop(self, order: int) -> None:
        self._orders.pop(order, None)
        self._families.forget(order)

    def _reduced(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        if known := self._orders.get(effect.order):
            known.quantity -= effect.quantity
        self._hold_order(effect.order, self._held(effect.order) - effect.released, balances)

    def forget(self, orders: Iterable[int], balances: Change) -> None:
        """Spot orders that went in a purge, which names none of them."""
        for order in orders:
            if (known := self._orders.pop(order, None)) and not self._directory.instruments[known.instrument].perpetual:
                self._set_hold(order, known.account, self._asset_held(known), 0, balances)

    def _asset_held(self, known: _Holder) -> int:
        row = self._directory.instruments[known.instrument]
        return row.quote.number if known.side == BUY else row.base.number

    def _cancelled(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        self._hold_order(effect.order, self._held(effect.order) - effect.released, balances)
        self._drop(effect.order)

    def _traded(self, record: Record, traded: Any, balances: Change, positions: Change) -> None:
        instrument = self._directory.instruments[traded.instrument]
        maker_side = SELL if traded.taker_side == BUY else BUY
        sides = (
            (MAKER, traded.maker_order, traded.maker, maker_side, traded.maker_hold),
            (TAKER, traded.taker_order, traded.taker, traded.taker_side, traded.taker_hold),
        )
        for liquidity, order, account, side, hold in sides:
            if not self._directory.is_client(account):
                continue
            own = self._is_of(order, (account, traded.instrument, side, venue_of(traded, liquidity)))
            if instrument.perpetual:
                self._set_hold((account, instrument.number), account, instrument.value_asset.number, hold, balances)
            elif own:
                self._hold_order(order, hold, balances)
            if own:
                self._fill(order, traded.quantity)
            elif parent := self._orders.get(self._families.parent(order)):
                parent.filled += traded.quantity
            positions.add(self._move((account, instrument.number), side, traded.price, traded.quantity))

    def _is_of(self, order: int, who: tuple[int, int, int, int]) -> bool:
        """Is the fill this live order's? A venue may name an order that is another's, or that it never had."""
        known = self._orders.get(order)
        return known is not None and (known.account, known.instrument, known.side, known.venue) == who

    def _fill(self, order: int, quantity: int) -> None:
        if known := self._orders.get(order):
            known.filled += quantity
            if known.filled >= known.quantity:
                del self._orders[order]

    def _move(self, key: tuple[int, int], side: int, price: int, quantity: int) -> tuple[int, int]:
        """The position of this account and instrument moves; its key."""
        row = self._positions.get(key)
        if row is None:
            row = self._positions[key] = PositionRow(*key)
        row.trade(side, price, quantity, self._directory.instruments[key[1]])
        return key

    def _posted(self, record: Record, posted: Any, __: Change, positions: Change) -> None:
        """A deposit, withdrawal or transfer of a base asset enters its first spot instrument at the price of now;
        shares of a split come and go at no cost, so that the average follows.
        """
        instrument = self._directory.instruments.get(self._spot_of_base.get(posted.asset, 0))
        if instrument is None or instrument.perpetual:
            return
        quantity = instrument.quantity_of(posted.amount)
        if record.origin.role == ROLES["house"] and record.origin.text.startswith(SPLIT_TEXT):
            for account, signed in ((posted.source, -quantity), (posted.target, quantity)):
                if self._directory.is_client(account):
                    positions.add(self._split((account, instrument.number), signed))
            return
        if quantity and self._directory.is_client(posted.source):
            positions.add(self._withdraw((posted.source, instrument.number), quantity))
        if quantity and self._directory.is_client(posted.target):
            key = (posted.target, instrument.number)
            positions.add(self._move(key, BUY, self.reference(instrument.number), quantity))

    def _split(self, key: tuple[int, int], signed: int) -> tuple[int, int]:
        """More or fewer shares for the same cost; the last of them go with what they cost."""
        row = self._positions.get(key)
        if row is None:
            row = self._positions[key] = PositionRow(*key)
        row.quantity += signed
        if row.quantity == 0:
            row.realised, row.cost = row.realised - row.cost, 0
        return key

    def _withdraw(self, key: tuple[int, int], quantity: int) -> tuple[int, int]:
        """What leaves goes at its own average cost: it makes no profit."""
        held = self.position(*key)
        if held.quantity > 0:
            moved = min(quantity, held.quantity)
            held.cost -= held.cost * moved // held.quantity
            held.quantity -= moved
        return key

    def _settled(self, _: Record, effect: Any, balances: Change, positions: Change) -> None:
        if not self._directory.is_client(effect.account):
            return
        asset = self._directory.instruments[effect.instrument].value_asset.number
        key = (effect.account, effect.instrument)
        self._set_hold(key, effect.account, asset, effect.hold, balances)
        positions.add(key)

    def _position_ended(self, record: Record, effect: Any, balances: Change, positions: Change) -> None:
        """Of an expiry or exercise: the position ends, or begins, at the price that its amount was reckoned with."""
        self._settled(record, effect, balances, positions)
        moved = effect.position - self.position(effect.account, effect.instrument).quantity
        if moved and self._directory.is_client(effect.account):
            instrument = self._directory.instruments[effect.instrument]
            way = effect.amount // (moved * instrument.value(1))
            price = abs(way) if instrument.is_option else self.settlement_mark(instrument.number) - way
            self._move((effect.account, effect.instrument), BUY if moved > 0 else SELL, price, abs(moved))

    def _margined(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        """What positions hold that are margined together."""
        if self._directory.is_client(effect.account):
            key = ("together", effect.account, effect.asset)
            self._set_hold(key, effect.account, effect.asset, effect.hold, balances)

    def _corrected(self, record: Record, effect: Any, _: Change, positions: Change) -> None:
        """The trade is taken back at its price; an adjusted one is made again at the new one."""
        trade = record.command
        maker_side = SELL if trade.taker_side == BUY else BUY
        for account, side in ((trade.maker, maker_side), (trade.taker, trade.taker_side)):
            if not self._directory.is_client(account):
                continue
            key = (account, trade.instrument)
            positions.add(self._move(key, SELL if side == BUY else BUY, trade.price, trade.quantity))
            if effect.price:
                self._move(key, side, effect.price, trade.quantity)

    def _froze(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        """Short of its holds, or not any more."""
        self._freeze(effect, "short", type(effect).__name__ == "Frozen", balances)

    def _lost(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        """Lost too much since the daily close, or may open again."""
        self._freeze(effect, "lost", bool(effect.frozen), balances)

    def _freeze(self, effect: Any, why: str, stands: bool, balances: Change) -> None:
        if not self._directory.is_client(effect.account):
            return
        key = (effect.account, effect.asset)
        causes = self._frozen.setdefault(key, set())
        (causes.add if stands else causes.discard)(why)
        self._row(*key).frozen = bool(causes)
        balances.add(key)

    def _day_closed(self, record: Record, effect: Any, _: Change, __: Change) -> None:
        self._closed_at[effect.asset] = record.stamp

    def _leverage(self, _: Record, effect: Any, balances: Change, positions: Change) -> None:
        """Another leverage holds otherwise."""
        self._settled(_, effect, balances, positions)

    def _began(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        terms = (effect.source, effect.target, effect.asset, effect.amount, effect.expire)
        row = self._pending[effect.transfer] = PendingRow(effect.transfer, *terms)
        self._reserve(row, row.amount, balances)

    def _ended(self, _: Record, effect: Any, balances: Change, __: Change) -> None:
        if row := self._pending.pop(effect.transfer, None):
            self._reserve(row, -row.amount, balances)

    def _reserve(self, row: PendingRow, change: int, balances: Change) -> None:
        """A source holds what it will pay, a bank what it promised to."""
        known, is_bank = self._directory.ledger_numbers, self._directory.is_bank
        source = [row.source] if row.source in known and not is_bank(row.source) else []
        for account in source + ([row.target] if is_bank(row.target) else []):
            self._row(account, row.asset).held += change
            balances.add((account, row.asset))

    def _marked(self, _: Record, effect: Any, __: Change, ___: Change) -> None:
        self._references[effect.instrument] = effect.price
        self._marked_once.add(effect.instrument)
        if effect.settlement:
            self._settlements[effect.instrument] = effect.price

    def _instrument_added(self, record: Record, effect: Any, _: Change, __: Change) -> None:
        instrument = self._directory.instruments[effect.instrument]
        if instrument.mark:
            self._references[effect.instrument] = instrument.mark
            self._marked_once.add(effect.instrument)
        if instrument.perpetual:
            self._settlements[effect.instrument] = instrument.mark
        else:
            self._spot_of_base.setdefault(instrument.base.number, instrument.number)


_TAKES = {
    "Accepted": Holdings._accepted,
    "Replaced": Holdings._replaced,
    "ReplaceRequested": Holdings._replace_requested,
    "Cancelled": Holdings._cancelled,
    "Repriced": Holdings._repriced,
    "Reheld": Holdings._reheld,
    "Trailed": Holdings._repriced,
    "Reduced": Holdings._reduced,
    "Traded": Holdings._traded,
    "Posted": Holdings._posted,
    "Settled": Holdings._settled,
    "Margined": Holdings._margined,
    "TradeCorrected": Holdings._corrected,
    "Frozen": Holdings._froze,
    "Unfrozen": Holdings._froze,
    "LossFreeze": Holdings._lost,
    "DayClosed": Holdings._day_closed,
    "LeverageSet": Holdings._leverage,
    "Marked": Holdings._marked,
    "InstrumentAdded": Holdings._instrument_added,
    "Pending": Holdings._began,
    "PendingEnded": Holdings._ended,
}
