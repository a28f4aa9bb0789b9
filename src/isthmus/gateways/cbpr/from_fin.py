"""FIN to XML: which message type becomes which message."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from isthmus.gateways.cbpr.batches_from_fin import bank_debit, initiation, own_transfer
from isthmus.gateways.cbpr.cheques_from_fin import cheque_advice, cheque_stop, cheque_stop_status
from isthmus.gateways.cbpr.header_from_fin import Incoming, Translated, incoming
from isthmus.gateways.cbpr.investigations_from_fin import (
    cancellation,
    charges_notice,
    charges_request,
    resolution,
    status,
)
from isthmus.gateways.cbpr.notices_from_fin import direct_debit, notice_to_receive, report_request
from isthmus.gateways.cbpr.statements_from_fin import notification, report, statement
from isthmus.gateways.cbpr.transfers_from_fin import bank_transfer, customer_transfer
from isthmus.gateways.iso20022.trees import envelope
from isthmus.kernel.errors import BadInput

TYPES: dict[str, Callable[[Incoming], Translated]] = {
    "101": initiation,
    "103": customer_transfer,
    "104": direct_debit,
    "107": direct_debit,
    "110": cheque_advice,
    "111": cheque_stop,
    "112": cheque_stop_status,
    "200": own_transfer,
    "202": bank_transfer,
    "204": bank_debit,
    "205": bank_transfer,
    "210": notice_to_receive,
    "900": notification,
    "910": notification,
    "920": report_request,
    "940": statement,
    "941": report,
    "942": report,
    "950": statement,
}
COMMON_TYPES: dict[str, Callable[[Incoming], Translated]] = {
    "90": charges_notice,
    "91": charges_request,
    "92": cancellation,
    "96": resolution,
    "99": status,
}
"""Types of every category (n90 to n99), by their last two digits."""
CATEGORIES = "129"


class Mx(msgspec.Struct, frozen=True):
    """What came of a FIN message: identifier, XML with its header, tags of the fields that have no place in it."""

    message: str
    xml: str
    lost: list[str]


def to_mx(text: str, now: str) -> Mx:
    """`now` as in `header_from_fin.incoming`. Raises BadInput, naming the field, for what cannot be translated."""
    message = incoming(text, now)
    kind = message.message_type
    translate = TYPES.get(kind)
    if translate is None and kind[0] in CATEGORIES:
        translate = COMMON_TYPES.get(kind[1:])
    if translate is None:
        raise BadInput("fin", f"MT{kind} is not translated")
    identifier, header, body = translate(message)
    return Mx(identifier, envelope(identifier, header, body), message.fields.lost)
