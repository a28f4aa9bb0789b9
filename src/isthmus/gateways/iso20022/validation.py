"""Two verdicts on a document: what its schema says, and what the business rules say. Neither looks at the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from isthmus.gateways.iso20022.elements import Element, Finding, local, messages, namespace
from isthmus.gateways.iso20022.header_rules import header_findings
from isthmus.gateways.iso20022.payment_rules import (
    cancellation_findings,
    debit_findings,
    initiation_findings,
    return_findings,
    status_findings,
    transfer_findings,
)
from isthmus.gateways.iso20022.reading import read_screened
from isthmus.gateways.iso20022.schemas import NAMESPACE, SchemaError, Schemas, schema_errors
from isthmus.gateways.iso20022.statement_rules import statement_findings
from isthmus.gateways.iso20022.trade_rules import (
    exchange_findings,
    holding_findings,
    order_findings,
    settlement_findings,
)
from isthmus.gateways.iso20022.value_rules import RULED, value_findings
from isthmus.gateways.xmlguard import Stopped
from isthmus.gateways.xmlguard.plain import TRANSFER, VALUES

FINDINGS_MAX = 100
"""As many findings of one document are told."""

Verdict = Literal["valid", "invalid", "not_checked"]
Rules = Callable[[Element], Iterator[Finding]]

BODIES: dict[str, Rules] = {
    "CstmrCdtTrfInitn": initiation_findings,
    "CstmrDrctDbtInitn": initiation_findings,
    "FIToFICstmrCdtTrf": transfer_findings,
    "FICdtTrf": transfer_findings,
    "FIToFICstmrDrctDbt": transfer_findings,
    "FIDrctDbt": debit_findings,
    "PmtRtr": return_findings,
    "FIToFIPmtStsRpt": status_findings,
    "CstmrPmtStsRpt": status_findings,
    "FIToFIPmtCxlReq": cancellation_findings,
    "CstmrPmtCxlReq": cancellation_findings,
    "BkToCstmrAcctRpt": statement_findings,
    "BkToCstmrStmt": statement_findings,
    "BkToCstmrDbtCdtNtfctn": statement_findings,
    "FXTradInstr": exchange_findings,
    "FXTradInstrAmdmnt": exchange_findings,
    "SctiesSttlmTxInstr": settlement_findings,
    "SctiesSttlmTxStsAdvc": settlement_findings,
    "SctiesSttlmTxConf": settlement_findings,
    "RedOrdr": order_findings,
    "RedOrdrConf": order_findings,
    "SbcptOrdr": order_findings,
    "SbcptOrdrConf": order_findings,
    "SwtchOrdr": order_findings,
    "SctiesBalCtdyRpt": holding_findings,
    "SctiesBalAcctgRpt": holding_findings,
}
"""The element below Document -> the rules of the message."""


class NotChecked(msgspec.Struct, frozen=True):
    """A part whose schema is not at hand."""

    namespace: str
    reason: str


class Report(msgspec.Struct, frozen=True):
    """`schema` and `rules` are two verdicts on the document (on the header, where there is no document); a header
    beside a document has a verdict of its own. `unchecked` says for which parts there is no schema.
    """

    message: str | None
    schema: Verdict
    schema_errors: list[SchemaError] = []
    rules: list[Finding] = []
    header: Verdict | None = None
    header_errors: list[SchemaError] = []
    unchecked: list[NotChecked] = []

    @property
    def clean(self) -> bool:
        return self.schema != "invalid" and self.header != "invalid" and not self.rules


def validate(data: bytes | str, schemas: Schemas | None) -> Report:
    """Never raises for what is in `data`: XML that is not let in is an invalid schema and one broken rule."""
    try:
        root, known = read_screened(data)
    except Stopped as stop:
        error = SchemaError(_line_of(stop.place), stop.place, stop.reason)
        return Report(None, "invalid", [error], [Finding(stop.rule, stop.place, stop.reason)])
    tag = root.tag
    if known & _ALL == _ALL and schemas is not None:
        schema = schemas.for_namespace(tag[1:-_NAME_LENGTH])
        if schema is not None and schema.validate(root):
            return Report(tag[_MESSAGE_START:-_NAME_LENGTH], "valid")
    if tag.startswith(_DOCUMENT) and tag.endswith("}Document"):
        return _report(Parts(root, None, root, known), schemas)
    parts = list(messages(root, NAMESPACE))
    document = next((part for part in parts if local(part) == "Document"), None)
    header = next((part for part in parts if local(part) == "AppHdr"), None)
    return _report(Parts(document, header, root, known & ~TRANSFER), schemas)


_DOCUMENT = "{" + NAMESPACE
_MESSAGE_START = len(_DOCUMENT)
_NAME_LENGTH = len("}Document")
_ALL = VALUES | TRANSFER
"""In a valid transfer without a header, of which the pass knows both, no rule can be broken."""


class Parts(NamedTuple):
    """What a message consists of, and what the pass before the parser knows of it."""

    document: Element | None
    header: Element | None
    root: Element
    known: int


def _line_of(place: str) -> int:
    """Of "line:column"; 0 where the place is a path."""
    line, _, column = place.partition(":")
    return int(line) if line.isdigit() and column.isdigit() else 0


def _report(parts: Parts, schemas: Schemas | None) -> Report:
    document, header = parts.document, parts.header
    unchecked: list[NotChecked] = []
    named = header if document is None else document
    if named is None:
        unchecked.append(
            NotChecked(namespace(parts.root), f"{local(parts.root)} holds no Document and no AppHdr of ISO 20022")
        )
        return Report(None, "not_checked", [], [], None, [], unchecked)
    verdict, errors = _schema(named, schemas, unchecked)
    name = namespace(named)[len(NAMESPACE) :]
    findings = list(islice(_findings(parts, schemas), FINDINGS_MAX))
    if document is None or header is None:
        return Report(name, verdict, errors, findings, None, [], unchecked)
    header_verdict, header_errors = _schema(header, schemas, unchecked)
    return Report(name, verdict, errors, findings, header_verdict, header_errors, unchecked)


def _schema(part: Element, schemas: Schemas | None, unchecked: list[NotChecked]) -> tuple[Verdict, list[SchemaError]]:
    space = namespace(part)
    schema = None if schemas is None else schemas.for_namespace(space)
    if schema is None:
        reason = "no folder of schemas is named" if schemas is None else f"no schema in {schemas.folder}"
        unchecked.append(NotChecked(space, reason))
        return "not_checked", []
    if schema.validate(part):
        return "valid", []
    return "invalid", schema_errors(schema, part)


def _findings(parts: Parts, schemas: Schemas | None) -> Iterator[Finding]:
    document, header = parts.document, parts.header
    for part in (document, header):
        if part is not None and not parts.known & VALUES:
            yield from value_findings(part, _tags(namespace(part), schemas))
    if document is not None and len(document):
        rules = BODIES.get(local(document[0]))
        if rules is not None and len(document[0]):
            yield from _guarded(rules, document[0])
    if header is not None:
        yield from header_findings(header, document)


def _guarded(rules: Rules, body: Element) -> Iterator[Finding]:
    """Rules read what the schema promises; in a document that breaks its schema a promise may be missing, which
    the schema's verdict tells.
    """
    try:
        yield from rules(body)
    except KeyError:
        return


@lru_cache(maxsize=1_024)
def _tags(space: str, schemas: Schemas | None) -> tuple[str, ...]:
    """The qualified names of what value rules look at; with a schema only those that it knows, since each name
    costs time.
    """
    known = None if schemas is None else schemas.names(space)
    return tuple(f"{{{space}}}{name}" for name in sorted(RULED) if known is None or name in known)
