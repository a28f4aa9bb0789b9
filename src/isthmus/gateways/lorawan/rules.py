"""Rules of hedging: if this sensor says that, place this order. A person writes them and a person approves them.

A rule is what stands in its table, to the letter: its hash is SHA-256 of all its fields, so that an approval of one
content is none of another.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from isthmus.gateways.lorawan.readings import KINDS, Reading
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, units

NANO = 9
"""Decimals that figures of rules are counted with."""
ONE = 10**NANO
QUANTITY_NANO_MAX = 2**62
RULES_MAX = 1_000

Decimals = Annotated[str, Meta(max_length=30)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[rules.NAME]` table. Text is decimal.

    Of `sensor` on `channel` (null: any) of `device`, `for_readings` readings one after the other must be above or below
    `threshold`, or a location inside or outside `box` (south, west, north, east in degrees). Then an order: `quantity`,
    or `per_unit` for each unit beyond the threshold cut to whole `step`, never more than `max_quantity`. Nothing is
    wanted again within `cooldown_s`.
    """

    device: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$")]
    sensor: str
    when: Literal["above", "below", "inside", "outside"]
    account: Annotated[str, Meta(min_length=1, max_length=128)]
    instrument: Annotated[str, Meta(min_length=1, max_length=32)]
    side: Literal["buy", "sell"]
    max_quantity: Decimals
    quantity_per_day: Decimals
    intents_per_day: Annotated[int, Meta(ge=1, le=10_000)]
    why: Annotated[str, Meta(min_length=1, max_length=400)]
    channel: Annotated[int, Meta(ge=0, le=255)] | None = None
    threshold: Decimals | None = None
    box: Annotated[list[Decimals], Meta(min_length=4, max_length=4)] | None = None
    for_readings: Annotated[int, Meta(ge=1, le=1_000)] = 1
    quantity: Decimals | None = None
    per_unit: Decimals | None = None
    step: Decimals = "1"
    type: Literal["market", "limit"] = "market"
    price: Decimals | None = None
    time_in_force: Literal["ioc", "day", "gtc"] = "ioc"
    cooldown_s: Annotated[int, Meta(ge=1, le=31_536_000)] = 3_600

    def hears(self, reading: Reading) -> bool:
        """Whether the reading is one that the rule watches."""
        return (
            reading.device == self.device.lower()
            and reading.kind == self.sensor
            and self.channel in (None, reading.channel)
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: dict[Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,47}$")], Rule]


def read_rules(path: Path) -> dict[str, Rule]:
    """By name. Raises BadInput that names file or key."""
    found = shaped(read_toml(path), _File).rules
    if len(found) > RULES_MAX:
        raise BadInput("rules", f"{len(found)} rules, at most {RULES_MAX}")
    for name, rule in found.items():
        _require_sense(name, rule)
    return found


def content_hash(name: str, rule: Rule) -> str:
    """What an approval is of: SHA-256 of the rule's name and every field, as JSON with sorted keys."""
    said: dict[str, Any] = {"name": name, "rule": msgspec.to_builtins(rule)}
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def told(name: str, rule: Rule) -> str:
    """The rule as a sentence, for the person who is to approve it."""
    place = f" on channel {rule.channel}" if rule.channel is not None else ""
    limit = f"the box {', '.join(rule.box)}" if rule.box is not None else rule.threshold
    size = rule.quantity if rule.per_unit is None else f"{rule.per_unit} for each unit beyond, in steps of {rule.step},"
    kind = "at the market" if rule.type == "market" else f"at {rule.price} or better"
    return (
        f"{name}: when {rule.sensor} of {rule.device.lower()}{place} is {rule.when} {limit} in {rule.for_readings} "
        f"readings one after the other, {rule.side} {size} {rule.instrument} {kind} ({rule.time_in_force}) for "
        f"{rule.account}; at most {rule.max_quantity} an order, {rule.quantity_per_day} and {rule.intents_per_day} "
        f"orders a day, none within {rule.cooldown_s} s of another. Why: {rule.why}"
    )


def met(rule: Rule, reading: Reading) -> bool:
    """Whether the reading meets the rule's condition."""
    if rule.box is not None:
        assert reading.place is not None
        south, west, north, east = (nano("box", written) for written in rule.box)
        latitude, longitude = (int(degrees.scaleb(NANO)) for degrees in reading.place[:2])
        inside = south <= latitude <= north and west <= longitude <= east
        return inside is (rule.when == "inside")
    beyond = _beyond(rule, reading)
    return beyond > 0


def wanted(rule: Rule, reading: Reading) -> int:
    """The quantity in 10^-9 that a reading which meets the rule asks for, before `max_quantity`; 0 under a step."""
    if rule.per_unit is None:
        assert rule.quantity is not None
        return nano("quantity", rule.quantity)
    step = nano("step", rule.step)
    asked: int = _beyond(rule, reading) * nano("per_unit", rule.per_unit) // ONE // step * step
    return asked


def _beyond(rule: Rule, reading: Reading) -> int:
    """How far the reading is past the threshold, in 10^-9 of its unit; not above 0 where it is not."""
    assert reading.value is not None and rule.threshold is not None
    difference = int(reading.value.scaleb(NANO)) - nano("threshold", rule.threshold)
    return difference if rule.when == "above" else -difference


def nano(field: str, written: str) -> int:
    """Decimal text in 10^-9. Raises BadInput by the field."""
    try:
        count = units(written, NANO)
    except (NotANumber, TooFine):
        count = QUANTITY_NANO_MAX + 1
    if abs(count) > QUANTITY_NANO_MAX:
        raise BadInput(field, f"{written} is no number with {NANO} decimals at most")
    return count


def _require_sense(name: str, rule: Rule) -> None:
    try:
        _require_condition(rule)
        _require_order(rule)
    except BadInput as fault:
        raise BadInput(f"rules.{name}.{fault.field}", fault.reason) from fault


def _require_condition(rule: Rule) -> None:
    if rule.sensor not in KINDS:
        raise BadInput("sensor", f"is one of: {', '.join(sorted(KINDS))}")
    located = rule.when in ("inside", "outside")
    if located is not (rule.sensor == "location"):
        raise BadInput("when", "inside and outside go with location, above and below with figures")
    for field, there in (("box", located), ("threshold", not located)):
        if (getattr(rule, field) is not None) is not there:
            raise BadInput(field, f"is {'needed' if there else 'not'} for {rule.when}")
    if rule.box is not None:
        south, west, north, east = (nano("box", written) for written in rule.box)
        if south >= north or west >= east:
            raise BadInput("box", "is south, west, north, east, and not empty")
    else:
        assert rule.threshold is not None
        nano("threshold", rule.threshold)


def _require_order(rule: Rule) -> None:
    if (rule.quantity is None) is (rule.per_unit is None):
        raise BadInput("quantity", "is given, or per_unit, and not both")
    if rule.per_unit is not None and rule.box is not None:
        raise BadInput("per_unit", "goes with a threshold")
    if (rule.price is not None) is not (rule.type == "limit"):
        raise BadInput("price", f"is {'needed' if rule.type == 'limit' else 'not'} for a {rule.type} order")
    for field in ("max_quantity", "quantity_per_day", "quantity", "per_unit", "step"):
        written = getattr(rule, field)
        if written is not None and nano(field, written) <= 0:
            raise BadInput(field, "is above 0")
