"""Everything that LoRaWAN comes in by, in one place: datagrams and events in, acknowledgements out, orders set off.

Sans-I/O but for the queue between a datagram and the orders that it sets off: a datagram is answered at once.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from typing import Any

import msgspec

from isthmus.gateways.lorawan import networks, semtech
from isthmus.gateways.lorawan.hedges import Hedges
from isthmus.gateways.lorawan.joins import ACCEPT_DELAY_US
from isthmus.gateways.lorawan.plans import Plan
from isthmus.gateways.lorawan.readings import Reading
from isthmus.gateways.lorawan.semtech import BadDatagram, Datagram, Received
from isthmus.gateways.lorawan.uplinks import Outcome, Uplinks
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import time_text

QUEUE_MAX = 10_000
"""Readings that wait for the rules; more are counted and dropped."""
SHOWN_MAX = 200
"""Readings and refusals that are remembered, to be looked at."""

Address = tuple[str, int]
Sent = tuple[bytes, Address]


class Told(msgspec.Struct, frozen=True):
    """A refusal, to be looked at."""

    time: str
    by: str
    refused: str
    detail: str


class Door:
    """`gateways`: EUIs that are known, in small letters. A datagram of any other is not even acknowledged."""

    def __init__(self, uplinks: Uplinks, hedges: Hedges, gateways: frozenset[str], plan: Plan, clock: Clock) -> None:
        self.hedges = hedges
        self._uplinks = uplinks
        self._gateways = gateways
        self._plan = plan
        self._clock = clock
        self._pulled: dict[str, tuple[Address, int]] = {}
        self._tokens = itertools.count(1)
        self._queue: asyncio.Queue[Reading] = asyncio.Queue(QUEUE_MAX)
        self._readings: deque[Reading] = deque(maxlen=SHOWN_MAX)
        self._refusals: deque[Told] = deque(maxlen=SHOWN_MAX)

    def take(self, raw: bytes, sender: Address) -> list[Sent]:
        """A datagram in; what is to be sent, and where."""
        try:
            heard = semtech.datagram(raw)
        except BadDatagram as fault:
            self._refuse(f"{sender[0]}", "bad_datagram", str(fault))
            return []
        if heard.eui not in self._gateways:
            self._refuse(f"{sender[0]}", "unknown_gateway", heard.eui)
            return []
        answer = semtech.acknowledged(heard)
        sent = [(answer, sender)] if answer is not None else []
        if heard.kind == semtech.PULL_DATA:
            self._pulled[heard.eui] = (sender, heard.version)
        elif heard.kind == semtech.PUSH_DATA:
            sent += self._pushed(heard)
        return sent

    def take_event(self, server: str, body: bytes) -> Outcome:
        """An event of a network server, by the kind of it. Raises BadEvent."""
        outcome = self._uplinks.take_event(networks.SERVERS[server](body), self._clock(), server)
        self._keep(outcome, server)
        return outcome

    async def work(self) -> None:
        """Hand readings to the rules, one after the other, for ever."""
        while True:
            await self.hedges.hear(await self._queue.get())

    def state(self) -> dict[str, Any]:
        """Counts by what became of uplinks, the newest readings and refusals."""
        return {
            "counts": dict(sorted(self._uplinks.counts.items())),
            "waiting": self._queue.qsize(),
            "readings": list(reversed(self._readings)),
            "refusals": list(reversed(self._refusals)),
        }

    def _pushed(self, heard: Datagram) -> list[Sent]:
        try:
            frames, broken = semtech.received(heard.body)
        except BadDatagram as fault:
            self._refuse(heard.eui, "bad_datagram", str(fault))
            return []
        if broken:
            self._refuse(heard.eui, "radio_check", f"{broken} frames were not whole")
        sent = []
        for one in frames:
            outcome = self._uplinks.take(one, self._clock(), heard.eui)
            self._keep(outcome, heard.eui)
            if outcome.answer is not None:
                sent += self._answered(heard, one, outcome.answer)
        return sent

    def _answered(self, heard: Datagram, asked: Received, answer: bytes) -> list[Sent]:
        """A join accept goes by the gateway that heard the request, if it said where it is."""
        window = self._plan.answer_at(asked.hertz, asked.rate)
        way = self._pulled.get(heard.eui)
        if window is None or way is None:
            why = "it never asked for downlinks" if way is None else f"no window for {asked.hertz} Hz, {asked.rate}"
            self._refuse(heard.eui, "no_way_back", why)
            return []
        to, version = way
        token = (next(self._tokens) & 0xFFFF).to_bytes(2, "big")
        return [(semtech.order_to_send(version, token, answer, (asked.tick + ACCEPT_DELAY_US, *window)), to)]

    def _keep(self, outcome: Outcome, by: str) -> None:
        if outcome.refused is not None and outcome.refused != "duplicate":
            self._refusals.append(Told(time_text(self._clock()), by, outcome.refused, outcome.detail))
        for reading in outcome.readings:
            self._readings.append(reading)
            try:
                self._queue.put_nowait(reading)
            except asyncio.QueueFull:
                self._refuse(by, "overrun", "more readings came than the rules could hear")

    def _refuse(self, by: str, refused: str, detail: str) -> None:
        self._uplinks.counts[refused] += 1
        self._refusals.append(Told(time_text(self._clock()), by, refused, detail))
