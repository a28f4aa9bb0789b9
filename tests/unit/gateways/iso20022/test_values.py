"""Messages as values: what is built is read back the same, keeps the rules, and (with schemas at hand) is valid."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.iso20022 import exchanges, headers, orders, payments, settlements, statements, statuses
from isthmus.gateways.iso20022.payments import Party, Payment, Payments
from isthmus.gateways.iso20022.reading import read
from isthmus.gateways.iso20022.schemas import schemas_of
from isthmus.gateways.iso20022.statuses import Status, Statuses
from isthmus.gateways.iso20022.validation import validate
from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.kernel.errors import BadInput

CREATED = "2026-01-05T10:00:00+00:00"
_names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=35).filter(
    lambda text: not (INVISIBLES.search(text) or CONTROLS.search(text))
)
_amounts = st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2)
_payments = st.builds(
    Payment,
    end_to_end=st.from_regex(r"[A-Z0-9]{1,35}", fullmatch=True),
    amount=_amounts,
    currency=st.sampled_from(["EUR", "USD", "GBP"]),
    debtor=st.just(Party(name="Müller & Co", country="DE", town="Köln")),
    creditor=st.builds(Party, name=_names),
    debtor_account=st.just("DE89370400440532013000"),
    creditor_account=st.sampled_from(["GB29NWBK60161331926819", "123456"]),
    debtor_agent=st.just("DEUTDEFF"),
    creditor_agent=st.sampled_from(["CHASUS33XXX", "NWBKGB2L"]),
    charges=st.sampled_from(["SHAR", "DEBT", "SLEV"]),
    remittance=st.none() | _names,
)
_messages = st.builds(
    Payments,
    message=st.just("M1"),
    created=st.just(CREATED),
    date=st.just("2026-01-06"),
    payments=st.lists(_payments, min_size=1, max_size=5, unique_by=lambda payment: payment.end_to_end).map(tuple),
)


@given(_messages)
def test_an_initiation_is_read_as_it_was_built_and_keeps_all_rules(message: Payments) -> None:
    xml = payments.initiation(message)
    assert payments.read_payments(read(xml)[0]) == message
    assert validate(xml, None).rules == []


@given(_messages)
def test_a_transfer_is_read_as_it_was_built(message: Payments) -> None:
    sent = msgspec.structs.replace(message, instructing="DEUTDEFF", instructed="CHASUS33XXX")
    xml = payments.customer_transfer(sent)
    assert payments.read_payments(read(xml)[0]) == sent
    assert validate(xml, None).rules == []


PAYMENT = Payment(
    end_to_end="E1",
    amount=Decimal("10.50"),
    currency="EUR",
    debtor=Party(bic="DEUTDEFF"),
    creditor=Party(bic="CHASUS33XXX"),
)
TRANSFER = Payments(message="M1", created=CREATED, date="2026-01-06", payments=(PAYMENT,))
REJECTED = Status(original_message="M1", original_name="pacs.008.001.08", end_to_end="E1", status="RJCT", reason="AC04")
REPORT = Statuses(message="S1", created=CREATED, sender="DEUTDEFF", receiver="CHASUS33XXX", transactions=(REJECTED,))
ASKED = msgspec.structs.replace(
    REPORT, case="C1", transactions=(msgspec.structs.replace(REJECTED, status=None, reason="DUPL"),)
)
ANSWERED = msgspec.structs.replace(
    REPORT, case="C1", transactions=(msgspec.structs.replace(REJECTED, status="RJCR", reason="CUST"),)
)
SETTLEMENT = settlements.Settlement(
    reference="T1",
    movement="DELI",
    isin="US0378331005",
    quantity=Decimal("100.5"),
    trade_date="2026-01-05",
    settlement_date="2026-01-07",
    account="ACC1",
    amount=Decimal("1000.25"),
    currency="USD",
    delivering=("DTCYUS33XXX", "CHASUS33XXX"),
    receiving=("DTCYUS33XXX", "DEUTDEFF"),
)
EXCHANGE = exchanges.Exchange(
    reference="F1",
    trade_date="2026-01-05",
    settlement_date="2026-01-07",
    bought=Decimal(1000),
    bought_currency="EUR",
    sold=Decimal(1100),
    sold_currency="USD",
    rate=Decimal("1.1"),
    base="EUR",
    quoted="USD",
    trading_side="DEUTDEFF",
    counterparty="CHASUS33XXX",
)
AMENDED = msgspec.structs.replace(EXCHANGE, matching_reference="MATCH-1")
BOUGHT = orders.FundOrder(reference="R1", side="buy", isin="US0378331005", account="A1", units=Decimal("5.5"))
SOLD = orders.FundOrder(
    reference="R2", side="sell", isin="US0378331005", account="A1", amount=Decimal(10), currency="EUR"
)

BUILT = {
    "pacs.009": (payments.bank_transfer(TRANSFER), payments.read_payments, TRANSFER),
    "pacs.002": (statuses.status_report(REPORT), statuses.read_statuses, REPORT),
    "camt.056": (statuses.cancellation_request(ASKED), statuses.read_statuses, ASKED),
    "camt.029": (statuses.resolution(ANSWERED), statuses.read_statuses, ANSWERED),
    "sese.023": (settlements.instruction(SETTLEMENT), settlements.read_settlement, SETTLEMENT),
    "sese.025": (settlements.confirmation(SETTLEMENT), settlements.read_settlement, SETTLEMENT),
    "fxtr.014": (exchanges.instruction(EXCHANGE), exchanges.read_exchange, EXCHANGE),
    "fxtr.015": (exchanges.amendment(AMENDED), exchanges.read_exchange, AMENDED),
    "setr.010": (orders.order("O1", CREATED, (BOUGHT,)), orders.read_orders, (BOUGHT,)),
    "setr.004": (orders.order("O1", CREATED, (SOLD,)), orders.read_orders, (SOLD,)),
}


@pytest.mark.parametrize("name", BUILT)
def test_what_is_built_is_read_back_and_keeps_all_rules(name: str) -> None:
    xml, reading, value = BUILT[name]
    report = validate(xml, None)
    assert report.message is not None
    assert report.message.startswith(name)
    assert report.rules == []
    assert reading(read(xml)[0]) == value  # type: ignore[operator]


@pytest.mark.parametrize("name", [*BUILT, "pain.001", "pacs.008"])
def test_what_is_built_is_valid(name: str, test_data: Path) -> None:
    party = msgspec.structs.replace(
        PAYMENT,
        debtor=Party(name="A"),
        creditor=Party(name="B"),
        debtor_account="DE89370400440532013000",
        debtor_agent="DEUTDEFF",
        creditor_agent="CHASUS33XXX",
    )
    customers = msgspec.structs.replace(TRANSFER, payments=(party,))
    built = {"pain.001": payments.initiation, "pacs.008": payments.customer_transfer}
    xml = built[name](customers) if name in built else BUILT[name][0]
    report = validate(xml, schemas_of(test_data / "protocols/iso20022/xsd"))
    assert (report.schema, report.schema_errors) == ("valid", [])


@pytest.mark.parametrize("character", ["\x01", "\u200b", "\u202e"])
def test_a_character_that_the_guard_would_stop_does_not_leave(character: str) -> None:
    hidden = msgspec.structs.replace(PAYMENT, remittance=f"a{character}b")
    with pytest.raises(BadInput, match="no document may hold"):
        payments.bank_transfer(msgspec.structs.replace(TRANSFER, payments=(hidden,)))


def test_payments_of_several_debtors_are_no_initiation() -> None:
    other = msgspec.structs.replace(PAYMENT, debtor=Party(name="someone else"))
    with pytest.raises(BadInput, match="one debtor"):
        payments.initiation(msgspec.structs.replace(TRANSFER, payments=(PAYMENT, other)))


def test_delivery_against_payment_with_the_wrong_direction_of_cash_breaks_a_rule() -> None:
    xml = settlements.instruction(SETTLEMENT).replace("CRDT", "DBIT")
    assert [finding.rule for finding in validate(xml, None).rules] == ["debit_credit"]


def test_a_rate_that_amounts_do_not_make_breaks_a_rule() -> None:
    xml = exchanges.instruction(msgspec.structs.replace(EXCHANGE, rate=Decimal("1.2")))
    assert [finding.rule for finding in validate(xml, None).rules] == ["exchange_rate"]


ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<ValDt><Dt>2026-01-06</Dt></ValDt><NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"""
STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S1</Id>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{opening}</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>{side}</CdtDbtInd></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>"""


@given(st.lists(st.integers(-(10**12), 10**12), max_size=10), st.integers(0, 10**12))
def test_a_statement_is_read_to_the_last_cent_and_adds_up(cents: list[int], opening: int) -> None:
    def money(count: int) -> str:
        return str(Decimal(abs(count)).scaleb(-2))

    closing = sum(cents) - opening
    entries = "".join(
        ENTRY.format(amount=money(count), side="DBIT" if count < 0 else "CRDT", reference=f"E{place}")
        for place, count in enumerate(cents)
    )
    xml = STATEMENT.format(
        opening=money(opening), closing=money(closing), side="DBIT" if closing < 0 else "CRDT", entries=entries
    )
    (statement,) = statements.read_statements(read(xml)[0])
    assert [entry.amount for entry in statement.entries] == [Decimal(count).scaleb(-2) for count in cents]
    assert statement.account == "DE89370400440532013000"
    assert (statement.opening, statement.closing) == (Decimal(-opening).scaleb(-2), Decimal(closing).scaleb(-2))
    assert statement.adds_up is True
    worse = msgspec.structs.replace(statement, closing=Decimal(closing + 1).scaleb(-2))
    assert worse.adds_up is False
    assert msgspec.structs.replace(statement, closing=None).adds_up is None


HEADER = headers.Header(
    sender="DEUTDEFFXXX",
    receiver="CHASUS33XXX",
    identifier="M1",
    message="pacs.009.001.08",
    created=CREATED,
    service="swift.cbprplus.02",
)


def test_a_header_around_a_document_is_read_back_and_keeps_all_rules() -> None:
    sent = msgspec.structs.replace(TRANSFER, instructing="DEUTDEFF", instructed="CHASUS33XXX")
    xml = headers.enclosed(HEADER, payments.bank_transfer(sent))
    assert headers.read_header(read(xml)) == HEADER
    assert validate(xml, None).rules == []


def test_a_header_that_announces_another_message_is_refused() -> None:
    with pytest.raises(BadInput, match="is not"):
        headers.enclosed(HEADER, payments.customer_transfer.__doc__ or "")


def test_a_document_without_a_header_has_none() -> None:
    with pytest.raises(BadInput, match="none"):
        headers.read_header(read(payments.bank_transfer(TRANSFER)))


OWN = statements.Statement(
    identifier="S1",
    account="DE89370400440532013000",
    currency="EUR",
    opening=Decimal("-10.50"),
    closing=Decimal("9.25"),
    opened="2026-01-05",
    closed="2026-01-05",
    page="1",
    entries=(
        statements.Entry(
            amount=Decimal(20),
            currency="EUR",
            date="2026-01-06",
            booked="2026-01-05",
            status="BOOK",
            reference="E1",
            counterparty="A Tate",
            remittance="invoice 7",
        ),
        statements.Entry(
            amount=Decimal("-0.25"),
            currency="EUR",
            date="2026-01-05",
            booked=None,
            status="BOOK",
            reference="E2",
            servicer_reference="B2",
        ),
    ),
)


def test_a_statement_that_is_built_is_read_back_adds_up_and_keeps_all_rules() -> None:
    xml = statements.statement_document("M1", CREATED, (OWN,))
    assert statements.read_statements(read(xml)[0]) == (msgspec.structs.replace(OWN, number="1"),)
    assert OWN.adds_up
    assert validate(xml, None).rules == []


def test_a_statement_and_a_header_that_are_built_are_valid(test_data: Path) -> None:
    schemas = schemas_of(test_data / "protocols/iso20022/xsd")
    statement = validate(statements.statement_document("M1", CREATED, (OWN,)), schemas)
    assert (statement.schema, statement.schema_errors) == ("valid", [])
    whole = validate(headers.enclosed(HEADER, payments.bank_transfer(TRANSFER)), schemas)
    assert (whole.schema, whole.header, whole.header_errors) == ("valid", "valid", [])


def test_a_statement_without_balances_is_not_built() -> None:
    with pytest.raises(BadInput, match="both balances"):
        statements.statement_document("M1", CREATED, (msgspec.structs.replace(OWN, closing=None),))


@pytest.mark.parametrize(
    "reading",
    [
        payments.read_payments,
        statuses.read_statuses,
        statements.read_statements,
        settlements.read_settlement,
        settlements.read_holdings,
        exchanges.read_exchange,
        exchanges.read_exchange_statuses,
        orders.read_orders,
    ],
)
def test_another_message_is_refused(reading) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput):
        reading(read('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:admi.002.001.01"><admi/></Document>')[0])
