"""Funding of perpetuals by the clearing desk: at each funding time one `Fund` with the period's rate.

The premium is folded from the marks that the journal has, of the perpetual and of its index, so that a restart reckons
the same rate. A period is paid by the first record with its key; one that no price covers is passed over, in an act
that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from isthmus.app.settlement_words import Act, Unfunded
from isthmus.clearing.funding import Premium, Terms, rate_ppb, stale_ns
from isthmus.clearing.interest import next_funding
from isthmus.engine.engine import Record
from isthmus.kernel.messages import INVERSE_PERPETUAL, LINEAR_PERPETUAL, Fund
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

PERPETUALS = (LINEAR_PERPETUAL, INVERSE_PERPETUAL)
HOUR_NS = 3_600 * NS_PER_S
KEPT = 100
"""Periods without a price that are listed."""


class FundingSettings(Terms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`index`: symbol of a perpetual -> symbol of the instrument whose mark is its index; absent: the first listed spot
    market of the same two assets.
    """

    index: dict[str, str]


class Around(Protocol):
    """What the clearing desk is to it."""

    directory: Directory

    def ask(self, act: Act) -> bool:
        """Sends an act, once until its record is durable."""

    def duty(self, key: str, command: Any) -> None:
        """A command to send; it stands until its record is durable."""


class Paid(msgspec.Struct):
    """Of one perpetual: the end of the last period that was paid or passed over, and its prices."""

    instrument: Instrument
    index: Instrument
    premium: Premium
    last: int = 0


class Funding:
    """Fed with marks of durable records; `step` it."""

    def __init__(self, desk: Around, settings: FundingSettings) -> None:
        self._desk, self.settings = desk, settings
        self._paid: dict[int, Paid] = {}
        self._of_index: dict[int, list[Paid]] = {}
        self._known = 0
        self.unfunded: list[tuple[int, int]] = []
        """(instrument, end of a period) without a premium, newest last."""

    def marked(self, record: Record, effect: Any) -> None:
        """Some instrument's price is now this."""
        if not self.settings.every_hours:
            return
        if len(self._desk.directory.instruments) != self._known:
            self._list()
        paid = self._paid.get(effect.instrument)
        if paid is not None:
            paid.premium.mark(_common(effect.price, paid.instrument, paid.index), record.stamp)
        for one in self._of_index.get(effect.instrument, ()):
            one.premium.index(_common(effect.price, one.index, one.instrument), record.stamp)

    def _list(self) -> None:
        rows = self._desk.directory.instruments
        self._known = len(rows)
        for instrument in rows.values():
            index = self._index(instrument) if instrument.kind in PERPETUALS else None
            if index is not None and instrument.number not in self._paid:
                premium = Premium(self.settings.every_hours, stale_ns(self.settings))
                made = self._paid[instrument.number] = Paid(instrument, index, premium)
                self._of_index.setdefault(index.number, []).append(made)

    def _index(self, instrument: Instrument) -> Instrument | None:
        directory, named = self._desk.directory, self.settings.index.get(instrument.symbol)
        if named is not None:
            return directory.instrument(named)
        spots = (row for row in directory.instruments.values() if not row.perpetual)
        return next((row for row in spots if (row.base, row.quote) == (instrument.base, instrument.quote)), None)

    def paid(self, words: list[str], *, refused: bool) -> None:
        """A record with the key `fund INSTRUMENT END`; a refusal ends the period too, since it would be refused
        again.
        """
        paid = self._paid.get(int(words[1]))
        if paid is None:
            return
        self._end(paid, int(words[2]) * NS_PER_S)
        if refused:
            self._list_unfunded(paid.instrument.number, paid.last)

    def passed_over(self, act: Unfunded) -> None:
        """The act that says so."""
        paid = self._paid.get(act.instrument)
        if paid is not None:
            self._end(paid, act.end)
        self._list_unfunded(act.instrument, act.end)

    def _list_unfunded(self, instrument: int, end: int) -> None:
        self.unfunded = [*self.unfunded, (instrument, end)][-KEPT:]

    def _end(self, paid: Paid, end: int) -> None:
        paid.last = max(paid.last, end)
        paid.premium.forget(end)

    def without_index(self) -> Iterator[Instrument]:
        """Perpetuals that nobody can say a premium of."""
        if self.settings.every_hours:
            rows = self._desk.directory.instruments.values()
            yield from (row for row in rows if row.kind in PERPETUALS and self._index(row) is None)

    def step(self, at: int) -> bool:
        """Pays what is due, a period of each perpetual at a time; False while no commands are taken."""
        return all(self._step(paid, at) for paid in self._paid.values())

    def next(self, at: int) -> int:
        """The next funding time (ns); far away where there is none."""
        return next_funding(at, self.settings.every_hours) if self.settings.every_hours and self._paid else 1 << 63

    def _step(self, paid: Paid, at: int) -> bool:
        paid.premium.advance(at)
        if not paid.last:  # what was due before anybody was funded here was never agreed
            paid.premium.forget(next_funding(at, self.settings.every_hours) - 2 * self.settings.every_hours * HOUR_NS)
        end = next_funding(paid.last, self.settings.every_hours) if paid.last else paid.premium.first()
        if end is None or end > at:
            return True
        premium = paid.premium.average_ppb(end)
        number = paid.instrument.number
        if premium is None:
            return self._desk.ask(Unfunded(number, end))
        rate = rate_ppb(premium, self.settings)
        self._desk.duty(f"fund {number} {end // NS_PER_S}", Fund(instrument=number, rate_ppb=rate))
        return True


def _common(price: int, of: Instrument, other: Instrument) -> int:
    """A price with the decimals of whichever has more."""
    scale: int = 10 ** max(0, other.price_decimals - of.price_decimals)
    return price * scale
