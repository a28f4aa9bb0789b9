"""A rejection (/REJT/ in field 72 of a payment, /REJT/ or /RETN/ in field 79 of MTn99) as pacs.002."""

from __future__ import annotations

from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.parties_from_fin import institution_of_bic
from isthmus.gateways.cbpr.sender_to_receiver import Refusal
from isthmus.gateways.iso20022.trees import branch, leaf

STATUS = "pacs.002.001.10"


def rejected(message: Incoming, refusal: Refusal) -> Translated:
    """The original is named by the references of the refusal, or else by field 21."""
    related = refusal.message or message.fields.text("21")
    if message.fields.text_of("21") == related:
        message.fields.settle("21")
    body = branch(
        "FIToFIPmtStsRpt",
        branch("GrpHdr", *message.group),
        branch(
            "TxInfAndSts",
            branch("OrgnlGrpInf", leaf("OrgnlMsgId", related), leaf("OrgnlMsgNmId", "MT" + message.message_type)),
            leaf("OrgnlInstrId", related),
            leaf("OrgnlEndToEndId", refusal.transaction),
            leaf("OrgnlUETR", message.uetr or refusal.uetr),
            leaf("TxSts", "RJCT"),
            branch("StsRsnInf", leaf("Rsn/Cd", refusal.reason), leaf("AddtlInf", refusal.text)),
            institution_of_bic("InstgAgt", message.sender),
            institution_of_bic("InstdAgt", message.receiver),
        ),
    )
    assert body is not None, "a group header is always there"
    return STATUS, message.header(STATUS, SERVICE), body
