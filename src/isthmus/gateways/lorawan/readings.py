"""What sensors say: Cayenne's Low Power Payload as readings.

Source: myDevices, "Cayenne Low Power Payload" (LPP 1.0), and for load, voltage, current and their like the IPSO object
numbers (less 3200) as the ElectronicCats CayenneLPP library sends them. Every value is signed or unsigned, most
significant byte first, at a fixed scale.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

LATITUDE_MAX, LONGITUDE_MAX = 90, 180


class Reading(msgspec.Struct, frozen=True):
    """One figure of one sensor. `value` is exact, in `unit`; of a location it is None and `place` has latitude and
    longitude in degrees and altitude in metres. `at`: ns UTC when it was received, `source` how it came.
    """

    device: str
    channel: int
    kind: str
    value: Decimal | None
    unit: str
    at: int
    source: str
    place: tuple[Decimal, Decimal, Decimal] | None = None


class BadPayload(ValueError):
    """The payload is not in this format; the reason names the byte."""


class Figure(msgspec.Struct, frozen=True):
    """How one type is written: `size` bytes, a count of 10^-`decimals` times `step`."""

    kind: str
    size: int
    decimals: int
    unit: str
    signed: bool = False
    step: int = 1


LOCATION = 136
FIGURES: dict[int, Figure] = {
    0: Figure("digital_input", 1, 0, ""),
    1: Figure("digital_output", 1, 0, ""),
    2: Figure("analog_input", 2, 2, "", signed=True),
    3: Figure("analog_output", 2, 2, "", signed=True),
    100: Figure("generic", 4, 0, ""),
    101: Figure("illuminance", 2, 0, "lx"),
    102: Figure("presence", 1, 0, ""),
    103: Figure("temperature", 2, 1, "°C", signed=True),
    104: Figure("humidity", 1, 1, "%", step=5),
    115: Figure("pressure", 2, 1, "hPa"),
    116: Figure("voltage", 2, 2, "V"),
    117: Figure("current", 2, 3, "A"),
    118: Figure("frequency", 4, 0, "Hz"),
    120: Figure("percentage", 1, 0, "%"),
    121: Figure("altitude", 2, 0, "m", signed=True),
    122: Figure("weight", 3, 3, "kg", signed=True),
    125: Figure("concentration", 2, 0, "ppm"),
    128: Figure("power", 2, 0, "W"),
    130: Figure("distance", 4, 3, "m"),
    131: Figure("energy", 4, 3, "kWh"),
    132: Figure("direction", 2, 0, "°"),
    133: Figure("time", 4, 0, "s"),
    142: Figure("switch", 1, 0, ""),
}
"""By type. 113 and 134 (three axes each) are read past: no rule is made of them."""
AXES = {113: 6, 134: 6}
KINDS = frozenset(figure.kind for figure in FIGURES.values()) | {"location"}


def readings(payload: bytes, device: str, at: int, source: str) -> list[Reading]:
    """The readings in their order. Raises BadPayload; then none of them counts."""
    found: list[Reading] = []
    place = 0
    while place < len(payload):
        if place + 2 > len(payload):
            raise BadPayload(f"byte {place}: a channel without a type")
        channel, kind = payload[place], payload[place + 1]
        size = 9 if kind == LOCATION else AXES.get(kind) or (FIGURES[kind].size if kind in FIGURES else None)
        if size is None:
            raise BadPayload(f"byte {place + 1}: type {kind} is unknown")
        data = payload[place + 2 : place + 2 + size]
        if len(data) < size:
            raise BadPayload(f"byte {place + 2}: {len(data)} of {size} bytes of type {kind}")
        if kind == LOCATION:
            found.append(_location(data, Reading(device, channel, "location", None, "°", at, source)))
        elif kind in FIGURES:
            figure = FIGURES[kind]
            count = int.from_bytes(data, "big", signed=figure.signed) * figure.step
            value = Decimal(count).scaleb(-figure.decimals)
            found.append(Reading(device, channel, figure.kind, value, figure.unit, at, source))
        place += 2 + size
    return found


def _location(data: bytes, blank: Reading) -> Reading:
    north, east, up = (int.from_bytes(data[place : place + 3], "big", signed=True) for place in (0, 3, 6))
    latitude, longitude = Decimal(north).scaleb(-4), Decimal(east).scaleb(-4)
    if abs(latitude) > LATITUDE_MAX or abs(longitude) > LONGITUDE_MAX:
        raise BadPayload(f"latitude {latitude}, longitude {longitude}: is no place on earth")
    return msgspec.structs.replace(blank, place=(latitude, longitude, Decimal(up).scaleb(-2)))
