"""The confirmations desk in the running broker: every fill of foreign exchange becomes an MT300 to the client's bank.

Owns: what is confirmed, and the folders `out` and `in` of `[swift.confirmations]`. Takes: fills and corrections of
durable records; FIX reports and counterparties' messages from the folder `in`. Emits: one file for each message of
ours. Never: changes anything in the engine; keeps anything that journal and folders do not say, so that a restart
finds the same again.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import deque
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from msgspec import Meta, Struct

from isthmus.clearing.value_dates import SPOT_DAYS, value_date
from isthmus.engine.engine import Record
from isthmus.gateways.swift.confirmations import Confirmation, Confirmations, Report
from isthmus.gateways.swift.fin import full_bic
from isthmus.gateways.swift.matching import reference_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import record_id, trade_id
from isthmus.kernel.messages import SIDES
from isthmus.kernel.values import NS_PER_S, short_text
from isthmus.refdata.directory import Directory
from isthmus.views.orders import FillRow

BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
LOOK_NS = NS_PER_S // 5
"""Between two looks at fills and at the folder."""
SOON_NS = NS_PER_S // 100
"""Until the next look while something waits."""
WAITING_MAX = 100_000
"""Fills that wait, as after the start of a long journal; what is older and was sent is passed."""
AT_ONCE_MAX = 50
"""Messages made or read at one look; the rest waits for the next."""
FILE_BYTES_MAX = 1 << 20
NAME_DIGITS = 24
WEEKEND = 5
BUY = SIDES["buy"]
DEAL_KIND = "fx_spot"


class ConfirmationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`own_bic` is empty where nothing is confirmed. `parties`: BIC by account name or FIX CompID. `agents`: BIC of
    where we receive, by currency. `holidays`: dates (YYYY-MM-DD) by currency.
    """

    own_bic: str
    folder: str
    spot_days: Annotated[int, Meta(ge=0, le=10)]
    parties: dict[str, str]
    agents: dict[str, str]
    holidays: dict[str, list[date]]
    spot_days_of: dict[str, Annotated[int, Meta(ge=0, le=10)]]


class SwiftSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leaves and comes in as SWIFT MT."""

    confirmations: ConfirmationSettings


class ConfirmationsDesk:
    """An outlet of the views; `step` it when it is due."""

    def __init__(self, settings: ConfirmationSettings, data: Path, directory: Directory) -> None:
        checked(settings)
        self._settings = settings
        self._directory = directory
        folder = Path(settings.folder) if settings.folder else data / "confirmations"
        self.out, self.into = folder / "out", folder / "in"
        self.book = Confirmations(settings.own_bic)
        self._waiting: deque[Report] = deque()
        self._written: deque[Confirmation] = deque()
        self._latest: dict[str, tuple[str, int]] = {}
        """Of corrected trades: the last message's reference and the price it told."""
        self._read: set[str] = set()
        self._seen: int | None = None
        """When the folder `in` was changed last, of what was read."""

    def record(self, record: Record) -> None:
        """A bust or an adjustment changes what was confirmed."""
        corrected = (effect for effect in record.effects if type(effect).__name__ == "TradeCorrected")
        for effect in corrected:
            terms: Any = record.command
            for account, side in ((terms.taker, terms.taker_side), (terms.maker, 3 - terms.taker_side)):
                fill = FillRow(
                    effect.sequence, effect.index + 1, 0, account, terms.instrument, 0, side, terms.price,
                    terms.quantity, 0, 0, record.stamp,
                )  # fmt: skip
                self._confirm(fill, record_id(record.sequence), effect.price)

    def fill(self, row: FillRow) -> None:
        """A client's order was filled."""
        self._confirm(row, None, 0)

    def order(self, _: Any) -> None:
        """Orders are confirmed when they are filled."""

    def balance(self, account: int, asset: int) -> None:
        """Nothing to confirm."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing to confirm."""

    def trade(self, _: Any) -> None:
        """The fills of both sides tell it."""

    def _confirm(self, fill: FillRow, change: str | None, new_price: int) -> None:
        instrument = self._directory.instruments[fill.instrument]
        account = self._directory.accounts.get(fill.account)
        party = self._settings.parties.get(account.name) if account is not None else None
        if party is None or instrument.kind_name != DEAL_KIND:
            return
        letter = "B" if fill.side == BUY else "S"
        trade = f"{trade_id(fill.record, fill.ordinal)}-{letter}"
        own = trade if change is None else f"{change}-{letter}"
        kind = "F" if change is None else "G" if new_price else "H"
        base, quoted = instrument.base.code, instrument.quote.code
        day = datetime.fromtimestamp(fill.time // NS_PER_S, UTC).date()
        traded, valued = self._dates(trade) if change else ("", "")
        changed, price = self._latest.get(trade, (trade, fill.price))
        price = new_price or price
        if change is not None:
            self._latest[trade] = (own, price)
        fields = (
            ("35", "8"), ("17", own), ("150", kind), ("19", changed if change else ""),
            ("55", f"{base}/{quoted}"), ("54", str(fill.side)), ("15", base),
            ("32", short_text(fill.quantity, instrument.quantity_decimals)),
            ("31", short_text(price, instrument.price_decimals)),
            ("75", traded or f"{day:%Y%m%d}"), ("64", valued or f"{self.value_date(day, base, quoted):%Y%m%d}"),
        )  # fmt: skip
        fix = "".join(f"{tag}={value}|" for tag, value in fields if value)
        self._waiting.append(Report(fix, party, True, own, self._settings.agents))
        if len(self._waiting) > WAITING_MAX:
            oldest = self._waiting.popleft()
            if not self._path(reference_of(oldest.source)).exists():
                self._make(oldest)

    def _dates(self, trade: str) -> tuple[str, str]:
        """Trade date and value date of what was confirmed of a trade; empty where it is not remembered."""
        row = self.book.get(reference_of(trade))
        if row is not None and row.deal is not None:
            return row.deal.trade_date, row.deal.value_date
        fix = next((report.fix for report in self._waiting if report.source == trade), "")
        tags = dict(field.split("=", 1) for field in fix.split("|") if field)
        return tags.get("75", ""), tags.get("64", "")

    def value_date(self, traded: date, base: str, quoted: str) -> date:
        """Spot: the market's value date, which clearing settles by too, unless the settings say otherwise of the
        pair or of its currencies: then so many days on which both are open after the trade date.
        """
        own = self._settings
        told = f"{base}-{quoted}" in own.spot_days_of or {base, quoted} & own.holidays.keys()
        if not told and own.spot_days == SPOT_DAYS:
            with contextlib.suppress(BadInput):  # a currency without a calendar, or a year without holidays
                return value_date((base, quoted), traded)
        closed = {day for currency in (base, quoted) for day in self._settings.holidays.get(currency, ())}
        left = self._settings.spot_days_of.get(f"{base}-{quoted}", self._settings.spot_days)
        day = traded
        while left > 0 or day.weekday() >= WEEKEND or day in closed:
            day += timedelta(days=1)
            left -= day.weekday() < WEEKEND and day not in closed
        return day

    def report(self, fix: str) -> None:
        """A FIX report that a session sent or received: kept in the folder `in`, and confirmed from there."""
        self.into.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(fix.encode()).hexdigest()[:NAME_DIGITS]
        _write_whole(self.into / f"report-{name}.fix", fix + "\n")

    def take_report(self, fix: str, source: str) -> None:
        """A FIX report: confirmed with the party that its CompIDs name. Raises BadInput where they name none."""
        separator = "\x01" if "\x01" in fix else "|"
        tags = dict(row.split("=", 1) for row in fix.split(separator) if "=" in row)
        for tag, turned in (("49", False), ("56", True)):
            party = self._settings.parties.get(tags.get(tag, ""))
            if party is not None:
                self._waiting.append(Report(fix, party, turned, source, self._settings.agents))
                return
        raise BadInput(source, "neither 49 nor 56 names a party of [swift.confirmations.parties]")

    def step(self, at: int) -> int:
        """Makes and writes what waits, reads what came in. A disk that fails is tried again."""
        try:
            self._write()
            for _ in range(min(len(self._waiting), AT_ONCE_MAX)):
                self._make(self._waiting.popleft())
            self._write()
            self._look()
        except OSError:
            return at + NS_PER_S
        return at + (SOON_NS if self._waiting else LOOK_NS)

    def _make(self, report: Report) -> None:
        if (row := self.book.confirm(report)) is not None and row.fin is not None:
            self._written.append(row)

    def _path(self, reference: str) -> Path:
        return self.out / f"{quote(reference, safe='')}.fin"

    def _write(self) -> None:
        while self._written:
            row = self._written[0]
            self.out.mkdir(parents=True, exist_ok=True)
            path = self._path(row.reference)
            if not path.exists():
                _write_whole(path, row.fin or "")
            self._written.popleft()

    def _look(self) -> None:
        """What came in, once everything of ours is made: an answer then finds what it is of, after a restart too."""
        changed = self.into.stat().st_mtime_ns if self.into.is_dir() else None
        if self._waiting or changed == self._seen:
            return
        new = [path for path in files_in(self.into) if path.name not in self._read]
        for path in new[:AT_ONCE_MAX]:
            self._read.add(path.name)
            take_file(self, path)
        if len(new) <= AT_ONCE_MAX:
            self._seen = changed


def take_file(desk: ConfirmationsDesk, path: Path) -> None:
    """A `.fin` file holds a counterparty's message, a `.fix` file reports, one a line; others are refused."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= FILE_BYTES_MAX else b""
    except OSError as error:
        desk.book.refuse(path.name, "file", error.strerror or str(error))
        return
    text = raw.decode("utf-8", "replace")
    if path.suffix == ".fin":
        desk.book.receive(text, path.name)
        return
    for number, line in enumerate(text.splitlines(), 1):
        source = f"{path.name}:{number}"
        if not line.strip():
            continue
        try:
            desk.take_report(line, source)
        except BadInput as error:
            desk.book.refuse(source, "49", error.reason)


def _write_whole(path: Path, text: str) -> None:
    """All of it or nothing, for whoever watches the folder."""
    part = path.with_suffix(".part")
    part.write_bytes(text.encode())
    part.replace(path)


def files_in(folder: Path) -> list[Path]:
    """Messages and reports of a folder by name; none where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.suffix in (".fin", ".fix") and not path.name.startswith(".")
    )


def kept(folder: Path, own_bic: str) -> Confirmations:
    """What the folders `out` and `in` tell without a broker."""
    book = Confirmations(own_bic)
    for path in files_in(folder / "out"):
        book.sent_before(path.read_bytes().decode("utf-8", "replace"), path.name)
    for path in files_in(folder / "in"):
        if path.suffix == ".fin":
            book.receive(path.read_bytes().decode("utf-8", "replace"), path.name)
    return book


def checked(settings: ConfirmationSettings) -> None:
    """Raises BadInput by the setting that is no business identifier code."""
    codes: Iterable[tuple[str, str]] = (
        ("own_bic", settings.own_bic),
        *((f"parties.{name}", bic) for name, bic in settings.parties.items()),
        *((f"agents.{name}", bic) for name, bic in settings.agents.items()),
    )
    for name, bic in codes:
        if not BIC.fullmatch(bic):
            raise BadInput(f"swift.confirmations.{name}", f"{bic!r} is no business identifier code")
    if any(full_bic(bic) == full_bic(settings.own_bic) for bic in settings.parties.values()):
        raise BadInput("swift.confirmations.parties", "names the house itself")
