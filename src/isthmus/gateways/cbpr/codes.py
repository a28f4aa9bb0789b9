"""Codes that have another name on the other side. Each table has its direction in its name."""

from __future__ import annotations

import re

BEARERS_FROM_FIN = {"OUR": "DEBT", "SHA": "SHAR", "BEN": "CRED"}
BEARERS_TO_FIN = {"DEBT": "OUR", "SHAR": "SHA", "CRED": "BEN", "SLEV": "SHA"}

CLEARING_FROM_FIN = {
    "AT": "ATBLZ",
    "AU": "AUBSB",
    "BL": "DEBLZ",
    "CC": "CACPA",
    "CH": "USPID",
    "CN": "CNAPS",
    "CP": "USPID",
    "ES": "ESNCC",
    "FW": "USABA",
    "GR": "GRBIC",
    "HK": "HKNCC",
    "IE": "IENCC",
    "IN": "INFSC",
    "IT": "ITNCC",
    "NZ": "NZNCC",
    "PL": "PLKNR",
    "PT": "PTNCC",
    "RU": "RUCBC",
    "SC": "GBDSC",
    "SW": "CHBCC",
    "ZA": "ZANCC",
}
"""Two letters after // in a party field -> ExternalClearingSystemIdentification1Code."""
CLEARING_TO_FIN = {code: letters for letters, code in CLEARING_FROM_FIN.items()} | {"USPID": "CP", "CHSIC": "SW"}

MESSAGE_OF_TYPE = {
    "101": "pain.001",
    "102": "pacs.008",
    "103": "pacs.008",
    "104": "pacs.003",
    "107": "pacs.003",
    "200": "pacs.009",
    "201": "pacs.009",
    "202": "pacs.009",
    "203": "pacs.009",
    "205": "pacs.009",
    "204": "pacs.010",
    "210": "camt.057",
}
"""Message type of the original -> what it is called in an investigation."""
TYPE_OF_MESSAGE = {
    "pain.001": "101",
    "pacs.008": "103",
    "pacs.003": "104",
    "pacs.009": "202",
    "pacs.010": "204",
    "pacs.004": "202",
    "camt.057": "210",
}

CHARGES_TO_FIN = {"CFEE": "CANF", "DEBT": "OURC"}
"""ExternalChargeType1Code -> code of field 71B, where they differ."""

CHEQUE_STOP_FROM_FIN = {"FRAUD": "FRAD", "LOST": "LOST", "STOLEN": "LOST", "DUPL": "DUPL", "CUST": "CUST"}

REASON = re.compile(r"[A-Z]{2}[0-9]{2}")
_WORDS = """
AGNT ARDT ARFR ARPL ARJT CNOR CURR CUST CUTA DNOR DS0H DT01 DUPL EMVL ERIN FOCR FR01 FRAD FRTR INDM LEGL MD01
MODI NARR NOAS NOCM NOOR PART PINL PTNA RECA RQDA RR01 RUTA SL01 SVNR TECH UPAY AM09 COVR DEPT MONY NERE NOLE
NOPI NOUR ODIN BALP REQU REVR RJCT TXRE UKNI UNOP WRAM
"""
REASON_WORDS = frozenset(_WORDS.split())


def is_reason(code: str) -> bool:
    """Whether it is a code of the external lists of status, return and cancellation reasons."""
    return REASON.fullmatch(code) is not None or code in REASON_WORDS
