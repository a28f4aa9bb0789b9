"""Calls to a bank: once in its books however often they are sent, answers through the filter."""

import asyncio
import re

import pytest

from isthmus.gateways.mt4.bank import AGAIN, Bank, BankRefused, BankSettings, BankUnreachable, Call, Reply
from isthmus.gateways.mt4.messages import BankAnswer, Payment, StatusNotice
from isthmus.gateways.xmlguard.inspecting import inspect
from isthmus.gateways.xmlguard.stops import Stopped

PAYMENT = Payment(
    reference="PAY-1",
    debtor="ACME Trading Ltd",
    debtor_iban="GB29NWBK60161331926819",
    debtor_bic="BANKGB2LXXX",
    creditor="O'Brien & Söhne",
    creditor_iban="DE89370400440532013000",
    currency="EUR",
    amount="12.50",
    text="Invoice 42 <paid>",
    execution_date="2026-03-04",
)
NOTICE = StatusNotice("50012345", "TKT-1", "ord-7", "FILLED", "0.1", "0.1", "1.08500")
CREATED = "2026-03-02T10:15:30Z"
ACCEPTED = Reply(200, "application/json; charset=utf-8", b'{"id":"B-1","status":"ACCEPTED"}')
XML = b"<BankAnswer><Id>B-1</Id><Status>SETTLED</Status><Reference>PAY-1</Reference></BankAnswer>"


class Line:
    """Gives these replies or faults, one a call."""

    def __init__(self, *given: Reply | OSError) -> None:
        self.given = list(given)
        self.calls: list[Call] = []
        self.pauses: list[float] = []

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        found = self.given.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def bank(self, tries: int = 4) -> Bank:
        terms = BankSettings(url="http://bank", token_file="", tries=tries, pause_s=0.5, timeout_s=1.0)
        return Bank(self.send, self.pause, terms)


def test_a_payment_goes_out_as_a_document_that_our_own_filter_lets_through() -> None:
    line = Line(ACCEPTED)
    assert asyncio.run(line.bank().pay(PAYMENT, CREATED)) == BankAnswer("B-1", "ACCEPTED")
    (call,) = line.calls
    assert (call.path, call.key, call.kind) == ("/payments", "payment-PAY-1", "application/xml")
    root = inspect(call.body, "pain.001")
    assert root.findtext(".//{*}Cdtr/{*}Nm") == "O'Brien & Söhne"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("text", "' OR '1'='1", "sql"),
        ("creditor", "Wіdget", "homoglyph"),
        ("creditor_iban", "DE88370400440532013000", "iban"),
        ("amount", "12.505", "currency-decimals"),
        ("amount", "+12.50", "number-form"),
        ("reference", "a</MsgId><MsgId>b", "script"),
        ("currency", 'EUR" x="1', "schema"),
        ("execution_date", "2026-13-01", "schema"),
    ],
)
def test_a_payment_that_we_would_refuse_is_not_sent(field: str, value: str, rule: str) -> None:
    line = Line(ACCEPTED)
    values = {name: getattr(PAYMENT, name) for name in Payment.__struct_fields__} | {field: value}
    with pytest.raises(Stopped) as stopped:
        asyncio.run(line.bank().pay(Payment(**values), CREATED))
    assert stopped.value.rule == rule
    assert not line.calls


def test_a_call_is_sent_again_under_the_same_key_and_each_time_later() -> None:
    line = Line(ConnectionResetError("gone"), Reply(503, "", b""), TimeoutError(), ACCEPTED)
    assert asyncio.run(line.bank().tell(NOTICE)).status == "ACCEPTED"
    assert {(call.key, call.body) for call in line.calls} == {("order-ord-7-filled-0.1", line.calls[0].body)}
    assert line.pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("status", sorted(AGAIN))
def test_a_bank_that_never_answers_is_given_up_with_the_reason(status: int) -> None:
    line = Line(*[Reply(status, "", b"")] * 3)
    with pytest.raises(BankUnreachable, match=re.escape(f"3 tries, the last one: HTTP {status}")):
        asyncio.run(line.bank(tries=3).tell(NOTICE))
    assert len(line.calls) == 3


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 422])
def test_a_no_is_not_asked_again(status: int) -> None:
    line = Line(Reply(status, "application/json", b"{}"))
    with pytest.raises(BankRefused, match=str(status)):
        asyncio.run(line.bank().tell(NOTICE))


def test_an_answer_may_be_xml() -> None:
    line = Line(Reply(201, "application/xml", XML))
    assert asyncio.run(line.bank().tell(NOTICE)) == BankAnswer("B-1", "SETTLED", reference="PAY-1")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/xml", b'<!DOCTYPE x [<!ENTITY a "b">]><BankAnswer>&a;</BankAnswer>'),
        ("application/xml", XML.replace(b"B-1", b"' OR 1=1")),
        ("application/xml", b"<BridgeQuery><Login>1</Login><Ticket>2</Ticket></BridgeQuery>"),
        ("text/xml", b"hello"),
        ("application/json", b'{"id":"B-1","status":"ACCEPTED","status":"REJECTED"}'),
        ("application/json", b'{"id":"B-1","status":"MAYBE"}'),
        ("application/json", b'{"id":"${jndi:ldap://x/a}","status":"ACCEPTED"}'),
        ("application/json", b"{'id': 1}"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"id":NaN,"status":"ACCEPTED"}'),
        ("application/json", b"\xff"),
        ("text/html", b"<html>busy</html>"),
        ("application/json", b" " * 100_000),
        ("application/json", '{"id":"B\u202e1","status":"ACCEPTED"}'.encode()),
    ],
)
def test_an_answer_that_is_none_is_refused(kind: str, body: bytes) -> None:
    line = Line(Reply(200, kind, body))
    with pytest.raises(BankRefused):
        asyncio.run(line.bank().tell(NOTICE))
