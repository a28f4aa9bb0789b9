"""Whether what a chain says is what was instructed, and the confirmation that follows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from isthmus.gateways.evm.contract import REASONS, Event, matching
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.settlement.chain import Chain, delivery_of, reference_of
from isthmus.kernel.errors import BadInput

Status = Literal["instructed", "settled", "failed", "cancelled", "taken_back"]
STATUSES: dict[str, Status] = {
    "Instructed": "instructed",
    "Settled": "settled",
    "Failed": "failed",
    "Cancelled": "cancelled",
}


class Difference(msgspec.Struct, frozen=True):
    """A field in which the event is not what was instructed."""

    field: str
    instructed: str
    found: str


class Answer(msgspec.Struct, frozen=True):
    """What the event says of the settlement. `confirmation` only where it settled just as instructed."""

    status: Status
    differences: tuple[Difference, ...] = ()
    reason: str | None = None
    confirmation: Settlement | None = None


def answer(settlement: Settlement, event: Event, chain: Chain, date: str | None = None) -> Answer:
    """`date`: when it settled, for nodes that do not tell the block's time. An event that a reorganisation took back
    confirms nothing. Raises BadInput for an event of another settlement, or without a date.
    """
    found = reference_of(event)
    if found != settlement.reference:
        raise BadInput("reference", f"the event is of {found}, the settlement {settlement.reference}")
    differences = tuple(_differences(settlement, event, chain))
    if event.removed:
        return Answer("taken_back", differences)
    status = STATUSES[event.name]
    if status == "failed":
        code = event.values["reason"]
        return Answer(status, reason=REASONS.get(code, f"code {code}"))
    if status != "settled" or differences:
        return Answer(status, differences)
    effective = date if date is not None else _date(event)
    own = f"{event.block}-{event.index}"
    confirmed = msgspec.structs.replace(settlement, settlement_date=effective, servicer_reference=own)
    return Answer(status, confirmation=confirmed)


def _differences(settlement: Settlement, event: Event, chain: Chain) -> list[Difference]:
    delivery = delivery_of(settlement, chain)
    if event.name == "Instructed":
        wanted: dict[str, Any] = {"matching": matching(delivery)}
    elif event.name == "Settled":
        wanted = {name: getattr(delivery, name) for name in event.values if name != "reference"}
    else:
        wanted = {}
    return [
        Difference(name, _shown(value), _shown(event.values[name]))
        for name, value in wanted.items()
        if event.values[name] != value
    ]


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _date(event: Event) -> str:
    if event.time is None:
        raise BadInput("blockTimestamp", "is missing, and no date was given: the confirmation says when it settled")
    try:
        return datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%d")
    except (OverflowError, OSError, ValueError):
        raise BadInput("blockTimestamp", f"{event.time} is no time") from None
