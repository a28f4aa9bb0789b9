"""Records of random sessions, and one where the story is told on purpose."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.unit.ledger.journals import SESSIONS, played

from isthmus.audit.rows import Row, Rows
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.kernel import messages

KINDS = tuple(SESSIONS)
START = 1_764_374_400_000_000_000
"""2025-11-29, midnight UTC."""
DAY_NS = 86_400 * 10**9


@lru_cache(maxsize=64)
def session(kind: str, seed: int, length: int = 150) -> tuple[list[Record], frozenset[int]]:
    """Records, and the numbers of the orders that the engine has alive at the end."""
    with TemporaryDirectory() as folder:
        engine = played(Path(folder), seed, length, kind=kind)
        alive = frozenset(n for n in range(1, engine.sequence + 1) if engine.order(n) is not None)
        engine.close()
        return list(records(Path(folder))), alive


def rows_of(found: list[Record], rows: Rows | None = None) -> list[Row]:
    """In one pass."""
    rows = rows or Rows()
    return [row for record in found for row in rows.take(record)]


class Told:
    """A broker of one share, two clients and a house account; every command a second after the one before."""

    def __init__(self, folder: Path | None = None) -> None:
        self.engine = Engine(str(folder) if folder else None, "os" if folder else "never")
        self.at = START
        self.records: list[Record] = []
        self.ask(messages.AddAsset(code="USD", decimals=2))
        self.ask(messages.AddAsset(code="ABC", decimals=0))
        self.ann, self.bob = (self.opened(f"client:{name}", 1) for name in ("ann", "bob"))
        self.house = self.opened("house:maker", 2)
        terms = {"price_decimals": 2, "quantity_decimals": 0, "tick": 1, "lot": 1, "multiplier": 1}
        fees = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 0, "mark": 10_000}
        added = messages.AddInstrument(symbol="ABC", kind=1, base=2, quote=1, **terms, **fees)
        self.instrument = self.effect(self.ask(added), "InstrumentAdded").instrument
        for account in (self.ann, self.bob, self.house):
            for asset in (1, 2):
                self.ask(messages.Deposit(account=account, asset=asset, amount=10**9, client_id=bytes(16)))

    def ask(self, command: Any, text: str = "", role: str = "client", user: int = 0, later_ns: int = 10**9) -> Record:
        """Its record."""
        self.at += later_ns
        given: dict[str, Any] = {
            "session": 7,
            "user": user or 11,
            "role": messages.ROLES[role],
            "gateway": messages.GATEWAYS["rest"],
        }
        origin = Origin(
            **given, received_at=self.at - 1_000, text=text, instruction=bytes([len(self.records) % 256]) * 32
        )
        record = self.engine.submit(command, self.at, origin)
        self.records.append(record)
        return record

    def opened(self, name: str, kind: int) -> int:
        """The account's number."""
        made = self.ask(messages.OpenAccount(kind=kind, client_id=bytes(16), side=0), text=name, role="operator")
        number: int = self.effect(made, "AccountOpened").account
        return number

    def place(self, account: int, side: int, quantity: int, price: int, **more: Any) -> Record:
        """A limit order, good till cancelled."""
        words = {name: more.pop(name) for name in ("text", "role", "user", "later_ns") if name in more}
        terms = {"venue": 0, "kind": 1, "tif": 1, "flags": 0, "session": 7, "client_id": bytes(16)} | more
        command = messages.PlaceOrder(
            account=account, instrument=self.instrument, side=side, quantity=quantity, price=price, **terms
        )
        return self.ask(command, **words)

    @staticmethod
    def effect(record: Record, kind: str) -> Any:
        """The first of this kind."""
        return next(effect for effect in record.effects if type(effect).__name__ == kind)

    def rows(self) -> list[Row]:
        """All."""
        return rows_of(self.records)
