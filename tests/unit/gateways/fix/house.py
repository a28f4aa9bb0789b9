"""A broker in memory, its FIX application, and sessions that say messages to it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from isthmus._core import FixDictionary, FixMessage, fix_encode
from isthmus.app.allocation_desk import AllocationDesk
from isthmus.app.pipeline import build_core
from isthmus.app.settings import read_defaults, settings_of
from isthmus.engine.engine import Engine
from isthmus.engine.market import VenueChoice
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.fix.application import Application, Parts
from isthmus.gateways.fix.shapes import FIX44, Body, Peer
from isthmus.gateways.fix.trading import Known
from isthmus.gateways.keys import Identity
from isthmus.gateways.reads import Reads
from isthmus.gateways.submission import Submission
from isthmus.kernel.ids import account_id
from isthmus.kernel.messages import ACCOUNT_CLIENT, AddInstrument

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PATHS = type("Facts", (), {"number": 16, "name": "POV"})


class Said(msgspec.Struct):
    """A message, or an entry of a group, as tests write it."""

    fields: dict[int, str]
    groups: dict[int, list[Said]] = {}

    @property
    def msg_type(self) -> str:
        return self.fields[35]

    @property
    def seq_num(self) -> int:
        return 7

    @property
    def data(self) -> bytes:
        return repr(self).encode()

    def get(self, tag: int) -> str | None:
        return self.fields.get(tag)

    def group(self, count: int) -> list[Any]:
        return self.groups.get(count, [])


class Sent:
    """What the application sent: (place, type, fields)."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, str, Body]] = []
        self.causes: list[int] = []
        self.taken = 0
        self.full = False
        self.versions: dict[int, int] = {}
        self.breaches: list[Any] = []

    def send(self, place: int, msg_type: str, body: Body, cause: int = 0) -> None:
        self._require_valid(self.versions[place], msg_type, body)
        self.messages.append((place, msg_type, body))
        self.causes.append(cause)

    def _require_valid(self, version: int, msg_type: str, body: Body) -> None:
        """Every message is one of its version's dictionary."""
        begin, name = {42: ("FIX.4.2", "FIX.4.2"), 44: ("FIX.4.4", "FIX.4.4"), 50: ("FIXT.1.1", "FIX.5.0SP2")}[version]
        header = [(34, "7"), (49, "ISTHMUS"), (52, "20231114-22:13:20.000"), (56, "IK1")]
        dictionary = FixDictionary.standard(name)
        breach = dictionary.check(FixMessage(fix_encode(begin, msg_type, [*header, *body]), dictionary))
        if breach is not None:
            self.breaches.append((begin, msg_type, breach, body))

    def done(self, place: int) -> None:
        self.taken += 1

    def is_full(self, place: int) -> bool:
        return self.full


class Algorithms:
    def paths(self) -> list[Any]:
        return [PATHS]

    def plan(self, wish: Any) -> Any:
        raise AssertionError("no path is worked here")


class House:
    """One instrument, ACME in USD, and two clients with money and shares."""

    def __init__(self, drop_copies: frozenset[str] = frozenset()) -> None:
        settings = settings_of(read_defaults(), {"data": "unused"})
        self.now = START
        self.core = build_core(Engine(), settings, self._clock)
        driver, directory, views = self.core.driver, self.core.directory, self.core.views
        driver.on_staged = self._flush
        desk = self.core.desk
        usd, acme = desk.asset("USD", 2), desk.asset("ACME", 0)
        self.instrument = desk.instrument(_listing(acme, usd))
        self.accounts = [desk.account(f"client:{name}", ACCOUNT_CLIENT) for name in ("ann", "bob")]
        for account in self.accounts:
            desk.fund(account, usd, 100_000_000)
            desk.fund(account, acme, 100_000)
        self.sent = Sent()
        reads = Reads(driver, directory, views, self._clock, "test")
        submission = Submission(driver, self._clock)
        entry = OrderEntry(submission, directory, views, _house, Algorithms())  # type: ignore[arg-type]
        self.allocator = AllocationDesk(submission, directory, views, self._clock)
        parts = Parts(entry, reads, Algorithms(), self.allocator)  # type: ignore[arg-type]
        self.application = Application(parts, self.sent, drop_copies)
        views.tell(self.allocator)
        views.tell(self.application)
        self._flush()

    def peer(self, who: int, version: int = FIX44, place: int | None = None, role: str = "client") -> Peer:
        """Ann (0) or Bob (1), logged on."""
        account = self.accounts[who] if role == "client" else None
        self.sent.versions[place if place is not None else who] = version
        identity = Identity(who + 1, ("ann", "bob")[who], role, account, 70 + who)
        peer = Peer(place if place is not None else who, version, identity)
        self.application.enter(peer, f"IK{peer.place}", 0)
        return peer

    def say(
        self, peer: Peer, fields: dict[int, str], groups: dict[int, list[dict[int, str]]] | None = None, order: int = 0
    ) -> list[tuple[str, dict[int, str]]]:
        """One message; what was sent since, to that session: (type, fields)."""
        entries = {count: [Said(entry) for entry in rows] for count, rows in (groups or {}).items()}
        asyncio.run(self._said(peer, Said(fields, entries), order))
        return self.heard(peer.place)

    def heard(self, place: int) -> list[tuple[str, dict[int, str]]]:
        """What the session was sent since this was asked for last."""
        assert self.sent.breaches == [], "messages that are not of their dictionary"
        mine = [(kind, dict(body)) for at, kind, body in self.sent.messages if at == place]
        self.sent.messages = [message for message in self.sent.messages if message[0] != place]
        return mine

    def account(self, who: int) -> str:
        return account_id(self.accounts[who])

    async def _said(self, peer: Peer, message: Said, order: int) -> None:
        self.application.take(peer.place, message, Known(order))
        await self.application.stop()

    def _flush(self) -> None:
        driver = self.core.driver
        driver.hand_over()
        while driver.settle(driver.flush(), 100):
            pass

    def _clock(self) -> int:
        self.now += 1_000
        return self.now


def _listing(base: int, quote: int) -> Any:
    return AddInstrument(
        symbol="ACME",
        kind=1,
        base=base,
        quote=quote,
        price_decimals=2,
        quantity_decimals=0,
        tick=1,
        lot=1,
        multiplier=1,
        maker_fee_ppm=0,
        taker_fee_ppm=100,
        collar_bps=0,
        initial_margin_bps=0,
        mark=0,
    )


def _house(*, instrument: int, side: int, quantity: int, limit: int | None) -> VenueChoice:
    raise AssertionError("there is no other venue")
