"""Order events for the US Consolidated Audit Trail as JSON, one object an event, one event a line.

The shapes are this project's own derivation from the CAT fields that the dimensions name (cat.schema.json, shipped
beside this file); the plan's own schema has more fields, whose values nothing in a journal says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from isthmus.audit.exports import Reference, Refused, Report
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.rows import Row
from isthmus.kernel.values import time_text

TYPES = {
    "new": "MENO", "amend": "MEOM", "reduce": "MEOM", "cancel": "MEOC", "cancel_by_operator": "MEOC",
    "cancel_by_market": "MEOC", "expire": "MEOC", "fill": "MEOT", "partial_fill": "MEOT", "late_fill": "MEOT",
}  # fmt: skip
COMMON = ("CATReporterIMID", "orderID", "symbol", "side")
NEEDED = {
    "MENO": (*COMMON, "quantity", "orderType", "timeInForce", "firmDesignatedID", "accountHolderType", "manualFlag"),
    "MEOM": (*COMMON, "quantity", "orderType", "timeInForce"),
    "MEOC": (*COMMON, "leavesQty"),
    "MEOT": (*COMMON, "tradeID", "price", "quantity"),
}
SIDES = {"buy": "B", "sell": "SL"}
ORDER_TYPES = {"limit": "LMT", "market": "MKT"}
"""Others are limit orders by O45, or market orders, with the kind in handlingInstructions."""
VALIDITIES = {"gtc": "GTC", "day": "DAY", "gtd": "GTT", "ioc": "IOC", "fok": "FOK"}


def cat(rows: Iterable[Row], reference: Reference) -> Report:
    """The lines, oldest event first. `skipped`: events that are none of CAT's here."""
    lines: list[bytes] = []
    skipped, refused = 0, []
    for row in rows:
        values = dict(zip(FIELDS, row.values, strict=True))
        kind = TYPES.get(values["O65"] or "")
        if kind is None:
            skipped += 1
            continue
        event = {name: value for name, value in _event(row, kind, values, reference).items() if value is not None}
        missing = next((name for name in NEEDED[kind] if name not in event), None)
        if missing is not None:
            refused.append(Refused(row.sequence, row.place, missing, "unknown"))
            continue
        lines.append(msgspec.json.encode(event) + b"\n")
    return Report(b"".join(lines).decode(), len(lines), skipped, refused)


def _event(row: Row, kind: str, values: dict[str, str | None], reference: Reference) -> dict[str, Any]:
    at = time_text(row.time)
    event: dict[str, Any] = {
        "actionType": "NEW",
        "type": kind,
        "firmROEID": f"{at[:10].replace('-', '')}_{row.sequence}_{row.place}",
        "CATReporterIMID": reference.imid or None,
        "eventTimestamp": _stamp(at),
        "orderID": values["O25"],
        "symbol": values["O35"],
        "side": "SS" if kind == "MENO" and _shorts(values) else SIDES.get(values["O57"] or ""),
    }
    if kind == "MEOT":
        return {**event, "tradeID": values["O31"], "price": _number(values["O49"]), "quantity": _number(values["O55"]),
                "leavesQty": _number(values["O53"])}  # fmt: skip
    if kind == "MEOC":
        return {**event, "leavesQty": _number(values["O53"]), "cancelReason": values["O69"] or None}
    event |= {
        "price": _number(values["O45"]),
        "quantity": _number(_listed(values["O52"]).get("quantity")),
        "leavesQty": _number(values["O53"]),
        "displayQty": _number(values["O54"]),
        "minQty": _number(_listed(values["O56"]).get("minimum")),
        "orderType": ORDER_TYPES.get(values["O58"] or "")
        or ("LMT" if values["O45"] else "MKT" if values["O58"] else None),
        "timeInForce": VALIDITIES.get((values["O59"] or "").partition(" ")[0]),
        "handlingInstructions": values["O58"] if values["O58"] not in ORDER_TYPES else None,
        "representativeInd": {"DEAL": "P", "AOTC": "A"}.get(values["O13"] or ""),
    }
    if kind == "MENO":
        client = reference.clients.get(values["O03"] or "")
        gateway = _listed(values["O75"]).get("gateway")
        event |= {
            "firmDesignatedID": values["O03"],
            "accountHolderType": (client.holder or None) if client is not None else None,
            "manualFlag": False if gateway else None,
        }
    return event


def _shorts(values: dict[str, str | None]) -> bool:
    return _listed(values["O64"]).get("short_sale") == "SESH"


def _listed(value: str | None) -> dict[str, Any]:
    return msgspec.json.decode(value, type=dict[str, Any]) if value else {}


def _number(value: str | None) -> str | None:
    """Plain decimal text: a JSON number would pass through floats at most readers."""
    return value or None


def _stamp(at: str) -> str:
    """20261127T140501.123456789, UTC."""
    return at.replace("-", "").replace(":", "").rstrip("Z")
