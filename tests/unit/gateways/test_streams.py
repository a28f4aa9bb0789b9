"""Streams and outboxes: numbers, resuming, and bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from isthmus.gateways.websocket.outbox import Gone, Outbox, TooSlow
from isthmus.gateways.websocket.streams import Stream, Subject


class Listener:
    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def send(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))

    def said(self) -> list[tuple[str, int]]:
        return [(frame["type"], frame["seq"]) for frame in self.frames]


def stream(remembered: int = 3) -> Stream:
    return Stream(Subject("trades", instrument="BTC-USD"), lambda: ["all"], lambda: 1_000_000_000, remembered)


def test_a_listener_gets_a_snapshot_then_every_delta() -> None:
    made, listener = stream(), Listener()
    made.publish("before")
    made.catch_up(listener, None)
    made.publish("after")
    assert listener.said() == [("snapshot", 1_001), ("delta", 1_002)]
    assert listener.frames[1] == {
        "channel": "trades",
        "instrument": "BTC-USD",
        "seq": 1_002,
        "type": "delta",
        "data": "after",
    }


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (1_005, []),
        (1_003, [("delta", 1_004), ("delta", 1_005)]),
        (1_002, [("delta", 1_003), ("delta", 1_004), ("delta", 1_005)]),
        (1_001, [("snapshot", 1_005)]),
        (1_006, [("snapshot", 1_005)]),
        (1, [("snapshot", 1_005)]),
    ],
)
def test_who_resumes_gets_what_he_missed_while_it_is_remembered(since: int, expected: list[tuple[str, int]]) -> None:
    made, listener = stream(remembered=3), Listener()
    for number in range(5):
        made.publish(number)
    made.catch_up(listener, since)
    assert listener.said() == expected


def test_a_heartbeat_carries_the_last_number() -> None:
    made, listener = stream(), Listener()
    made.catch_up(listener, None)
    made.publish(1)
    made.heartbeat()
    assert listener.said()[-1] == ("heartbeat", 1_001)


def test_an_outbox_gives_up_on_too_much_and_keeps_nothing() -> None:
    async def work() -> None:
        outbox = Outbox(unsent_bytes=10, unsent_s=1)
        outbox.send(b"12345")
        outbox.send(b"678901")
        with pytest.raises(TooSlow, match="10 bytes"):
            await outbox.overflow()

    asyncio.run(work())


def test_an_outbox_gives_up_on_a_client_that_takes_nothing() -> None:
    async def work() -> None:
        outbox = Outbox(unsent_bytes=10, unsent_s=0.01)
        outbox.send(b"1")
        with pytest.raises(TooSlow, match="nothing was read"):
            await outbox.drain(lambda _: asyncio.sleep(60))

    asyncio.run(work())


def test_an_outbox_sends_in_order_and_forgets_what_it_sent() -> None:
    async def work() -> None:
        outbox = Outbox(unsent_bytes=10, unsent_s=1)
        sent: list[bytes] = []

        async def write(frame: bytes) -> None:
            sent.append(frame)

        draining = asyncio.create_task(outbox.drain(write))
        for number in range(50):
            outbox.send(str(number).encode())
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        draining.cancel()
        assert sent == [str(number).encode() for number in range(50)]
        assert outbox.unsent_bytes == 0

    asyncio.run(work())


def test_a_stream_keeps_bounded_bytes_for_those_who_come_back() -> None:
    made, listener = stream(remembered=1_000), Listener()
    for _ in range(8):
        made.publish("x" * 400_000)
    made.catch_up(listener, made.seq - 4)
    assert [kind for kind, _ in listener.said()] == ["delta"] * 4
    late = Listener()
    made.catch_up(late, made.seq - 6)
    assert [kind for kind, _ in late.said()] == ["snapshot"]


def test_an_outbox_ends_when_the_client_goes_in_the_middle_of_a_write() -> None:
    async def nobody(frame: bytes) -> None:
        raise ConnectionResetError

    async def work() -> None:
        outbox = Outbox(unsent_bytes=10, unsent_s=1)
        outbox.send(b"1")
        with pytest.raises(Gone):
            await outbox.drain(nobody)

    asyncio.run(work())
