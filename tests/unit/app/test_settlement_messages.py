"""Settlement instructions in both forms, and what depositories answer to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from tests.unit.app.test_settlement_desk import MONDAY, TUESDAY, Broker

from isthmus.app.settlement_messages import answer_of, settlement_of, text_of
from isthmus.clearing.book import FAILING
from isthmus.gateways.iso20022 import settlements
from isthmus.gateways.settlement import fin
from isthmus.gateways.settlement.statuses import Advice, advice, mt548
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

MESSAGES = {
    "own_bic": "ISTHGB2L",
    "depository": "DTCYUS33",
    "account": "HOUSE-1",
    "parties": {"client:buyer": "CHASUS33", "client:seller": "CITIUS33"},
    "isins": {"AAPL": "US0378331005"},
}


@pytest.fixture(params=["fin", "iso20022"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    made = Broker(str(tmp_path), messages={**MESSAGES, "form": request.param})
    yield made
    made.playing.close()


def look(broker: Broker) -> None:
    broker.playing.run(broker.playing.now + 12 * NS_PER_S)


def answer(broker: Broker, folder: Path, told: Advice) -> None:
    into = folder / "settlement" / "in"
    into.mkdir(exist_ok=True)
    name = f"{len(list(into.iterdir()))}"
    if broker.desk.settings.messages.form == "fin":
        (into / f"{name}.fin").write_bytes(mt548(told, f"ST{name}", "DTCYUS33", "ISTHGB2L").encode())
    else:
        (into / f"{name}.xml").write_text(advice(told))
    look(broker)


def test_both_sides_of_a_trade_are_instructed_and_read_back_as_they_were(broker: Broker, tmp_path: Path) -> None:
    broker.trade()
    look(broker)
    files = sorted((tmp_path / "settlement" / "out").iterdir())
    assert [path.stem for path in files] == sorted(broker.desk.messages.told)
    for path in files:
        told = broker.desk.messages.told[path.stem].instruction
        if path.suffix == ".fin":
            assert fin.read_settlement(path.read_bytes().decode()).settlement == settlement_of(told)
        else:
            assert settlements.read_settlement(etree.fromstring(path.read_bytes())[0]) == settlement_of(told)
    assert {settlement_of(one.instruction).movement for one in broker.desk.messages.told.values()} == {"DELI", "RECE"}


def test_a_depository_that_misses_a_delivery_keeps_it_out_of_the_cycle_until_it_says_otherwise(
    broker: Broker, tmp_path: Path
) -> None:
    reference = broker.trade()
    look(broker)
    (delivered,) = [name for name, told in broker.desk.messages.told.items() if not told.instruction.delivers]
    answer(broker, tmp_path, Advice(delivered, "matched"))
    answer(broker, tmp_path, Advice(delivered, "failing", "LACK"))
    broker.until(MONDAY)
    row = broker.desk.book.get(reference)
    assert row is not None and (row.state, row.reported) == (FAILING, "LACK")
    answer(broker, tmp_path, Advice(delivered, "pending"))
    broker.until(TUESDAY)
    assert broker.desk.book.get(reference) is None


def test_an_answer_that_is_not_ours_or_cannot_follow_is_refused_by_name(broker: Broker, tmp_path: Path) -> None:
    broker.trade()
    look(broker)
    name = next(iter(broker.desk.messages.told))
    answer(broker, tmp_path, Advice("STRANGER", "failing", "LACK"))
    answer(broker, tmp_path, Advice(name, "rejected", "SAFE"))
    answer(broker, tmp_path, Advice(name, "matched"))
    assert [why for _, why in broker.desk.messages.refused] == [
        "reference: 'STRANGER' is no instruction of ours", "status: 'matched' cannot follow 'rejected'",
    ]  # fmt: skip


def test_a_confirmation_is_heard_if_it_is_what_was_instructed(broker: Broker) -> None:
    broker.trade()
    look(broker)
    name, told = next(iter(broker.desk.messages.told.items()))
    settled = replace(settlement_of(told.instruction), servicer_reference="DTC1", settlement_date="2026-12-01")
    text = fin.confirmation(settled, "DTCYUS33", "ISTHGB2L", "2026-11-30")
    broker.desk.messages.hear(answer_of(text.encode()))
    assert told.state == "settled"
    other = replace(settled, quantity=settled.quantity - 1)
    with pytest.raises(BadInput, match=f"quantity: of {name} is not what was instructed"):
        broker.desk.messages.hear(answer_of(settlements.confirmation(other).encode()))


def test_what_is_no_answer_is_refused() -> None:
    for raw in (b"", b"{1:F01}", b"<a/>", b"hello"):
        with pytest.raises(BadInput):
            answer_of(raw)


def test_an_instruction_without_a_place_in_its_message_is_refused_by_field(broker: Broker) -> None:
    broker.trade()
    told = next(iter(broker.desk.messages.told.values())).instruction
    with pytest.raises(BadInput):
        text_of(replace(told, quantity=0), "fin")
    assert broker.desk.messages.due(date(2026, 11, 29)) == [] and len(broker.desk.messages.due(MONDAY)) == 2
