"""Uplink events of network servers, which checked code and counter and opened the payload: JSON to one value.

Sources: ChirpStack v4, integration events (`integration.UplinkEvent` as Protobuf JSON: what is 0 is left out); The
Things Stack v3, `ApplicationUp` with `uplink_message`. No sockets.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from isthmus.gateways.lorawan.counters import COUNTER_MAX
from isthmus.kernel.values import time_ns

Counter = Annotated[int, Meta(ge=0, le=COUNTER_MAX)]
Port = Annotated[int, Meta(ge=0, le=255)]
Eui = Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$")]
Payload = Annotated[str, Meta(max_length=400)]
Word = Annotated[str, Meta(max_length=256)]
Told = TypeVar("Told")


class Event(msgspec.Struct, frozen=True):
    """An uplink as a network server tells it. `session` changes when the device joined anew; `at` is ns UTC."""

    device: str
    session: str
    counter: int
    port: int
    payload: bytes
    at: int


class BadEvent(ValueError):
    """No uplink event of this server; the reason names the field."""


class _DeviceInfo(msgspec.Struct, frozen=True, rename="camel"):
    dev_eui: Eui


class _ChirpStack(msgspec.Struct, frozen=True, rename="camel"):
    device_info: _DeviceInfo
    time: Word
    dev_addr: Word = ""
    f_cnt: Counter = 0
    f_port: Port = 0
    data: Payload = ""


class _EndDevice(msgspec.Struct, frozen=True):
    dev_eui: Eui
    dev_addr: Word = ""


class _UplinkMessage(msgspec.Struct, frozen=True):
    session_key_id: Word = ""
    f_port: Port = 0
    f_cnt: Counter = 0
    frm_payload: Payload = ""
    received_at: Word | None = None


class _ThingsStack(msgspec.Struct, frozen=True):
    end_device_ids: _EndDevice
    uplink_message: _UplinkMessage
    received_at: Word


_chirpstack = msgspec.json.Decoder(_ChirpStack)
_things = msgspec.json.Decoder(_ThingsStack)


def chirpstack(body: bytes) -> Event:
    """Of the event `up`. Raises BadEvent."""
    told = _read(_chirpstack, body)
    eui = told.device_info.dev_eui.lower()
    return Event(eui, told.dev_addr, told.f_cnt, told.f_port, _opened(told.data, "data"), _time(told.time, "time"))


def things_stack(body: bytes) -> Event:
    """Of an uplink message. Raises BadEvent."""
    told = _read(_things, body)
    ids, up = told.end_device_ids, told.uplink_message
    at = _time(up.received_at or told.received_at, "received_at")
    session = up.session_key_id or ids.dev_addr
    return Event(ids.dev_eui.lower(), session, up.f_cnt, up.f_port, _opened(up.frm_payload, "frm_payload"), at)


SERVERS = {"chirpstack": chirpstack, "things-stack": things_stack}


def _read(decoder: msgspec.json.Decoder[Told], body: bytes) -> Told:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadEvent(str(fault)) from None


def _opened(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadEvent(f"{field}: is no base64") from None


def _time(text: str, field: str) -> int:
    try:
        return time_ns(text)
    except ValueError:
        raise BadEvent(f"{field}: is no RFC 3339 time") from None
