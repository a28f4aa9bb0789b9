"""From a frame, or a network server's event, to readings. The code first, then the counter, then the payload.

Sans-I/O: whoever drives it hands in bytes and time, and sends what `Outcome.answer` says. A frame that several gateways
heard counts once.
"""

from __future__ import annotations

import hmac
from collections import Counter, OrderedDict
from collections.abc import Iterator

import msgspec

from isthmus.gateways.lorawan import cipher, frame
from isthmus.gateways.lorawan.counters import Candidate, candidates
from isthmus.gateways.lorawan.devices import Device, own_session
from isthmus.gateways.lorawan.fragments import BadFragment, FragmentLimits, Fragments
from isthmus.gateways.lorawan.frame import DataFrame, Malformed
from isthmus.gateways.lorawan.joins import JoinRefused, Joins
from isthmus.gateways.lorawan.networks import Event
from isthmus.gateways.lorawan.plans import Plan
from isthmus.gateways.lorawan.readings import BadPayload, Reading, readings
from isthmus.gateways.lorawan.semtech import Received
from isthmus.gateways.lorawan.store import Session, Store

SAME_ADDRESS_MAX = 16
"""Sessions of one address whose codes are tried: addresses are short, and networks share them."""
RECENT_MAX = 4_096
SAME_FRAME_NS = 2_000_000_000
"""Within this the same frame is one that another gateway heard too, later a replay."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of an uplink. `refused` is a stable word, `detail` for people. `answer`: a join accept to send."""

    device: str | None = None
    readings: tuple[Reading, ...] = ()
    refused: str | None = None
    detail: str = ""
    answer: bytes | None = None


class Uplinks:
    """All devices. Refuses by value."""

    def __init__(
        self, devices: dict[str, Device], store: Store, plan: Plan, limits: FragmentLimits, net_id: int
    ) -> None:
        self._devices = devices
        self._store = store
        self._plan = plan
        self._fragments = Fragments(limits)
        self._joins = Joins(devices, store, net_id)
        self._recent: OrderedDict[bytes, int] = OrderedDict()
        self._sessions: dict[int, list[Session]] = {}
        self._last: dict[str, int | None] = {}
        self.counts: Counter[str] = Counter()
        self._open_sessions()

    def take(self, heard: Received, at: int, gateway: str) -> Outcome:
        """A frame that a gateway heard, at a time (ns UTC)."""
        try:
            kind = frame.kind_of(heard.frame)
            if kind in (frame.UNCONFIRMED_UP, frame.CONFIRMED_UP):
                found = self._data(heard, at, gateway)
            elif kind == frame.JOIN_REQUEST:
                found = self._join(heard.frame, at)
            else:
                found = Outcome(refused="not_an_uplink", detail=frame.KINDS[kind])
        except Malformed as fault:
            found = Outcome(refused="malformed", detail=str(fault))
        self.counts[found.refused or "taken"] += 1
        return found

    def take_event(self, event: Event, at: int, server: str) -> Outcome:
        """An uplink that a network server checked."""
        found = self._event(event, server)
        self.counts[found.refused or "taken"] += 1
        return found

    def _event(self, event: Event, server: str) -> Outcome:
        if event.device not in self._devices:
            return Outcome(refused="unknown_device", detail=event.device)
        if not self._store.count_event(event.device, event.session, event.counter, event.at):
            return Outcome(event.device, refused="replayed", detail=f"counter {event.counter} was there before")
        return self._payload(event.device, event.port, event.payload, (event.at, f"{server} {event.counter}"))

    def _data(self, heard: Received, at: int, gateway: str) -> Outcome:
        data = frame.data_frame(heard.frame)
        known = self._sessions.get(data.address, [])
        if not known:
            return Outcome(refused="unknown_device", detail=f"address {data.address:08x}")
        found = next(self._matches(data, heard, known), None)
        if found is None:
            return Outcome(refused="bad_mic", detail=f"address {data.address:08x}")
        session, candidate = found
        if candidate.refused is not None:
            same = at - self._recent.get(heard.frame, at - SAME_FRAME_NS) < SAME_FRAME_NS
            refused = "duplicate" if same else candidate.refused
            detail = f"counter {candidate.counter}, the last one was {self._last[session.digest]}"
            return Outcome(session.device, refused=refused, detail=detail)
        if (fault := frame.conflict(data)) is not None:
            raise fault
        self._count(session, candidate.counter, heard.frame, at)
        if not data.port:  # nothing, or commands of the network's own
            return Outcome(session.device)
        plain = cipher.payload_stream(session.application, data.address, candidate.counter, cipher.UP, data.payload)
        return self._payload(session.device, data.port, plain, (at, f"{gateway} {candidate.counter}"))

    def _matches(self, data: DataFrame, heard: Received, known: list[Session]) -> Iterator[tuple[Session, Candidate]]:
        """The session and counter whose code is right."""
        message = heard.frame[:-4]
        for session in known[:SAME_ADDRESS_MAX]:
            for candidate in candidates(self._last[session.digest], data.counter):
                if hmac.compare_digest(self._code(session, candidate.counter, message, heard), data.mic):
                    yield session, candidate

    def _code(self, session: Session, counter: int, message: bytes, heard: Received) -> bytes:
        """The confirmed counter is 0: nothing confirmed is ever sent from here."""
        if session.version == "1.0":
            return cipher.data_mic(session.serving, message, counter, cipher.UP)
        sent = (self._plan.rate(heard.rate) or 0, self._plan.channel(heard.hertz) or 0)
        return cipher.uplink_mic((session.forwarding, session.serving), message, counter, 0, sent)

    def _count(self, session: Session, counter: int, raw: bytes, at: int) -> None:
        """On disk before anything is made of the frame. The first frame of a new session ends the ones before."""
        first = self._last[session.digest] is None
        self._store.count(session.digest, counter)
        self._last[session.digest] = counter
        if first:
            self._drop_sessions(session.device, frozenset({session.digest}))
        self._recent[raw] = at
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)

    def _drop_sessions(self, device: str, but: frozenset[str]) -> None:
        for digest in self._store.drop_sessions(device, but):
            self._forget(digest)

    def _payload(self, device: str, port: int, plain: bytes, came: tuple[int, str]) -> Outcome:
        at, source = came
        try:
            if port == self._devices[device].fragments_port != 0:
                whole = self._fragments.take(device, plain, at)
                if whole is None:
                    return Outcome(device)
                plain = whole
            return Outcome(device, tuple(readings(plain, device, at, source)))
        except BadFragment as fault:
            return Outcome(device, refused="bad_fragment", detail=str(fault))
        except BadPayload as fault:
            return Outcome(device, refused="bad_payload", detail=str(fault))

    def _join(self, raw: bytes, at: int) -> Outcome:
        try:
            session, answer = self._joins.take(frame.join_request(raw), raw, at)
        except JoinRefused as refused:
            return Outcome(refused=refused.reason, detail=str(refused))
        self._store.keep_session(session, joined=True)
        self._know(session, None)
        live = {one.digest for known in self._sessions.values() for one in known if self._last[one.digest] is not None}
        self._drop_sessions(session.device, frozenset({session.digest, *live}))
        return Outcome(session.device, answer=answer)

    def _open_sessions(self) -> None:
        """Those of the file, and those that came of joins. One that left the file is forgotten."""
        own = {eui: made for eui, device in self._devices.items() if (made := own_session(eui, device)) is not None}
        for eui, session in own.items():
            start = self._devices[eui].counter_start
            self._store.keep_session(session, joined=False, last=start - 1 if start else None)
        for session, last, joined in self._store.sessions():
            if session.device in self._devices and (joined or own.get(session.device) == session):
                self._know(session, last)

    def _know(self, session: Session, last: int | None) -> None:
        self._sessions.setdefault(session.address, []).append(session)
        self._last[session.digest] = last

    def _forget(self, digest: str) -> None:
        self._last.pop(digest, None)
        for address, known in list(self._sessions.items()):
            self._sessions[address] = [session for session in known if session.digest != digest]
