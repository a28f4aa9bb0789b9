"""A payment as the credit transfer initiation that a bank takes: pain.001.001.09, checked by our own filter."""

from __future__ import annotations

from xml.sax.saxutils import escape

from isthmus.gateways.mt4.messages import Payment
from isthmus.gateways.xmlguard.inspecting import inspect

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


def payment_document(payment: Payment, created: str) -> bytes:
    """The document of one transfer; `created` is an RFC 3339 time. Raises Stopped for a payment that no bank should
    be sent: what is refused from others is not sent to others.
    """
    data = _document(payment, created).encode()
    inspect(data, "pain.001")
    return data


def _document(payment: Payment, created: str) -> str:
    said = {name: escape(getattr(payment, name)) for name in payment.__struct_fields__}
    header = (
        _of("MsgId", said["reference"]),
        _of("CreDtTm", escape(created)),
        _of("NbOfTxs", "1"),
        _of("CtrlSum", said["amount"]),
        _of("InitgPty", _of("Nm", said["debtor"])),
    )
    amount = f'<InstdAmt Ccy="{escape(payment.currency, {chr(34): "&quot;"})}">{said["amount"]}</InstdAmt>'
    transfer = (
        _of("PmtId", _of("EndToEndId", said["reference"])),
        _of("Amt", amount),
        _of("Cdtr", _of("Nm", said["creditor"])),
        _of("CdtrAcct", _of("Id", _of("IBAN", said["creditor_iban"]))),
        _of("RmtInf", _of("Ustrd", said["text"])),
    )
    information = (
        _of("PmtInfId", said["reference"]),
        _of("PmtMtd", "TRF"),
        _of("ReqdExctnDt", _of("Dt", said["execution_date"])),
        _of("Dbtr", _of("Nm", said["debtor"])),
        _of("DbtrAcct", _of("Id", _of("IBAN", said["debtor_iban"]))),
        _of("DbtrAgt", _of("FinInstnId", _of("BICFI", said["debtor_bic"]))),
        _of("CdtTrfTxInf", *transfer),
    )
    body = _of("CstmrCdtTrfInitn", _of("GrpHdr", *header), _of("PmtInf", *information))
    return f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{_NAMESPACE}">{body}</Document>'


def _of(name: str, *inner: str) -> str:
    return f"<{name}>{''.join(inner)}</{name}>"
