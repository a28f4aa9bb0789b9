"""What a credit transfer initiation (pain.001) says beyond its schema: counts and sums that agree, identifiers with
their check digits, numbers in one form only, nothing twice, nothing beside the message.
"""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from isthmus.gateways.xmlguard.places import local_name, path_of
from isthmus.gateways.xmlguard.stops import Stopped

_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IDENTIFIER = re.compile("[ -~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f]*")
_IDENTIFIERS = frozenset({"MsgId", "PmtInfId", "InstrId", "EndToEndId"})
_UNIQUE = ("PmtInfId", "InstrId", "EndToEndId", "UETR")
_NOT_PROVIDED = "NOTPROVIDED"
_AMOUNTS = frozenset({"InstdAmt", "EqvtAmt", "Amt", "CtrlSum", "NbOfTxs", "XchgRate", "DuePyblAmt", "RmtdAmt"})
_STRUCTURE = frozenset(
    {"Document", "CstmrCdtTrfInitn", "PmtInf", "CdtTrfTxInf", "CdtrAcct", "DbtrAcct", "InstdAmt", "IBAN", "Amt", "Cdtr"}
)
_LENGTHS = (
    "AD=24 AE=23 AL=28 AT=20 AZ=28 BA=20 BE=16 BG=22 BH=22 BI=27 BR=29 BY=28 CH=21 CR=22 CY=28 CZ=24 DE=22"
    " DJ=27 DK=18 DO=28 EE=20 EG=29 ES=24 FI=18 FK=18 FO=18 FR=27 GB=22 GE=22 GI=23 GL=18 GR=27 GT=28 HN=28"
    " HR=21 HU=28 IE=22 IL=23 IQ=23 IS=26 IT=27 JO=30 KW=30 KZ=20 LB=28 LC=32 LI=21 LT=20 LU=20 LV=21 LY=25"
    " MC=27 MD=24 ME=22 MK=19 MN=20 MR=27 MT=31 MU=30 NI=28 NL=18 NO=15 OM=23 PK=24 PL=28 PS=29 PT=25 QA=29"
    " RO=24 RS=22 RU=33 SA=24 SC=31 SD=18 SE=24 SI=19 SK=24 SM=27 SO=23 ST=25 SV=28 TL=23 TN=24 TR=26 UA=29"
    " VA=22 VG=24 XK=20 YE=30"
)
IBAN_LENGTHS = {word[:2]: int(word[3:]) for word in _LENGTHS.split()}
"""Characters of an IBAN by country (ISO 13616 registry)."""
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_WITH_THREE.split(), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Decimals of amounts by currency (ISO 4217), where they are not two."""


def judge_payments(root: etree._Element) -> None:
    """A document that its schema accepted. Raises Stopped for the first rule that is broken."""
    _judge_envelopes(root)
    for element in root.iter(etree.Element):
        name = local_name(element)
        if name in _AMOUNTS and len(element) == 0:
            _judge_number(element)
        elif name == "IBAN":
            _judge_iban(element)
        elif name in _IDENTIFIERS and not _IDENTIFIER.fullmatch(element.text or ""):
            raise Stopped("identifier-characters", path_of(element), f"{name} holds other than Latin characters")
    _judge_sums(root)
    _judge_twice(root)


def _judge_envelopes(root: etree._Element) -> None:
    """Supplementary data are not checked by the schema: a payment in them would be one that nobody counted."""
    for envelope in root.iter("{*}SplmtryData"):
        for element in envelope.iter(etree.Element):
            if local_name(element) in _STRUCTURE:
                raise Stopped("hidden-payment", path_of(element), "a part of a payment stands in supplementary data")


def _judge_number(element: etree._Element) -> None:
    text = element.text or ""
    if not _NUMBER.fullmatch(text):
        raise Stopped("number-form", path_of(element), "digits and a point only: no sign, space or leading zero")
    currency = element.get("Ccy")
    if currency is None:
        return
    if not Decimal(text):
        raise Stopped("number-form", path_of(element), "the amount is zero")
    written = text.partition(".")[2].rstrip("0")
    if len(written) > _DECIMALS.get(currency, 2):
        raise Stopped("currency-decimals", path_of(element), f"more decimals than {currency} has")


def _judge_iban(element: etree._Element) -> None:
    text = element.text or ""
    if not _IBAN.fullmatch(text) or len(text) != IBAN_LENGTHS.get(text[:2], len(text)):
        raise Stopped("iban", path_of(element), "no IBAN by its form or its country's length")
    digits = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    if int(digits) % 97 != 1:
        raise Stopped("iban", path_of(element), "the check digits of the IBAN are wrong")


def _judge_sums(root: etree._Element) -> None:
    """NbOfTxs and CtrlSum of the group and of each payment information: all amounts, whatever their currencies."""
    groups = [(root.find(".//{*}GrpHdr"), root), *((found, found) for found in root.iter("{*}PmtInf"))]
    for header, around in groups:
        if header is None:
            continue
        transfers = list(around.iter("{*}CdtTrfTxInf"))
        count = header.find("{*}NbOfTxs")
        if count is not None and int(count.text or "0") != len(transfers):
            raise Stopped("count-mismatch", path_of(count), f"{count.text} announced, {len(transfers)} found")
        claimed = header.find("{*}CtrlSum")
        if claimed is None:
            continue
        total = sum((_amount(transfer) for transfer in transfers), Decimal(0))
        if Decimal(claimed.text or "0") != total:
            raise Stopped("control-sum", path_of(claimed), f"{claimed.text} announced, {total} found")


def _amount(transfer: etree._Element) -> Decimal:
    instructed = transfer.find("{*}Amt/{*}InstdAmt")
    if instructed is None:
        instructed = transfer.find("{*}Amt/{*}EqvtAmt/{*}Amt")
    return Decimal(instructed.text or "0") if instructed is not None else Decimal(0)


def _judge_twice(root: etree._Element) -> None:
    for name in _UNIQUE:
        seen: set[str] = set()
        for element in root.iter("{*}" + name):
            text = (element.text or "").strip()
            if text in seen and text.upper() != _NOT_PROVIDED:
                raise Stopped("duplicate-id", path_of(element), f"this {name} stands twice in the message")
            seen.add(text)
