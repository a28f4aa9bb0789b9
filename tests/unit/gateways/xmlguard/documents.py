"""Documents of tests: a payment and a bridge order, with parts to replace."""

from xml.sax.saxutils import escape

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
TRANSFER = (
    "<CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId></PmtId>"
    '<Amt><InstdAmt Ccy="EUR">1000.00</InstdAmt></Amt><Cdtr><Nm>Widget GmbH</Nm></Cdtr>'
    "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>"
    "<RmtInf><Ustrd>Invoice 42</Ustrd></RmtInf></CdtTrfTxInf>"
)
PAYMENT = (
    f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn><GrpHdr>'
    "<MsgId>MSG-1</MsgId><CreDtTm>2026-03-02T10:15:30Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>1000.00</CtrlSum>"
    "<InitgPty><Nm>ACME Trading Ltd</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>TRF</PmtMtd>"
    "<ReqdExctnDt><Dt>2026-03-04</Dt></ReqdExctnDt><Dbtr><Nm>ACME Trading Ltd</Nm></Dbtr>"
    "<DbtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></DbtrAcct>"
    f"<DbtrAgt><FinInstnId><BICFI>BANKGB2LXXX</BICFI></FinInstnId></DbtrAgt>{TRANSFER}</PmtInf>"
    "</CstmrCdtTrfInitn></Document>"
)
ORDER = (
    '<?xml version="1.0" encoding="UTF-8"?><BridgeOrder><Login>50012345</Login><Ticket>TKT-1</Ticket>'
    "<Symbol>EURUSD</Symbol><Side>BUY</Side><Volume>0.10</Volume><Comment>open</Comment></BridgeOrder>"
)


def payment(**parts: str) -> str:
    """The payment with the content of elements replaced, as markup: the last element of each name."""
    text = PAYMENT
    for name, content in parts.items():
        text = _with(text, name, content)
    return text


def order(**parts: str) -> str:
    """The same of the order."""
    text = ORDER
    for name, content in parts.items():
        text = _with(text, name, content)
    return text


def said(text: str) -> str:
    """The payment with this remittance text."""
    return payment(Ustrd=escape(text))


def commented(text: str) -> str:
    """The order with this comment."""
    return order(Comment=escape(text))


def _with(text: str, name: str, content: str) -> str:
    end = text.rindex(f"</{name}>")
    start = text.index(">", text.rindex(f"<{name}", 0, end)) + 1
    return text[:start] + content + text[end:]
