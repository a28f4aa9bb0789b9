"""FIX sessions in the running broker: their thread, joined to the driver and to the gateways' order entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from isthmus import _core
from isthmus.app.live_venues import LiveVenues
from isthmus.app.pipeline import Core, Front
from isthmus.app.settings import FixSettings, Settings
from isthmus.app.venue_keys import read_keys
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.fix.server import FixServer, Terms, member_rows
from isthmus.gateways.fix.shapes import Peer
from isthmus.gateways.keys import KeyStore
from isthmus.gateways.submission import Asker
from isthmus.gateways.websocket.disconnects import Disconnects
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.venues.live.fix import FixDesk
from isthmus.venues.live.link import FixFields
from isthmus.venues.live.terms import SessionTerms


class VenueSession:
    """A FIX session with a venue: the link of its desk (FixLink), and who hears of it."""

    def __init__(self, thread: _core.FixServer, place: int, clock: Clock) -> None:
        self._thread = thread
        self.place = place
        self._clock = clock
        self._is_up = False
        self.desk: FixDesk | None = None

    def send(self, fields: FixFields) -> bool:
        """False when the session is down: then nothing was sent, and nothing will be."""
        if self._is_up:
            (_, kind), *body = fields
            self._thread.send(self.place, kind, body)
        return self._is_up

    def up(self) -> None:
        """Logged on: what waited goes out."""
        self._is_up = True
        if self.desk is not None:
            self.desk.resumed(self._clock())

    def down(self) -> None:
        """The link is gone."""
        self._is_up = False

    def take(self, fields: list[tuple[int, str]]) -> None:
        """A report of the venue."""
        if self.desk is not None:
            self.desk.take(fields)


class FixSessions:
    """Owns the thread and the loop's side of it."""

    def __init__(
        self, core: Core, settings: Settings, keys: KeyStore, front: Front, live: LiveVenues | None = None
    ) -> None:
        terms = settings.fix
        core.driver.serve_sessions()
        if settings.standby.listen:
            core.engine.wait_for_receipts()
        last = core.engine.sequence
        self.thread = _opened(core, settings, keys)
        self.thread.learn(settings.data, last)
        said = Terms(frozenset(terms.drop_copy), terms.cancel_on_disconnect)
        self.server = FixServer(self.thread, front.parts, keys, core.driver, said)
        self.server.end_session = _cancels(front.parts.entry)
        core.views.tell(self.server.application)
        for name, wanted in live.sessions().items() if live is not None else ():
            session = VenueSession(self.thread, _called(self.thread, name, wanted), core.desk.now)
            session.desk = live.join(name, session) if live is not None else None
            self.server.call(session.place, session)

    @property
    def port(self) -> int | None:
        """Of their own, where they have one."""
        return self.thread.port

    def start(self) -> None:
        """Serve, on the running loop."""
        self.server.start()
        self.thread.start()

    async def stop(self) -> None:
        """Every session is logged out; what was asked is answered."""
        await asyncio.to_thread(self.thread.stop)
        await self.server.stop()


def _opened(core: Core, settings: Settings, keys: KeyStore) -> _core.FixServer:
    """Raises BadInput for an address that cannot be had or a store that cannot be read."""
    terms = settings.fix
    try:
        return _core.FixServer(
            core.engine,
            settings.data,
            comp_id=terms.comp_id,
            members=member_rows(keys),
            listen=terms.listen or None,
            sync=settings.durability == "group",
            messages_per_s=terms.messages_per_s,
            unsent_bytes=terms.unsent_bytes,
            resend_chunk=terms.resend_chunk,
            latency_s=terms.latency_s,
            hours=hours_of(terms),
        )
    except ValueError as error:
        raise BadInput("fix.listen", f"{terms.listen}: {error}") from error
    except OSError as error:
        raise BadInput("fix", str(error)) from error


def hours_of(terms: FixSettings) -> tuple[list[bool], int, int, int] | None:
    """Days (Monday first), opening and closing in seconds of the day, offset in seconds; None: always open. Raises
    BadInput.
    """
    if not terms.open and not terms.close:
        return None
    if not terms.open or not terms.close:
        raise BadInput("fix.open", "open and close go together")
    sign = -1 if terms.utc_offset.startswith("-") else 1
    days = [not terms.days or name in terms.days for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    return days, _seconds(terms.open), _seconds(terms.close), sign * _seconds(terms.utc_offset[1:])


def _seconds(written: str) -> int:
    hours, minutes = written.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _called(thread: _core.FixServer, name: str, wanted: SessionTerms) -> int:
    """The place of a session that we begin. Raises BadInput."""
    place = f"venues.{name}.session"
    found = read_keys(wanted.credentials, f"{place}.credentials") if wanted.credentials else None
    try:
        return thread.call(
            wanted.address,
            wanted.version,
            wanted.sender,
            wanted.target,
            heartbeat_s=wanted.heartbeat_s,
            reset_on_logon=wanted.reset_on_logon,
            credentials=(found.key, found.secret) if found is not None else None,
        )
    except (OSError, ValueError) as error:
        raise BadInput(place, str(error)) from error


def _cancels(entry: OrderEntry) -> Callable[[Peer], None]:
    """What a session placed goes with its link."""
    disconnects = Disconnects(entry)

    def end(peer: Peer) -> None:
        account = peer.identity.account
        if account is not None:
            disconnects.end(account, peer.identity.session, Asker(peer.identity, "fix", b"disconnected"))

    return end
