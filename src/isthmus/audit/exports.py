"""Reports of a day's order events: RTS 24 as CSV. What is unknown makes a refused row by name; nothing is invented.

Who a client is, an instrument's ISIN and a venue's MIC are not in the journal: they are joined from a reference file
when the report is made, by O03, O35 and O37.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable
from typing import Any

import msgspec

from isthmus.audit.events import CODES
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.rows import Row
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text

PLACES = 1 << 16
"""Places of a record: sequence x this + place numbers the events of all orders (RTS 24, field 15)."""
VALIDITIES = {
    "gtc": "GTCV", "day": "DAVY", "gtd": "GTDV", "ioc": "IOCV", "fok": "FOKV", "at_open": "AOPN", "at_close": "ACLO",
    "good_for_auction": "GFAU",
}  # fmt: skip
"""Field 10; the last three are codes of our own, as the rule has them be where it names none."""
STOPS = ("stop", "stop_limit", "trailing_stop")
STATUSES = {
    "open": "ACTI", "partially_filled": "ACTI", "parked": "INAC", "pending_cancel": "ACTI", "pending_replace": "ACTI",
    "filled": "", "cancelled": "", "rejected": "",
}  # fmt: skip
NAMES = [
    "1 submitting entity",
    "2 direct electronic access",
    "3 client",
    "4 investment decision",
    "5 execution within firm",
    "6 non-executing broker",
    "7 trading capacity",
    "8 liquidity provision",
    "9 date and time",
    "10 validity period",
    "11 order restriction",
    "12 validity date and time",
    "13 priority time stamp",
    "14 priority size",
    "15 sequence number",
    "16 segment MIC",
    "17 order book code",
    "18 instrument",
    "19 date of receipt",
    "20 order",
    "21 event",
    "22 order type",
    "23 order type classification",
    "24 limit price",
    "25 additional limit price",
    "26 stop price",
    "27 pegged limit price",
    "28 transaction price",
    "29 price currency",
    "30 currency of leg 2",
    "31 price notation",
    "32 buy-sell",
    "33 order status",
    "34 quantity notation",
    "35 quantity currency",
    "36 initial quantity",
    "37 remaining quantity",
    "38 displayed quantity",
    "39 traded quantity",
    "40 minimum acceptable quantity",
    "41 minimum executable size",
    "42 first execution only",
    "43 passive only",
    "44 passive or aggressive",
    "45 self-execution prevention",
    "46 strategy linked order",
    "47 routing strategy",
    "48 venue transaction",
    "49 trading phases",
    "50 indicative auction price",
    "51 indicative auction volume",
]
LEI = r"[A-Z0-9]{18}[0-9]{2}"
NUMBER = r"-?[0-9]{1,18}(\.[0-9]{1,13})?"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
FLAG = "true|false"
WORD = r"[ -~]{0,50}"
ISIN = "[A-Z]{2}[A-Z0-9]{9}[0-9]"
MIC = "[A-Z0-9]{4}"
CURRENCY = "[A-Z]{3}"
CLIENT = rf"{LEI}|[A-Z]{{2}}[A-Z0-9+.-]{{1,33}}|AGGR|PNAL"
PATTERNS = {
    1: LEI, 3: CLIENT, 7: "DEAL|MTCH|AOTC", 9: TIME, 10: "[A-Z]{4}", 12: TIME, 13: TIME, 15: "[1-9][0-9]{0,49}",
    16: MIC, 18: ISIN, 19: DAY, 21: "[A-Z]{4}", 23: "LMTO|STOP", 29: CURRENCY, 30: CURRENCY, 31: "MONE",
    32: "BUYI|SELL", 33: "ACTI|INAC", 34: "UNIT|NOML", 35: CURRENCY, 44: "PASV|AGRE",
    **dict.fromkeys((2, 8, 42, 43, 45), FLAG),
    **dict.fromkeys((14, 24, 25, 26, 27, 28, 36, 37, 38, 39, 40, 41, 50, 51), NUMBER),
}  # fmt: skip
"""What a value of the field looks like; others are words of at most 50 characters."""
NEEDED = (1, 2, 3, 7, 9, 15, 16, 18, 20, 21, 22, 32, 36)
"""Fields without which an event is not reported."""


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id`: LEI, or country and national id, AGGR or PNAL. `holder`: account holder type of CAT."""

    id: str
    direct_access: bool | None = None
    holder: str = ""


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An instrument."""

    isin: str


class Transactions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What RTS 22 asks of the firm and nothing in a journal says: fields 5, 25 and 65."""

    investment_firm: bool | None = None
    transmitted: bool | None = None
    securities_financing: bool | None = None


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a report needs beside the journal. `venues`: MIC by name ("house"); `people`: who a user or a path
    ("user-5", "path-7") is to a regulator; `imid`: the reporter in CAT.
    """

    lei: str = ""
    clients: dict[str, Client] = {}
    instruments: dict[str, Listed] = {}
    venues: dict[str, str] = {}
    people: dict[str, str] = {}
    imid: str = ""
    rts22: Transactions = Transactions()


class Refused(msgspec.Struct, frozen=True):
    """An event that is not in the report, and the first field that stands in the way: unknown, or not of its form."""

    sequence: int
    place: int
    field: str
    reason: str


class Report(msgspec.Struct, frozen=True):
    """`text`: the file. `skipped`: events that the rule has no code for, such as refused changes."""

    text: str
    rows: int
    skipped: int
    refused: list[Refused]


def read_reference(text: str) -> Reference:
    """Of a TOML text. Raises BadInput."""
    try:
        return msgspec.convert(tomllib.loads(text), Reference)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadInput("reference", str(error)) from error


def rts24(rows: Iterable[Row], reference: Reference) -> Report:
    """The CSV, oldest event first, with a row of names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NAMES)
    count, skipped, refused = 0, 0, []
    for row in rows:
        values = dict(zip(FIELDS, row.values, strict=True))
        if not CODES.get(values["O65"] or "", ""):
            skipped += 1
            continue
        fields = _fields(row, values, reference)
        fault = _fault(fields)
        if fault is not None:
            refused.append(Refused(row.sequence, row.place, NAMES[fault[0] - 1], fault[1]))
            continue
        writer.writerow([fields[number] or "" for number in range(1, 52)])
        count += 1
    return Report(text.getvalue(), count, skipped, refused)


def faults(text: str) -> list[str]:
    """What of an RTS 24 file is not of its form, by line and field; none of one that is."""
    found = []
    lines = list(csv.reader(io.StringIO(text)))
    if not lines or lines[0] != NAMES:
        return ["line 1: is not the row of names"]
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(NAMES):
            found.append(f"line {number}: has {len(line)} fields, not {len(NAMES)}")
            continue
        fault = _fault({at + 1: value or None for at, value in enumerate(line)})
        if fault is not None:
            found.append(f"line {number}: {NAMES[fault[0] - 1]}: {fault[1]}")
    return found


def _fault(fields: dict[int, str | None]) -> tuple[int, str] | None:
    for number in range(1, 52):
        value = fields[number]
        if not value:
            if number in NEEDED:
                return number, "unknown"
        elif not re.fullmatch(PATTERNS.get(number, WORD), value, re.ASCII):
            return number, "bad_form"
    return None


def _fields(row: Row, values: dict[str, str | None], reference: Reference) -> dict[int, str | None]:
    fields: dict[int, str | None] = dict.fromkeys(range(1, 52))
    client = reference.clients.get(values["O03"] or "")
    listed = reference.instruments.get(values["O35"] or "")
    fields[1] = reference.lei or None
    if client is not None:
        fields[3] = client.id
        fields[2] = None if client.direct_access is None else str(client.direct_access).lower()
    fields[5] = reference.people.get(values["O11"] or "")
    fields[16], fields[18] = reference.venues.get(values["O37"] or ""), listed.isin if listed else None
    for number, name in ((7, "O13"), (8, "O14"), (11, "O60"), (14, "O67"), (17, "O37"), (22, "O58"), (47, "O63"),
                         (24, "O45"), (25, "O46"), (26, "O47"), (27, "O48"), (28, "O49"), (30, "O51"), (37, "O53"),
                         (38, "O54"), (39, "O55"), (48, "O32"), (49, "O68")):  # fmt: skip
        fields[number] = values[name]
    fields[15] = str(row.sequence * PLACES + row.place)
    fields[20] = values["O27"] or values["O25"]
    fields[21] = CODES[values["O65"] or ""]
    fields[32] = {"buy": "BUYI", "sell": "SELL"}.get(values["O57"] or "")
    fields[33] = STATUSES.get(values["O66"] or "")
    _times(row, values, fields)
    _amounts(values, fields)
    return fields


def _times(row: Row, values: dict[str, str | None], fields: dict[int, str | None]) -> None:
    fields[9] = _micros(time_text(row.time))
    word, _, until = (values["O59"] or "").partition(" ")
    fields[10], fields[12] = VALIDITIES.get(word), _micros(until) if until.endswith("Z") else None
    fields[13] = _micros(values["O21"]) if values["O21"] else None
    fields[19] = values["O16"][:10] if values["O16"] else None


def _amounts(values: dict[str, str | None], fields: dict[int, str | None]) -> None:
    price, quantity = _listed(values["O50"]), _listed(values["O52"])
    fields[23] = "STOP" if values["O58"] in STOPS else "LMTO" if values["O58"] else None
    fields[29], fields[31] = price.get("currency"), price.get("notation")
    fields[34], fields[35], fields[36] = (quantity.get(name) for name in ("notation", "currency", "quantity"))
    fields[40] = _listed(values["O56"]).get("minimum")
    passive = _listed(values["O61"])
    fields[43] = str(passive["passive_only"]).lower() if "passive_only" in passive else None
    fields[44] = passive.get("aggressor")
    fields[45] = None if values["O62"] is None else str(values["O62"] != "none").lower()
    linked = msgspec.json.decode(values["O29"]) if values["O29"] else []
    fields[46] = linked[0] if linked else None


def _listed(value: str | None) -> dict[str, Any]:
    return msgspec.json.decode(value, type=dict[str, Any]) if value else {}


def _micros(at: str | None) -> str | None:
    """RTS 24 times have six decimals: the last three of ours are cut off, never rounded up."""
    return f"{at[:-4]}Z" if at else None
