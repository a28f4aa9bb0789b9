"""What a market is handed: the one way in which it acts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.engine.archive import records
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Origin, Record, content_id
from isthmus.engine.market import MarketData, VenueFacts
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import JournalUnavailable
from isthmus.kernel.messages import GATEWAYS, ROLES, AddAsset, Deposit, OpenAccount
from isthmus.refdata.directory import Directory


class Desk:
    """A MarketDesk: commands of the house, stamped with the house's role."""

    def __init__(self, driver: Driver, directory: Directory, data: MarketData, clock: Clock) -> None:
        self.data: MarketData = data
        self.folder: Path | None = None
        """Where the journal is, once somebody said so."""
        self.engine: Engine = driver.engine
        self._driver = driver
        self._directory = directory
        self._clock = clock

    def now(self) -> int:
        """Nanoseconds UTC, not before the engine's last stamp."""
        return max(self._clock(), self.engine.stamp)

    def submit(self, command: Any, text: str = "", note: str = "") -> Record | None:
        """Sequence a command; None while none are taken."""
        origin = Origin(role=ROLES["house"], gateway=GATEWAYS["app"], received_at=self._clock(), text=text, note=note)
        return self._driver.submit(command, origin)

    def account(self, name: str, kind: int) -> int:
        """Get or open."""
        known = self._directory.account(name)
        if known is None:
            self._must(OpenAccount(kind=kind, client_id=content_id(name)), name)
            known = self._directory.account(name)
        assert known is not None and known.kind == kind, f"account {name} is of another kind"
        return known.number

    def asset(self, code: str, decimals: int) -> int:
        """Get or add."""
        known = self._directory.asset(code)
        if known is None:
            self._must(AddAsset(code=code, decimals=decimals))
            known = self._directory.asset(code)
        assert known is not None and known.decimals == decimals, f"asset {code} has other decimals"
        return known.number

    def instrument(self, command: Any) -> int:
        """Get or add; one that was listed before keeps its terms."""
        known = self._directory.instrument(command.symbol)
        if known is None:
            self._must(command)
            known = self._directory.instrument(command.symbol)
        assert known is not None
        return known.number

    def fund(self, account: int, asset: int, at_least: int) -> None:
        """Deposit what is missing."""
        total, _ = self.engine.balance(account, asset)
        if total < at_least:
            self._must(Deposit(account=account, asset=asset, amount=at_least - total))

    def past(self) -> Iterator[Record]:
        """What the journal has on disk; nothing of an engine in memory."""
        if self.folder is None or self.engine.flusher is None:
            return iter(())
        return records(self.folder)

    def shown_at(self, instrument: int) -> list[int]:
        """Outside venues of this run."""
        return self._directory.venues_of(instrument)

    def show_at(self, instrument: int, venue: int, facts: VenueFacts | None = None) -> None:
        """List the venue."""
        self._directory.show_at(instrument, venue, facts)

    def _must(self, command: Any, text: str = "") -> None:
        record = self.submit(command, text)
        if record is None:
            raise JournalUnavailable(f"{self._driver.refusal}: {self._driver.fault}")
        assert record.reason is None, f"{type(command).__name__} was refused: {record.reason}"
