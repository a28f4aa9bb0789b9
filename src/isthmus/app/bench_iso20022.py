"""Rows of `isthmus bench wire` for ISO 20022: parse, schema and rules of a pacs.008, beside lxml with the schema
alone.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from isthmus.app.bench_report import Peer, Row
from isthmus.app.bench_rows import timed
from isthmus.gateways.iso20022.payments import CUSTOMER_TRANSFER, Party, Payment, Payments, customer_transfer
from isthmus.gateways.iso20022.schemas import NAMESPACE, schemas_of
from isthmus.gateways.iso20022.validation import validate

RATIO_GOAL = 1.3
"""Times lxml with the schema alone, at most."""
SIZES = (1, 20, 500)
"""Transactions of a message."""
ROUNDS, ROUND_S = 15, 0.03
US_PER_S = 1_000_000
PEER = "lxml, schema alone"


def rows(folder: Path | None) -> Iterator[tuple[Row, Peer]]:
    """A row and its peer for each size. `folder` holds XSD files; without the one of pacs.008 the rows say so.

    The goal is a ratio of rounds that alternate, so that what disturbs one disturbs the other: `ok` when it is reached.
    """
    schemas = schemas_of(folder) if folder else None
    schema = schemas.for_namespace(NAMESPACE + CUSTOMER_TRANSFER) if schemas else None
    for count in SIZES:
        name = f"iso20022_pacs008_{count}"
        if schemas is None or schema is None:
            reason = f"no schema of {CUSTOMER_TRANSFER}: name a folder by ISTHMUS_XSD_DIR"
            yield Row(name=name, unit="us", reason=reason), Peer(name=PEER, row=name, reason=reason)
            continue
        data = transfer(count)
        report = validate(data, schemas)
        assert report.schema == "valid", report
        assert report.clean, report
        judge, bare = _bound(validate, data, schemas), _bound(_bare, schema, data)
        ours, theirs = _alternating(judge, bare)
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        value, peer = statistics.median(ours) * US_PER_S, statistics.median(theirs) * US_PER_S
        yield (
            Row(name=name, unit="us", value=round(value, 1), rounds=ROUNDS, ok=ratio <= RATIO_GOAL, clock="cpu"),
            Peer(
                name=PEER, version=etree.__version__, row=name, value=round(peer, 1), ratio=round(ratio, 3), status="ok"
            ),
        )


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


def _bound(act: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: act(*arguments)


def _bare(schema: etree.XMLSchema, data: bytes) -> bool:
    return bool(schema.validate(etree.fromstring(data)))


def _alternating(*acts: Callable[[], Any]) -> list[list[float]]:
    """Processor seconds a call of each act, round by round."""
    calls = [max(1, int(ROUND_S / max(_seconds(act, 3), 1e-7))) for act in acts]
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for place, act in enumerate(acts):
            times[place].append(_seconds(act, calls[place]))
    return times


def _seconds(act: Callable[[], Any], calls: int) -> float:
    def several() -> None:
        for _ in range(calls):
            act()

    return timed(several)[0] / calls
