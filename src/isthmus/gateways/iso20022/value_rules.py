"""Rules of single values: identifiers, codes, amounts. They hold wherever the element stands, in every message."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from isthmus.gateways.iso20022 import identifiers
from isthmus.gateways.iso20022.elements import Element, Finding, finding

Check = Callable[[str], str | None]

KNOWN_MAX = 50_000
"""So many values that were found right are remembered; then all are forgotten."""


def _named(rule: str, check: Check, names: str) -> dict[str, tuple[str, Check]]:
    return dict.fromkeys(names.split(), (rule, check))


VALUES: dict[str, tuple[str, Check]] = (
    _named("iban", identifiers.iban_fault, "IBAN")
    | _named("bic", identifiers.bic_fault, "BICFI BIC AnyBIC BICOrBEI OrgnlRcvr")
    | _named("lei", identifiers.lei_fault, "LEI LglNttyIdr")
    | _named("isin", identifiers.isin_fault, "ISIN")
    | _named("uetr", identifiers.uetr_fault, "UETR OrgnlUETR")
    | _named("country", identifiers.country_fault, "Ctry CtryCd CtryOfBirth CtryOfDmcl CtryOfRes Ntlty RegdDstrbtnCtry")
    | _named(
        "currency",
        identifiers.currency_fault,
        "Ccy BaseCcy CcyOfTrf CcyToBuy CcyToSell DnmtnCcy QtdCcy ReqdNAVCcy ReqdSttlmCcy SrcCcy SttlmCcy TrgtCcy "
        "UnitCcy",
    )
)
"""Element -> name of the rule and the check of its text."""

CODES = ("Purp", "CtgyPurp")
"""Elements whose child Cd is a code of an external code set."""

_AMOUNTS = """
AddtlCshIn Amt ApldAmt BrkrsComssn CdtNoteAmt ChrgsAmt CompstnAmt ConfdAmt CrrctdAmt DscntApldAmt DuePyblAmt
EqvtAmt FrAmt GrssAmt InstdAmt IntrBkSttlmAmt Loss NetAmt OrgnlCcyAndOrdrdAmt OrgnlInstdAmt OrgnlIntrBkSttlmAmt
Prft ReqdAmt Rfnd RltdAmt RmtdAmt RsltgAmt RsltgCshOut RtrdInstdAmt RtrdIntrBkSttlmAmt SbcptIntrst SttlmAmt
TaxAmt TaxblAmt TaxblBaseAmt ToAmt TtlAmt TtlChrgsAmt TtlChrgsAndTaxAmt TtlFees TtlIntrBkSttlmAmt
TtlIntrstAndTaxAmt TtlOvrhdApld TtlRtrdIntrBkSttlmAmt TtlSttlmAmt TtlTaxAmt TtlTaxblBaseAmt TtlTaxs AmtWthCcy
FlrLmt
"""
AMOUNTS = frozenset(_AMOUNTS.split())
"""Elements that carry an amount of money with Ccy. Prices, which may have more decimals than money, are not among
them.
"""

RULED = frozenset(VALUES) | AMOUNTS | frozenset(CODES)

_known: set[tuple[str, str]] = set()


def value_findings(document: Element, tags: tuple[str, ...]) -> Iterator[Finding]:
    """Walks the elements of `tags` (qualified names, all of RULED) once. A value that was found right before is
    not looked at again.
    """
    if not tags:
        return
    known = _known
    for element in document.iter(*tags):
        tag, value = element.tag, element.text
        if (tag, value) in known:
            continue
        name = tag[tag.rfind("}") + 1 :]
        if name in AMOUNTS:
            found = _amount_finding(element, value)
        elif name in CODES:
            found = _code_finding(element)
        else:
            found = _value_finding(element, name, value)
            if found is None and value is not None:
                _remember(tag, value)
        if found is not None:
            yield found


def _remember(tag: str, value: str) -> None:
    if len(_known) >= KNOWN_MAX:
        _known.clear()
    _known.add((tag, value))


def _value_finding(element: Element, name: str, value: str | None) -> Finding | None:
    rule, check = VALUES[name]
    if value is None or (value.isspace() and len(element)):
        return None
    fault = check(value)
    return None if fault is None else finding(rule, element, f"{value}: {fault}")


def _amount_finding(element: Element, value: str | None) -> Finding | None:
    currency = element.get("Ccy")
    if currency is None or value is None:
        return None
    fault = identifiers.amount_fault(value, currency)
    return None if fault is None else finding("currency" if "ISO 4217" in fault else "decimals", element, fault)


def _code_finding(element: Element) -> Finding | None:
    code = element.find("{*}Cd")
    if code is None or code.text is None:
        return None
    fault = identifiers.purpose_fault(code.text)
    return None if fault is None else finding("purpose_code", code, f"{code.text}: {fault}")
