"""Code lists that rules look values up in: countries (ISO 3166-1), currencies with their minor units (ISO 4217), IBAN
structures.

IBAN: length and structure of the account part by country as in the registry of SWIFT (ISO 13616), release 99 and
earlier; `n` digits, `a` capitals, `c` capitals or digits.
"""

from __future__ import annotations

import re

_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""Alpha-2 codes of ISO 3166-1, and XK, which SWIFT and the IBAN registry use for Kosovo."""

ISIN_PREFIXES = COUNTRIES | {"XS", "XA", "XB", "XC", "XD", "XF", "XT", "EU"}
"""ISO 6166: countries, and the prefixes of international and substitute agencies."""

_TWO_DECIMALS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_HISTORIC = """
ATS AZM BEF BGL BYR CUC CYP DEM EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF LVL MRO MTL MZM NLG PTE ROL SDD SIT
SKK SLL SRG STD TMM TRL VEB VEF YUM ZMK ZWD ZWL ZWR CSD BGN
"""
_NO_DECIMALS = """
BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
"""
_THREE_DECIMALS = """
BHD IQD JOD KWD LYD OMR TND
"""
_FOUR_DECIMALS = """
CLF UYW
"""
_UNITS = """
XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA
"""


def _decimals_of(words: str, decimals: int | None) -> dict[str, int | None]:
    return dict.fromkeys(words.split(), decimals)


MINOR_UNITS = (
    _decimals_of(_HISTORIC, None)
    | _decimals_of(_TWO_DECIMALS, 2)
    | _decimals_of(_NO_DECIMALS, 0)
    | _decimals_of(_THREE_DECIMALS, 3)
    | _decimals_of(_FOUR_DECIMALS, 4)
    | _decimals_of(_UNITS, None)
    | {"X" * 3: None}
)
"""Decimals of each currency; None where ISO 4217 states none (metals, units of account) or the currency was
withdrawn.
"""

_IBAN = """
AD8n12c AE19n AL8n16c AT16n AZ4a20c BA16n BE12n BG4a6n8c BH4a14c BI23n BR23n1a1c BY4c4n16c CH5n12c CR18n CY8n16c
CZ20n DE18n DJ23n DK14n DO4c20n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GB4a14n GE2a16n GI4a15c GL14n
GR7n16c GT4c20c HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IS22n IT1a10n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c
LC4a24c LI5n12c LT16n LU3n13c LV4a13c LY21n MC10n11c2n MD2c18c ME18n MK3n10c2n MN16n MR23n MT4a5n18c MU4a19n3a
NI4a20n NL4a10n NO11n OM3n16c PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n
SE20n SI15n SK20n SM1a10n12c SO19n ST21n SV4a20n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c
"""
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}


def _structure(word: str) -> tuple[str, re.Pattern[str]]:
    parts = re.findall(r"([0-9]+)([nac])", word[2:])
    return word[:2], re.compile("[0-9]{2}" + "".join(f"{_CLASSES[kind]}{{{size}}}" for size, kind in parts))


IBANS = tuple(_IBAN.split())
"""Country and structure of the account part, a word each."""
IBAN_STRUCTURES = dict(_structure(word) for word in IBANS)
"""Country -> pattern of check digits and account part."""
