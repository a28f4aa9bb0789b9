"""pacs.008: parse, schema and rules, beside bare lxml with the schema alone. `rows(folder)` for `isthmus bench wire`.

ISTHMUS_XSD_DIR=schemas python bench/iso20022.py
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from lxml import etree

from isthmus.gateways.iso20022.payments import Party, Payment, Payments, customer_transfer
from isthmus.gateways.iso20022.schemas import NAMESPACE, schemas_of
from isthmus.gateways.iso20022.validation import validate

GOAL = 1.3
"""Times bare lxml with the schema."""
SIZES = (1, 20, 500)
"""Transactions of a message."""
ROUNDS, ROUND_SECONDS = 15, 0.03


def transfer(count: int) -> bytes:
    """A pacs.008 of `count` transactions, each different, with a control total."""
    payments = tuple(
        Payment(
            end_to_end=f"E2E-2026-{place:08}",
            instruction=f"INSTR-{place:08}",
            uetr=f"7a562c67-ca16-48ba-b074-{place:012x}",
            amount=Decimal(100 + place).scaleb(-2) * 37,
            currency="EUR",
            debtor=Party(name="Debtor and Sons Limited", street="High Street 12", town="Epping", country="GB"),
            creditor=Party(name="Ardent Finance", street="Main Street 7", town="Bucharest", country="RO"),
            debtor_account="GB29NWBK60161331926819",
            creditor_account="DE89370400440532013000",
            debtor_agent="MYMBGB2LXXX",
            creditor_agent="GEBABEBBXXX",
            charges="SHAR",
            remittance="Invoice 4711 of 5 January 2026",
        )
        for place in range(count)
    )
    message = Payments(
        message="BENCH-1",
        created="2026-01-05T10:00:00+00:00",
        date="2026-01-06",
        payments=payments,
        instructing="MYMBGB2LXXX",
        instructed="INGBROBUXXX",
    )
    return customer_transfer(message).encode()


def rows(folder: Path) -> list[dict[str, Any]]:
    """For each size: microseconds of processor time, the median ratio of rounds that alternate. `folder` holds XSDs."""
    schemas = schemas_of(folder)
    schema = schemas.for_namespace(NAMESPACE + "pacs.008.001.08")
    if schema is None:
        return [{"name": "iso20022 pacs.008", "skipped": f"no schema of pacs.008.001.08 in {folder}"}]
    found = []
    for count in SIZES:
        data = transfer(count)
        report = validate(data, schemas)
        assert report.schema == "valid" and report.clean, report
        ours, bare = _alternating(lambda data=data: validate(data, schemas), lambda data=data: _bare(schema, data))
        found.append(
            {
                "name": f"iso20022 pacs.008, {count} transactions: parse, schema, rules",
                "bytes": len(data),
                "us": round(median(ours) * 1e6, 1),
                "peer": "lxml, schema alone",
                "peer_us": round(median(bare) * 1e6, 1),
                "ratio": round(median(a / b for a, b in zip(ours, bare, strict=True)), 3),
                "goal": GOAL,
            }
        )
    return found


def _bare(schema: etree.XMLSchema, data: bytes) -> bool:
    return schema.validate(etree.fromstring(data))


def _alternating(*acts: Callable[[], Any]) -> list[list[float]]:
    """Processor seconds a call of each act, round by round, so that what disturbs one disturbs all."""
    calls = [max(1, int(ROUND_SECONDS / max(_timed(act, 3), 1e-7))) for act in acts]
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for place, act in enumerate(acts):
            times[place].append(_timed(act, calls[place]))
    return times


def _timed(act: Callable[[], Any], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        act()
    return (time.process_time() - start) / calls


if __name__ == "__main__":
    for row in rows(Path(os.environ.get("ISTHMUS_XSD_DIR", sys.argv[1] if len(sys.argv) > 1 else "."))):
        print(json.dumps(row))
