"""The fees desk in the running broker: at the end of a day (UTC) what clients' schedules make of its fills is posted.

Owns: the last month's fills of clients that have a schedule, and what was posted for which day. Takes: fills,
corrections and its own moves of durable records. Emits: one Move (purpose fee) an account and asset for the difference
to what the engine charged, from house:fees or to it. Never: charges a day twice, since each move says what it is for.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from msgspec import Struct

from isthmus.app.desk import Desk
from isthmus.engine.engine import Record, content_id
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import MAKER, PURPOSE_NUMBERS, SYSTEM_ACCOUNTS, Move
from isthmus.kernel.values import NS_PER_S, NotANumber, TooFine, units
from isthmus.ledger.revenue.fees import DAY_NS, VOLUME_DAYS, Charge, Fill, Schedule, Tier, rate, still_due
from isthmus.refdata.directory import Directory
from isthmus.views.orders import FillRow

log = logging.getLogger(__name__)

FEE = PURPOSE_NUMBERS["fee"]
FEES = next(number for number, name in SYSTEM_ACCOUNTS.items() if name == "house:fees")
KEYS = "fees:"
"""What the keys of charges begin with."""
DERIVED = "perpetual"
LOOK_NS = 60 * NS_PER_S


class TierTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this volume of 30 days on, in whole units of the quote asset."""

    volume: int
    maker_ppm: int
    taker_ppm: int


class ScheduleTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`venues`: tiers where a venue has its own. `minimum`, `cap` of an order in the quote asset ("0": none)."""

    tiers: list[TierTerms]
    venues: dict[str, list[TierTerms]] = {}
    minimum: str = "0"
    cap: str = "0"


class FeeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tables of `schedules` by name, and which of them each client (account name) has."""

    schedules: dict[str, ScheduleTerms]
    clients: dict[str, str]


class Kept(Struct, frozen=True):
    """A fill, and the record that it is known by."""

    fill: Fill
    record: int
    ordinal: int


class FeesDesk:
    """An outlet of the views; `step` it when it is due. Raises BadInput for a schedule that cannot be."""

    def __init__(self, settings: FeeSettings, desk: Desk, directory: Directory) -> None:
        self._settings = settings
        self._desk = desk
        self._directory = directory
        self._fills: dict[str, deque[Kept]] = {name: deque() for name in settings.clients}
        self._schedules: dict[tuple[str, str], Schedule] = {}
        self._posted: dict[str, int] = {}
        """By the charge's key: what the client was charged under it, on balance."""
        self._rated: int | None = None
        for client, name in settings.clients.items():
            if name not in settings.schedules:
                raise BadInput(f"fees.clients.{client}", f"there is no schedule {name!r}")
        for name in settings.schedules:
            self._schedule(name, "", 2)

    def record(self, record: Record) -> None:
        """A trade that is busted costs nothing; what was posted is not posted again."""
        if record.reason is None and type(record.command).__name__ == "Move" and record.command.purpose == FEE:
            move = record.command
            if record.origin.text.startswith(KEYS):
                signed = move.amount if move.target == FEES else -move.amount
                self._posted[record.origin.text] = self._posted.get(record.origin.text, 0) + signed
        for effect in record.effects:
            if type(effect).__name__ == "TradeCorrected" and effect.price == 0:
                self._forget(effect.sequence, effect.index + 1)

    def fill(self, row: FillRow) -> None:
        """Of a client that has a schedule."""
        account = self._directory.accounts.get(row.account)
        kept = self._fills.get(account.name) if account is not None else None
        if account is None or kept is None:
            return
        instrument = self._directory.instruments[row.instrument]
        quote = instrument.quote
        value = instrument.value(row.price * row.quantity) if DERIVED in instrument.kind_name else row.value
        venue = self._directory.venue_name(row.venue)
        fill = Fill(account.name, row.order, venue, row.liquidity == MAKER, quote.code, value, row.fee, row.time)
        kept.append(Kept(fill, row.record, row.ordinal))
        while kept[0].fill.stamp // DAY_NS < row.time // DAY_NS - VOLUME_DAYS - 1:
            kept.popleft()

    def order(self, _: Any) -> None:
        """Orders cost nothing."""

    def balance(self, account: int, asset: int) -> None:
        """Nothing to do."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing to do."""

    def trade(self, _: Any) -> None:
        """The fills of both sides tell it."""

    def step(self, at: int) -> int:
        """Post the day before, once; what could not be posted is tried again at the next look."""
        yesterday = at // DAY_NS - 1
        if self._rated != yesterday:
            for charge in still_due(self.charges(yesterday), self._posted):
                if not self._post(charge):
                    return at + LOOK_NS
            self._rated = yesterday
        return (yesterday + 2) * DAY_NS

    def charges(self, day: int) -> list[Charge]:
        """What a day (from 1970, UTC) comes to."""
        found: list[Charge] = []
        for name, kept in self._fills.items():
            fills = [one.fill for one in kept]
            for asset in sorted({fill.asset for fill in fills}):
                row = self._directory.asset(asset)
                schedule = self._schedule(self._settings.clients[name], asset, row.decimals if row is not None else 0)
                found += rate((fill for fill in fills if fill.asset == asset), {name: schedule}, (day, day))
        return found

    def _post(self, charge: Charge) -> bool:
        account, asset = self._directory.account(charge.account), self._directory.asset(charge.asset)
        if account is None or asset is None:
            return True
        source, target = (account.number, FEES) if charge.amount > 0 else (FEES, account.number)
        move = Move(
            source=source, target=target, asset=asset.number, amount=abs(charge.amount), purpose=FEE,
            client_id=content_id(f"{charge.key}:{charge.amount}"),
        )  # fmt: skip
        made = self._desk.submit(move, charge.key)
        if made is None:
            return False
        if made.reason is not None:
            log.warning("a charge was refused: %s %s: %s", charge.key, charge.amount, made.reason)
        return True

    def _forget(self, record: int, ordinal: int) -> None:
        for name, kept in self._fills.items():
            if any((one.record, one.ordinal) == (record, ordinal) for one in kept):
                self._fills[name] = deque(one for one in kept if (one.record, one.ordinal) != (record, ordinal))

    def _schedule(self, name: str, asset: str, decimals: int) -> Schedule:
        """The schedule in minor units of the asset."""
        if (name, asset) not in self._schedules:
            terms = self._settings.schedules[name]
            try:
                made = Schedule(
                    name=name,
                    tiers=_tiers(terms.tiers, decimals),
                    venues={venue: _tiers(tiers, decimals) for venue, tiers in terms.venues.items()},
                    minimum=_amount(f"fees.schedules.{name}.minimum", terms.minimum, decimals),
                    cap=_amount(f"fees.schedules.{name}.cap", terms.cap, decimals),
                )
            except BadInput as refused:
                raise BadInput(f"fees.schedules.{refused.field}", refused.reason) from refused
            self._schedules[name, asset] = made
        return self._schedules[name, asset]


def _tiers(terms: list[TierTerms], decimals: int) -> list[Tier]:
    return [Tier(volume=row.volume * 10**decimals, maker_ppm=row.maker_ppm, taker_ppm=row.taker_ppm) for row in terms]


def _amount(field: str, written: str, decimals: int) -> int:
    try:
        return units(written, decimals)
    except (NotANumber, TooFine):
        raise BadInput(field.removeprefix("fees.schedules."), f"{written!r} is no amount of the asset") from None
