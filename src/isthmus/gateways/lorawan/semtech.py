"""Datagrams of Semtech's packet forwarders: bytes to values and back. No sockets.

Source: Semtech, "Basic communication protocol between Lora gateway and server" (PROTOCOL.TXT of the packet forwarder,
versions 1 and 2). A datagram: version, two bytes of token, kind, then 8 bytes of EUI (from gateways only) and JSON.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import Meta

PUSH_DATA, PUSH_ACK, PULL_DATA, PULL_RESP, PULL_ACK, TX_ACK = range(6)
VERSIONS = (1, 2)
HEAD_BYTES, EUI_BYTES = 4, 8
PACKETS_MAX = 64
"""Frames in one datagram."""
DATAGRAM_BYTES_MAX = 65_507


class BadDatagram(ValueError):
    """No datagram of this protocol; the reason names the part."""


class Datagram(msgspec.Struct, frozen=True):
    """From a gateway. `eui` is hexadecimal."""

    version: int
    token: bytes
    kind: int
    eui: str
    body: bytes


class Received(msgspec.Struct, frozen=True):
    """A frame that a gateway heard: `hertz`, rate like SF7BW125 (empty for FSK), its clock in microseconds."""

    frame: bytes
    hertz: int
    rate: str
    tick: int


class _Packet(msgspec.Struct, frozen=True):
    """rxpk: what is read of it."""

    data: Annotated[str, Meta(max_length=400)]
    freq: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    datr: str | int = ""
    stat: int = 1
    size: int | None = None
    tmst: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] = 0


class _Push(msgspec.Struct, frozen=True):
    rxpk: Annotated[list[_Packet], Meta(max_length=PACKETS_MAX)] = []


_push = msgspec.json.Decoder(_Push)


def datagram(raw: bytes) -> Datagram:
    """From a gateway: PUSH_DATA, PULL_DATA or TX_ACK. Raises BadDatagram."""
    if len(raw) < HEAD_BYTES + EUI_BYTES:
        raise BadDatagram(f"has {len(raw)} bytes, a gateway's datagram {HEAD_BYTES + EUI_BYTES} at least")
    if raw[0] not in VERSIONS:
        raise BadDatagram(f"version {raw[0]} is neither 1 nor 2")
    if raw[3] not in (PUSH_DATA, PULL_DATA, TX_ACK):
        raise BadDatagram(f"kind {raw[3]} does not come from a gateway")
    return Datagram(raw[0], raw[1:3], raw[3], raw[4:12].hex(), raw[12:])


def received(body: bytes) -> tuple[list[Received], int]:
    """The frames of a PUSH_DATA's JSON, and how many were left out since the radio's own check failed or their bytes
    cannot be read. Raises BadDatagram for JSON that is none, or of another shape.
    """
    try:
        push = _push.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadDatagram(f"json: {fault}") from None
    found = [_frame(packet) for packet in push.rxpk]
    good = [frame for frame in found if frame is not None]
    return good, len(found) - len(good)


def _frame(packet: _Packet) -> Received | None:
    if packet.stat != 1:
        return None
    try:
        raw = base64.b64decode(packet.data + "=" * (-len(packet.data) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if packet.size is not None and packet.size != len(raw):
        return None
    hertz = round(packet.freq * 1_000_000)
    return Received(raw, hertz, packet.datr if isinstance(packet.datr, str) else "", packet.tmst)


def acknowledged(heard: Datagram) -> bytes | None:
    """What a gateway is answered with; TX_ACK is answered by nothing."""
    kind = {PUSH_DATA: PUSH_ACK, PULL_DATA: PULL_ACK}.get(heard.kind)
    return None if kind is None else bytes((heard.version,)) + heard.token + bytes((kind,))


def order_to_send(version: int, token: bytes, frame: bytes, at: tuple[int, int, str]) -> bytes:
    """PULL_RESP: send `frame` at (tick in microseconds, hertz, rate), 14 dBm, as a downlink."""
    tick, hertz, rate = at
    body = {
        "txpk": {
            "imme": False,
            "tmst": tick & 0xFFFFFFFF,
            "freq": hertz / 1_000_000,
            "rfch": 0,
            "powe": 14,
            "modu": "LORA",
            "datr": rate,
            "codr": "4/5",
            "ipol": True,
            "size": len(frame),
            "data": base64.b64encode(frame).decode(),
        }
    }
    return bytes((version,)) + token + bytes((PULL_RESP,)) + msgspec.json.encode(body)


def push(version: int, token: bytes, eui: str, packets: list[dict[str, object]]) -> bytes:
    """A gateway's PUSH_DATA."""
    return bytes((version,)) + token + bytes((PUSH_DATA,)) + bytes.fromhex(eui) + msgspec.json.encode({"rxpk": packets})


def pull(version: int, token: bytes, eui: str) -> bytes:
    """A gateway's PULL_DATA."""
    return bytes((version,)) + token + bytes((PULL_DATA,)) + bytes.fromhex(eui)
