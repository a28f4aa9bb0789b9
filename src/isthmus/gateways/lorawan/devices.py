"""The devices that are known, from a TOML file: their keys, and how their payloads are read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from isthmus.gateways.lorawan.counters import COUNTER_MAX
from isthmus.gateways.lorawan.fragments import PORT
from isthmus.gateways.lorawan.store import Session
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput

Key = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{32})?$")]
Eui = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{16})?$")]
Address = Annotated[str, Meta(pattern="^([0-9A-Fa-f]{8})?$")]
DEVICES_MAX = 100_000


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[devices.DEVEUI]` table. `devaddr` with session keys: activated by personalisation, its counter not under
    `counter_start`. `appkey` (and `nwkkey` in 1.1): it joins over the air. A device that a network server serves needs
    no keys here. `fragments_port` 0: it sends no blocks.
    """

    name: Annotated[str, Meta(max_length=64)] = ""
    version: Literal["1.0", "1.1"] = "1.0"
    devaddr: Address = ""
    nwkskey: Key = ""
    appskey: Key = ""
    fnwksintkey: Key = ""
    snwksintkey: Key = ""
    nwksenckey: Key = ""
    appkey: Key = ""
    nwkkey: Key = ""
    joineui: Eui = ""
    payload: Literal["cayenne"] = "cayenne"
    fragments_port: Annotated[int, Meta(ge=0, le=223)] = PORT
    counter_start: Annotated[int, Meta(ge=0, le=COUNTER_MAX)] = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    devices: dict[Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$")], Device]


def read_devices(path: Path) -> dict[str, Device]:
    """By DevEUI in small letters. Raises BadInput that names file or key."""
    found = shaped(read_toml(path), _File).devices
    if len(found) > DEVICES_MAX:
        raise BadInput("devices", f"{len(found)} devices, at most {DEVICES_MAX}")
    for eui, device in found.items():
        _require_whole(eui, device)
    devices = {eui.lower(): device for eui, device in found.items()}
    if len(devices) < len(found):
        raise BadInput("devices", "a DevEUI is there twice, in small and in large letters")
    return devices


def _require_whole(eui: str, device: Device) -> None:
    own = ("nwkskey",) if device.version == "1.0" else ("fnwksintkey", "snwksintkey", "nwksenckey")
    other = ("fnwksintkey", "snwksintkey", "nwksenckey", "nwkkey") if device.version == "1.0" else ("nwkskey",)
    for name in other:
        if getattr(device, name):
            raise BadInput(f"devices.{eui}.{name}", f"is no key of LoRaWAN {device.version}")
    needed = ("devaddr", *own, "appskey")
    given = [name for name in needed if getattr(device, name)]
    if given and len(given) < len(needed):
        missing = next(name for name in needed if name not in given)
        raise BadInput(f"devices.{eui}.{missing}", f"is missing beside {given[0]}")
    if given and device.appkey:
        raise BadInput(f"devices.{eui}.appkey", "stands beside session keys: a device joins, or it does not")
    if device.version == "1.1" and bool(device.appkey) != bool(device.nwkkey):
        missing = "nwkkey" if device.appkey else "appkey"
        raise BadInput(f"devices.{eui}.{missing}", "is missing: to join, 1.1 needs both")


def own_session(eui: str, device: Device) -> Session | None:
    """The session of a device that does not join; None for any other."""
    if not device.devaddr:
        return None
    if device.version == "1.0":
        names = ("nwkskey", "nwkskey", "nwkskey", "appskey")
    else:
        names = ("fnwksintkey", "snwksintkey", "nwksenckey", "appskey")
    keys = [bytes.fromhex(getattr(device, name)) for name in names]
    return session_of(eui, device.version, int(device.devaddr, 16), keys)


def session_of(eui: str, version: str, address: int, keys: list[bytes]) -> Session:
    """`keys`: FNwkSIntKey, SNwkSIntKey, NwkSEncKey, AppSKey; in 1.0 the first three are NwkSKey."""
    forwarding, serving, network, application = keys
    said = "|".join([eui, version, f"{address:08x}", *(key.hex() for key in keys)])
    digest = hashlib.sha256(said.encode()).hexdigest()
    return Session(eui, version, address, forwarding, serving, network, application, digest)
