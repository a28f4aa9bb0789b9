"""Identifiers: right ones are let pass, wrong ones are told apart."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.iso20022 import identifiers
from isthmus.gateways.iso20022.code_lists import IBAN_STRUCTURES

RIGHT = {
    identifiers.iban_fault: (
        "GB29NWBK60161331926819",
        "DE89370400440532013000",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
    ),
    identifiers.bic_fault: ("DEUTDEFF", "CHASUS33XXX", "HKBCCATTCLS"),
    identifiers.lei_fault: ("529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12"),
    identifiers.isin_fault: ("US0378331005", "DE0007100000", "XS0000000009"),
    identifiers.uetr_fault: ("7a562c67-ca16-48ba-b074-65581be6f001",),
    identifiers.country_fault: ("GB", "XK"),
    identifiers.currency_fault: ("EUR", "XAU"),
}
WRONG = {
    identifiers.iban_fault: (
        "GB29NWBK60161331926818",
        "GB29NWBK6016133192681",
        "US12345678901234",
        "DE8937040044053201300A",
        "",
    ),
    identifiers.bic_fault: ("DEUTDEF", "DEUTXXFF", "deutdeff", "DEUTDEFFXX", ""),
    identifiers.lei_fault: ("529900T8BM49AURSDO54", "529900T8BM49AURSDO5"),
    identifiers.isin_fault: ("US0378331006", "ZZ0378331005", "US037833100"),
    identifiers.uetr_fault: (
        "7A562C67-CA16-48BA-B074-65581BE6F001",
        "7a562c67-ca16-18ba-b074-65581be6f001",
        "7a562c67",
    ),
    identifiers.country_fault: ("UK", "gb", ""),
    identifiers.currency_fault: ("EURO", "ZZZ"),
}


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, values in RIGHT.items() for value in values])
def test_a_right_identifier_has_no_fault(check, value) -> None:  # type: ignore[no-untyped-def]
    assert check(value) is None


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, values in WRONG.items() for value in values])
def test_a_wrong_identifier_has_a_fault(check, value) -> None:  # type: ignore[no-untyped-def]
    assert check(value) is not None


@pytest.mark.parametrize(
    ("value", "currency", "good"),
    [
        ("10", "JPY", True),
        ("10.0", "JPY", True),
        ("10.5", "JPY", False),
        ("10.50", "EUR", True),
        ("10.505", "EUR", False),
        ("10.505", "KWD", True),
        ("1.2345", "XAU", True),
        ("1", "ZZZ", False),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(value: str, currency: str, *, good: bool) -> None:
    assert (identifiers.amount_fault(value, currency) is None) is good


@given(st.sampled_from(sorted(IBAN_STRUCTURES)), st.data())
def test_one_changed_character_never_leaves_an_iban_right(country: str, data: st.DataObject) -> None:
    """Mod 97-10 finds every single error (ISO 7064)."""
    account = data.draw(st.text(string.digits, min_size=11, max_size=26))
    check = 98 - int("".join(str(int(character, 36)) for character in account + country + "00")) % 97
    iban = f"{country}{check:02}{account}"
    place = data.draw(st.integers(4, len(iban) - 1))
    other = data.draw(st.sampled_from([digit for digit in string.digits if digit != iban[place]]))
    changed = iban[:place] + other + iban[place + 1 :]
    assert identifiers.iban_fault(changed) is not None


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(value: str) -> None:
    for check in RIGHT:
        fault = check(value)
        assert fault is None or fault
