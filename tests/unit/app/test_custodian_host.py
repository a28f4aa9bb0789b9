"""A custodian bank's host, and its messages there and back."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.app.custodian_host import Host, HostAccount, HostSettings
from isthmus.app.custody_messages import answers_of, pain_001, payments_of, values_of
from isthmus.app.custody_settings import CustodySettings, check_custody
from isthmus.app.settings import read_defaults
from isthmus.app.statement_file import statements_of
from isthmus.kernel.config import overlay, shaped
from isthmus.kernel.errors import BadInput
from isthmus.ledger.custody.store import Instruction

NOW = 1_772_442_000_000_000_000
ACCOUNTS = [HostAccount(number="A-EUR", currency="EUR", balance="500"), HostAccount(number="A-JPY", currency="JPY")]


def two(currency: str) -> int:
    return {"EUR": 2, "JPY": 0}[currency]


def host(folder: Path | None = None, form: str = "camt") -> Host:
    settings = HostSettings(
        name="alpha",
        bic="ALPHDEFF",
        accounts=ACCOUNTS,
        statements=form,
        decimals={"JPY": 0},  # type: ignore[arg-type]
    )
    return Host(settings, folder, lambda: NOW)


def order(message: str = "T-WD-1.0", amount: int = 10_050) -> bytes:
    one = Instruction(
        message=message, bank="alpha", reference="WD-1", debtor_account="A-EUR", creditor_name="A Client",
        creditor_account="DE02120300000000202051", creditor_bank="BYLADEM1001", amount=amount, currency="EUR",
        created="2026-03-02T09:00:00Z", day="2026-03-02",
    )  # fmt: skip
    return pain_001(one, "ALPHDEFF", "Isthmus", two).encode()


def ask(bank: Host, method: str, path: str, body: bytes = b"") -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(bank.application({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_an_instruction_is_read_by_the_bank_as_it_was_meant() -> None:
    (asked,) = payments_of(order(), two)
    assert (asked.message, asked.end_to_end, asked.debtor, asked.amount, asked.currency) == (
        "T-WD-1.0", "WD-1", "A-EUR", 10_050, "EUR",
    )  # fmt: skip


def test_a_message_that_comes_twice_is_paid_once_and_answered_twice() -> None:
    bank = host()
    for _ in range(2):
        assert ask(bank, "POST", "/orders/CCT", order())[0] == 200
    assert bank.bank.accounts["A-EUR"].balance == 39_950
    status, headers, body = ask(bank, "GET", "/orders/CDZ")
    (told,) = answers_of(body)
    assert (status, told.message, told.reference, told.paid) == (200, "T-WD-1.0", "WD-1", True)
    assert ask(bank, "POST", f"/receipts/{headers[b'order-id'].decode()}")[0] == 200
    assert answers_of(ask(bank, "GET", "/orders/CDZ")[2]) == [told]


def test_more_than_there_is_is_refused_with_the_banks_reason() -> None:
    bank = host()
    ask(bank, "POST", "/orders/CCT", order(amount=50_001))
    (told,) = answers_of(ask(bank, "GET", "/orders/CDZ")[2])
    assert told.paid is False and "AM04" in told.words
    assert ask(bank, "GET", "/orders/C54")[0] == 204


@pytest.mark.parametrize(("form", "kind"), [("camt", "C53"), ("mt940", "STA")])
def test_notice_and_statement_tell_the_same_entry_by_the_same_mark(form: str, kind: str) -> None:
    bank = host(form=form)
    ask(bank, "POST", "/orders/CCT", order())
    body = b'{"account":"A-EUR","amount":"7.25","information":"RF96CL16"}'
    assert ask(bank, "POST", "/control/credit", body)[0] == 200
    notices = []
    while (answer := ask(bank, "GET", "/orders/C54"))[0] == 200:
        notices += values_of("alpha", answer[2], two)[0][0].lines
        ask(bank, "POST", f"/receipts/{answer[1][b'order-id'].decode()}")
    ask(bank, "POST", "/control/close")
    (whole,), refused = values_of("alpha", ask(bank, "GET", f"/orders/{kind}")[2], two)
    assert refused == [] and whole.final and (whole.number, whole.opening, whole.closing) == (1, 50_000, 40_675)
    assert [(one.key, one.amount, one.reference) for one in whole.lines] == [
        (one.key, one.amount, one.reference) for one in notices
    ]
    assert "RF96CL16" in whole.lines[1].information


@pytest.mark.parametrize("form", ["camt", "mt940"])
@pytest.mark.parametrize("fault", ["cent", "cent_entry"])
def test_a_fault_shows_in_the_message(form: str, fault: str) -> None:
    bank = host(form=form)
    ask(bank, "POST", "/orders/CCT", order())
    ask(bank, "POST", "/control/fault", msgspec.json.encode({"faults": [fault]}))
    ask(bank, "POST", "/control/close")
    (told,), _ = statements_of(ask(bank, "GET", "/orders/C53" if form == "camt" else "/orders/STA")[2])
    assert told.adds_up is (fault == "cent_entry")
    assert told.closing == Decimal("399.51")


def test_a_bank_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    bank = host(tmp_path)
    ask(bank, "POST", "/orders/CCT", order())
    again = host(tmp_path)
    assert again.bank == bank.bank and ask(again, "GET", "/orders/CDZ")[0] == 200
    ask(again, "POST", "/orders/CCT", order())
    assert again.bank.accounts["A-EUR"].balance == 39_950


@pytest.mark.parametrize("body", [b"", b"<a/>", b"not xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_instruction_is_refused_by_name(body: bytes) -> None:
    status, _, answer = ask(host(), "POST", "/orders/CCT", body)
    assert status == 400 and msgspec.json.decode(answer)["error"]["field"] == "pain.001"


def test_a_fraction_that_the_currency_has_not_is_refused() -> None:
    with pytest.raises(BadInput, match="more decimals"):
        payments_of(order().replace(b">100.5<", b">100.505<"), two)


def custody(**tables: Any) -> CustodySettings:
    return shaped(overlay(read_defaults()["custody"], tables), CustodySettings)


def bank_table(*accounts: tuple[str, str, str], weight: int = 1) -> dict[str, Any]:
    rows = [{"number": number, "currency": currency, "side": side} for number, currency, side in accounts]
    return {"url": "http://127.0.0.1:1", "bic": "ALPHDEFF", "weight": weight, "accounts": rows}


@pytest.mark.parametrize(
    ("tables", "field"),
    [
        ({"banks": {"alpha": bank_table(("A", "EUR", "client"))}}, "custody.banks"),
        (
            {"banks": {"alpha": bank_table(("A", "EUR", "client"), ("B", "EUR", "client"))}},
            "custody.banks.alpha.accounts",
        ),
        ({"banks": {"alpha": bank_table(("A", "XQQ", "client"))}}, "custody.banks.alpha.accounts"),
        ({"banks": {"alpha": bank_table(("A", "EUR", "firm"), weight=0)}}, "custody.banks"),
        ({"banks": {"alpha": bank_table()}, "break_limits_s": {"oops": 1}}, "custody.break_limits_s.oops"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(tables: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_custody(custody(**tables))
    assert refused.value.field == field


def test_two_banks_for_each_currency_are_enough() -> None:
    check_custody(custody(banks={name: bank_table((name, "EUR", "client")) for name in ("alpha", "beta")}))
