"""The front's queue on the loop: a bell rings, and what sessions did and said is taken in, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from isthmus.gateways.fix.application import Application, Parts
from isthmus.gateways.fix.shapes import FIX42, FIX44, FIX50, Body, Message, Peer
from isthmus.gateways.fix.trading import Known
from isthmus.gateways.keys import Identity, Key, KeyStore
from isthmus.kernel.ids import account_id
from isthmus.kernel.messages import ROLES

log = logging.getLogger(__name__)

VERSIONS = {"FIX.4.2": FIX42, "FIX.4.4": FIX44, "FIX.5.0SP2": FIX50}
EVENTS_MOST = 1_024
"""Events taken in at a stretch before others get a turn."""

ENVELOPE = frozenset(
    {
        8,
        9,
        10,
        34,
        35,
        43,
        49,
        50,
        52,
        56,
        57,
        89,
        90,
        91,
        93,
        97,
        115,
        116,
        122,
        128,
        129,
        142,
        143,
        144,
        145,
        369,
        1128,
    }
)
"""Tags of header and trailer, which the session has dealt with."""

MemberRow = tuple[str, int, int, int, int, str, bytes]
"""Key, number of the key, user, role, account (0: none), its name, SHA-256 of the secret."""


class Front(Protocol):
    """`_core.FixServer`."""

    def fileno(self) -> int:
        """Readable while there is something to take in."""
        ...

    def events(self) -> list[tuple[Any, ...]]:
        """("logon", place, version, key, last cause), ("logout", place), ("message", place, message, order) and
        ("note", 0, text).
        """
        ...

    def send(self, place: int, msg_type: str, body: Body, cause: int = 0) -> None:
        """A message on a session."""

    def done(self, place: int) -> None:
        """One more message of the session is dealt with."""

    def is_full(self, place: int) -> bool:
        """Whether the session has so much unsent that market data should wait."""
        ...

    @property
    def running(self) -> bool:
        """Whether the sessions' thread works."""
        ...

    def wake(self) -> None:
        """There may be reports to send."""

    def set_members(self, members: list[MemberRow]) -> None:
        """Everybody who may log on."""

    def set_routed(self, instruments: list[int]) -> None:
        """Instruments that are not plainly the house book's."""


class Hears(Protocol):
    """The driver, as far as sessions concern it."""

    def hear_sessions(self) -> None:
        """Take in what sessions staged."""


class Counterparty(Protocol):
    """A venue or broker whom we call."""

    def up(self) -> None:
        """The session is logged on."""

    def down(self) -> None:
        """It is no more."""

    def take(self, fields: list[tuple[int, str]]) -> None:
        """An application message: MsgType(35) first, then its body."""


class Terms(msgspec.Struct, frozen=True):
    """`drop_copy`: ids of keys that hear of everything. `cancel_on_disconnect`: a session's orders go with its link."""

    drop_copy: frozenset[str]
    cancel_on_disconnect: bool


class FixServer:
    """Owns nothing but the order in which both sides are heard."""

    def __init__(self, front: Front, parts: Parts, keys: KeyStore, driver: Hears, terms: Terms) -> None:
        self.front = front
        self.application = Application(parts, front, terms.drop_copy)
        self._parts = parts
        self._keys = keys
        self._driver = driver
        self._cancels = terms.cancel_on_disconnect
        self._known: tuple[int, int] | None = None
        self._shown = -1
        self._waiting: list[tuple[Any, ...]] = []
        self._peers: dict[int, Peer] = {}
        self._called: dict[int, Counterparty] = {}
        self.end_session: Callable[[Peer], None] = _nothing

    def call(self, place: int, counterparty: Counterparty) -> None:
        """The session at this place is ours to begin; this is who hears of it."""
        self._called[place] = counterparty

    def start(self) -> None:
        """From now on the bell is heard, on the running loop."""
        asyncio.get_running_loop().add_reader(self.front.fileno(), self._heard)

    async def stop(self) -> None:
        """What was asked is answered."""
        asyncio.get_running_loop().remove_reader(self.front.fileno())
        await self.application.stop()

    def second(self) -> None:
        """Once a second: keys and listings that changed meanwhile. Raises RuntimeError when the thread has ended."""
        if not self.front.running:
            raise RuntimeError("the thread of FIX sessions has ended")
        changes = self._keys.changes()
        if changes != self._known:
            self._known = changes
            self.front.set_members(member_rows(self._keys))
        directory = self._parts.reads.directory
        if directory.shown != self._shown:
            self._shown = directory.shown
            self.front.set_routed([number for number in directory.instruments if directory.venues_of(number)])

    def sample(self) -> None:
        """At the rate of books."""
        self.application.sample()

    def _heard(self) -> None:
        self._waiting += self.front.events()
        self._driver.hear_sessions()
        events, self._waiting = self._waiting[:EVENTS_MOST], self._waiting[EVENTS_MOST:]
        self._take(events)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._heard)

    def _take(self, events: Iterable[tuple[Any, ...]]) -> None:
        for event in events:
            kind, place = event[0], event[1]
            if (called := self._called.get(place)) is not None and kind != "note":
                self._hear(called, event)
            elif kind == "message":
                message: Message = event[2]
                self.application.take(place, message, Known(event[3]))
            elif kind == "logon":
                self._enter(place, *event[2:])
            elif kind == "logout":
                self._leave(place)
            else:
                log.info("FIX %s", event[2])

    def _hear(self, called: Counterparty, event: tuple[Any, ...]) -> None:
        kind, place = event[0], event[1]
        if kind == "logon":
            called.up()
        elif kind == "logout":
            called.down()
        else:
            message = event[2]
            body = [(tag, value.decode("latin-1")) for tag, value in message if tag not in ENVELOPE]
            called.take([(35, message.msg_type), *body])
            self.front.done(place)

    def _enter(self, place: int, version: str, key: str, last_cause: int) -> None:
        found = self._keys.key(key)
        if found is None:
            log.warning("a session is logged on with a key that is gone")
            return
        peer = Peer(place, VERSIONS[version], found.identity)
        self._peers[place] = peer
        self.application.enter(peer, key, last_cause)

    def _leave(self, place: int) -> None:
        self.application.leave(place)
        peer = self._peers.pop(place, None)
        if peer is not None and self._cancels and peer.identity.account is not None:
            self.end_session(peer)


def member_rows(keys: KeyStore) -> list[MemberRow]:
    """Keys that have a secret: a key of a signature cannot log on."""
    return [_member(key) for key in keys.all_keys() if key.secret_sha256 is not None]


def _member(key: Key) -> MemberRow:
    identity: Identity = key.identity
    account = identity.account or 0
    secret = key.secret_sha256 or b""
    return (
        key.key_id,
        identity.session,
        identity.user,
        ROLES[identity.role],
        account if identity.role == "client" else 0,
        account_id(account),
        secret,
    )


def _nothing(_peer: Peer) -> None:
    return None
