"""Rules of the business application header (head.001) against the document that it announces."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.gateways.iso20022.elements import Element, Finding, children, every, finding, first, namespace, text
from isthmus.gateways.iso20022.schemas import NAMESPACE

CROSS_BORDER = "swift.cbprplus."
"""Service of cross-border payments (CBPR+), whose usage guidelines state more than ISO 20022."""

_IDENTIFIERS = ("GrpHdr/MsgId", "Assgnmt/Id", "MsgId/Id", "MsgHdr/MsgId", "TradInf/OrgtrRef", "TxId")


def header_findings(header: Element, document: Element | None) -> Iterator[Finding]:
    """MsgDefIdr names the namespace of the document, BizMsgIdr its message identification; under CBPR+ the
    parties are its agents.
    """
    fields = children(header)
    if document is None or not len(document):
        return
    announced, name = fields.get("MsgDefIdr"), namespace(document).removeprefix(NAMESPACE)
    if announced is not None and text(announced) != name:
        yield finding("header_message", announced, f"announces {text(announced)}, the document is {name}")
    identifier, own = fields.get("BizMsgIdr"), _identifier(document[0])
    if identifier is not None and own is not None and text(identifier) != own:
        yield finding("header_identifier", identifier, f"{text(identifier)}, the document has {own}")
    if (text(header, "BizSvc") or "").startswith(CROSS_BORDER):
        yield from _parties(header, document[0])
        yield from _charges(document[0])


def _identifier(body: Element) -> str | None:
    return next((found for path in _IDENTIFIERS if (found := text(body, path)) is not None), None)


def _parties(header: Element, body: Element) -> Iterator[Finding]:
    for path, name in (("Fr", "InstgAgt"), ("To", "InstdAgt")):
        party = first(header, f"{path}/FIId/FinInstnId/BICFI")
        agents = {
            _whole(text(agent) or "")
            for holder in (body[0], *body[1:])
            for agent in every(holder, f"{name}/FinInstnId/BICFI")
        }
        if party is not None and agents and agents != {_whole(text(party) or "")}:
            yield finding("header_party", party, f"{text(party)}, but {name} is {', '.join(sorted(agents))}")


def _whole(bic: str) -> str:
    return bic if len(bic) == 11 else bic + "X" * 3


def _charges(body: Element) -> Iterator[Finding]:
    """CBPR+: charges borne by the creditor are told, be they nothing."""
    for transaction in every(body, "CdtTrfTxInf"):
        bearer = first(transaction, "ChrgBr")
        if text(bearer) == "CRED" and bearer is not None and first(transaction, "ChrgsInf") is None:
            yield finding("charges_missing", bearer, "charges borne by the creditor need charges information")
