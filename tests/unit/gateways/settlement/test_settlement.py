"""One settlement as ISO 20022, as FIN and as a contract's call: each says the same, and what comes back is compared."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_abi import decode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.evm import contract
from isthmus.gateways.evm.contract import EVENTS, Event, Log
from isthmus.gateways.evm.keccak import keccak256
from isthmus.gateways.evm.types import Refused
from isthmus.gateways.iso20022.schemas import schemas_of
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.iso20022.validation import validate as validate_mx
from isthmus.gateways.settlement.chain import Chain, Token, delivery_of, read_chain, units
from isthmus.gateways.settlement.rows import confirm_row, log_row, read_row, render_row
from isthmus.gateways.swift.verdict import validate
from isthmus.kernel.errors import BadInput

CONTRACT = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
FILE = f"""
[contract]
chain_id = 11155111
address = "{CONTRACT}"
[parties]
DEUTDEFF = "0x{"11" * 20}"
CHASUS33 = "0x{"22" * 20}"
[assets.US0378331005]
token = "0x{"33" * 20}"
decimals = 0
[cash.USD]
token = "0x{"44" * 20}"
decimals = 6
"""
SETTLEMENT: dict[str, Any] = {
    "reference": "ISTH-4711",
    "movement": "RECE",
    "isin": "US0378331005",
    "quantity": "100",
    "trade_date": "2026-11-27",
    "settlement_date": "2026-11-30",
    "account": "SAFE1",
    "amount": "23150.25",
    "currency": "USD",
    "delivering": ["DTCYUS33", "CHASUS33"],
    "receiving": ["DTCYUS33", "DEUTDEFF"],
}
ROW: dict[str, Any] = {"id": "a", "settlement": SETTLEMENT, "sender_bic": "DEUTDEFF", "receiver_bic": "DTCYUS33"}
FORMS = ("mx", "mt", "evm")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    path = tmp_path_factory.mktemp("chain") / "chain.toml"
    path.write_text(FILE)
    return read_chain(path)


def changed(**fields: Any) -> dict[str, Any]:
    return ROW | {"settlement": SETTLEMENT | fields}


def test_one_settlement_leaves_in_three_forms(chain: Chain) -> None:
    made = render_row(ROW, FORMS, chain)
    assert made["error"] is None and made["id"] == "a"
    assert "<SctiesMvmntTp>RECE</SctiesMvmntTp>" in made["mx"] and "US0378331005" in made["mx"]
    verdict = validate(made["mt"])
    assert verdict.valid and verdict.message_type == "541"
    for field in (":SEME//ISTH-4711", ":SETT//USD23150,25", ":PSET//DTCYUS33", ":DEAG//CHASUS33", ":SELL//CHASUS33"):
        assert field in made["mt"]
    call = made["evm"]["call"]
    assert (call.to, call.chain_id, call.value) == (CONTRACT, 11155111, 0)
    kinds = ["(bytes32,address,address,address,uint256,address,uint256,uint64)"]
    (delivery,) = decode(kinds, bytes.fromhex(call.data[10:]))
    assert delivery == (
        b"ISTH-4711".ljust(32, b"\0"),
        *("0x" + pair * 20 for pair in ("22", "11", "33")),
        100,
        "0x" + "44" * 20,
        23_150_250_000,
        1_795_996_800,
    )
    assert call.data[2:10] == keccak256(f"instruct({kinds[0]})".encode())[:4].hex()


def test_both_messages_of_a_settlement_are_valid_by_their_schemas(test_data: Path, chain: Chain) -> None:
    schemas = schemas_of(test_data / "protocols/iso20022/xsd")
    for text in (render_row(ROW, ("mx",), None)["mx"], confirm_row(event_of(chain), chain)["mx"]):
        report = validate_mx(text, schemas)
        assert (report.schema, report.rules) == ("valid", [])


def test_what_is_signed_is_what_is_called(chain: Chain) -> None:
    evm = render_row(ROW, ("evm",), chain)["evm"]
    twin = encode_typed_data(full_message=evm["typed_data"])
    assert evm["hash"] == "0x" + keccak(b"\x19\x01" + twin.header + twin.body).hex()


def test_messages_and_calls_are_read_back(chain: Chain) -> None:
    made = render_row(ROW, FORMS, chain)
    for form, text in (("xml", made["mx"]), ("fin", made["mt"])):
        found = read_row({"id": 1, form: text}, None)
        assert (found["error"], found["confirmed"], found["form"]) == (None, False, form)
        assert msgspec.json.decode(msgspec.json.encode(found["settlement"])) == SETTLEMENT | {
            "unit": "Unit",
            "servicer_reference": None,
            "transaction_type": "TRAD",
        }
    found = read_row({"call": made["evm"]["call"].data}, chain)
    assert (found["event"]["call"], found["event"]["quantity"]) == ("instruct", "100")


@pytest.mark.parametrize(
    ("movement", "amount", "number"), [("RECE", None, 540), ("RECE", "1", 541), ("DELI", None, 542), ("DELI", "1", 543)]
)
def test_movement_and_payment_decide_the_message_type(
    chain: Chain, movement: str, amount: str | None, number: int
) -> None:
    row = changed(movement=movement, amount=amount, currency="USD" if amount else None)
    row["sender_bic"] = "DEUTDEFF" if movement == "RECE" else "CHASUS33XXX"
    made = render_row(row, FORMS, chain)
    assert made["error"] is None and validate(made["mt"]).message_type == str(number)
    _, delivery = contract.read_call(bytes.fromhex(made["evm"]["call"].data[2:]))
    assert (delivery.cash == contract.NOBODY, delivery.amount == 0) == (amount is None, amount is None)


def event_of(chain: Chain, name: str = "Settled", **values: Any) -> dict[str, Any]:
    """The row of a settlement with what the contract says of it."""
    delivery = delivery_of(msgspec.convert(SETTLEMENT, Settlement), chain)
    known = msgspec.structs.asdict(delivery) | {"matching": contract.matching(delivery), "by": delivery.receiver}
    known |= {"reason": 2, **values}
    names = [part.split()[-1] for side in EVENTS[name] for part in side.split(",") if part]
    event = Event(name, {one: known[one] for one in names}, 19_000_000, "0x" + "ab" * 32, 7, time=1_796_050_000)
    between = {"sender_bic": "DTCYUS33", "receiver_bic": "DEUTDEFF"}
    return ROW | between | {"log": msgspec.to_builtins(contract.write_log(event, chain.place))}


def test_a_settled_delivery_is_confirmed_in_both_messages(chain: Chain) -> None:
    made = confirm_row(event_of(chain), chain)
    assert (made["status"], made["differences"], made["error"]) == ("settled", [], None)
    for form, text in (("xml", made["mx"]), ("fin", made["mt"])):
        found = read_row({form: text}, None)
        assert (found["error"], found["confirmed"]) == (None, True), form
        told = found["settlement"]
        assert (told["servicer_reference"], told["reference"]) == ("19000000-7", "ISTH-4711")
        assert (told["settlement_date"], str(told["amount"])) == ("2026-11-30", "23150.25")
    assert validate(made["mt"]).message_type == "545"


def test_what_fin_says_beside_the_settlement_is_named_and_a_cancellation_is_none(chain: Chain) -> None:
    text = render_row(ROW, ("mt",), None)["mt"]
    priced = text.replace(":35B:ISIN US0378331005", ":90B::DEAL//ACTU/USD231,5\r\n:35B:ISIN US0378331005\r\nAPPLE INC")
    assert read_row({"fin": priced}, None)["lost"] == ("price", "description")
    cancelled = text.replace(":23G:NEWM", ":23G:CANC")
    assert read_row({"fin": cancelled}, None)["error"].startswith("fin.")


def test_what_settled_otherwise_is_told_by_field_and_confirms_nothing(chain: Chain) -> None:
    made = confirm_row(event_of(chain, quantity=99), chain)
    (difference,) = made["differences"]
    assert (difference.field, difference.instructed, difference.found) == ("quantity", "100", "99")
    assert made["mx"] is None and made["mt"] is None and made["status"] == "settled"
    other = confirm_row(event_of(chain, "Instructed", matching=bytes(32)), chain)
    assert [one.field for one in other["differences"]] == ["matching"]


def test_other_events_are_told(chain: Chain) -> None:
    assert confirm_row(event_of(chain, "Instructed"), chain)["status"] == "instructed"
    failed = confirm_row(event_of(chain, "Failed"), chain)
    assert (failed["status"], failed["reason"], failed["mx"]) == ("failed", "no_cash", None)
    assert confirm_row(event_of(chain, "Failed", reason=77), chain)["reason"] == "code 77"
    assert confirm_row(event_of(chain, "Cancelled"), chain)["status"] == "cancelled"
    back = event_of(chain)
    back["log"]["removed"] = True
    made = confirm_row(back, chain)
    assert (made["status"], made["mx"]) == ("taken_back", None)


def test_a_log_is_what_the_contract_leaves(chain: Chain) -> None:
    row = event_of(chain)
    log = row["log"]
    signature = "Settled(bytes32,address,address,address,uint256,address,uint256)"
    assert log["topics"][0] == "0x" + keccak256(signature.encode()).hex()
    found = decode(["address", "uint256", "address", "uint256"], bytes.fromhex(log["data"][2:]))
    assert found == ("0x" + "33" * 20, 100, "0x" + "44" * 20, 23_150_250_000)
    read = read_row({"log": log}, chain)["event"]
    assert (read["name"], read["block"], read["values"]["amount"]) == ("Settled", 19_000_000, "23150250000")
    values = read["values"]
    event = {"name": "Settled", "values": values, "block": 19_000_000, "transaction": "0x" + "ab" * 32, "index": 7}
    again = log_row({"event": event | {"time": 1_796_050_000}}, chain)
    assert again["error"] is None and msgspec.to_builtins(again["log"]) == log


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("isin", "DE0007164600", "isin: DE0007164600 has no token"),
        ("currency", "EUR", "currency: EUR has no token"),
        ("delivering", ["DTCYUS33", "BARCGB22"], "delivering: BARCGB22 has no address"),
        ("delivering", [], "delivering: names nobody"),
        ("quantity", "1.5", "quantity: 1.5 is finer than the 0 decimals"),
        ("quantity", "0", "quantity: 0 is not above 0"),
        ("quantity", "-1", "quantity: -1 is not above 0"),
        ("quantity", "NaN", "quantity: NaN is no figure"),
        ("quantity", "1e999999999", "quantity: 1E+999999999 is no figure"),
        ("quantity", "1e-999999999", "quantity: 1E-999999999 is no figure"),
        ("amount", "0.0000001", "amount: 1E-7 is finer than the 6 decimals"),
        ("settlement_date", "30.11.2026", "settlement_date: '30.11.2026' is no date"),
        ("settlement_date", "2026-02-30", "settlement_date: '2026-02-30' is no date"),
        ("reference", "", "reference: "),
        ("reference", "é", "reference: "),
        ("reference", "x" * 33, "reference: "),
        ("movement", "SEND", "settlement: "),
        ("speed", "fast", "settlement.speed: is no field"),
    ],
)
def test_what_has_no_place_on_the_chain_is_refused_by_its_field(
    chain: Chain, field: str, value: Any, error: str
) -> None:
    made = render_row(changed(**{field: value}), ("evm",), chain)
    assert made["evm"] is None and made["error"].startswith(error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"reference": "a reference that is too long"}, "mt541.20C"),
        ({"receiving": ["CEDELULL", "DEUTDEFF"]}, "delivering: one depository"),
        ({"delivering": [], "receiving": []}, "delivering: one depository"),
        ({"delivering": ["DTCYUS33", "CHASUS33", "BARCGB22", "UBSWCHZH"]}, "delivering: has 4 parties"),
        ({"delivering": ["DTCYUS33"]}, "delivering: names nobody beside"),
        ({"receiving": ["DTCYUS33", "BARCGB22"]}, "receiving: is BARCGB22, and the message is of DEUTDEFF"),
        ({"account": None}, "account: is missing"),
        ({"transaction_type": "REPO"}, "transaction_type: 'REPO' is not TRAD"),
        ({"quantity": "-1"}, "quantity: -1 is not above 0"),
        ({"currency": None}, "currency: is missing"),
        ({"settlement_date": "soon"}, "settlement_date: 'soon' is no date"),
        ({"isin": "AAPL"}, "mt541.35B"),
    ],
)
def test_what_has_no_place_in_the_message_is_refused_by_its_field(fields: dict[str, Any], error: str) -> None:
    made = render_row(changed(**fields), ("mt",), None)
    assert made["mt"] is None and made["error"].startswith(error), made["error"]


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        ("address", "0x" + "11" * 20, "address: "),
        ("address", "0x11", "address: "),
        ("topics", [], "topics: are 0"),
        ("topics", ["0x" + "00" * 32], "topics[0]: "),
        ("topics", ["0x00", "0x00"], "topics[0]: "),
        ("data", "0x", "asset: ends after 0 of 32 bytes"),
        ("data", "0x" + "ff" * 128, "asset: has more than the 20 bytes"),
        ("data", "zz", "data: "),
        ("transactionHash", "0x00", "transactionHash: has 1 bytes"),
        ("blockNumber", "0x1ffffffffffffffff", "blockNumber: "),
        ("logIndex", 5, "log: "),
        ("blockTimestamp", None, "blockTimestamp: is missing"),
    ],
)
def test_a_log_that_is_not_the_contracts_is_refused_by_its_field(
    chain: Chain, place: str, value: Any, error: str
) -> None:
    row = event_of(chain)
    row["log"] = row["log"] | {place: value}
    made = confirm_row(row, chain)
    assert made["error"] is not None and made["error"].startswith(error), made["error"]
    assert made["mx"] is None and made["mt"] is None


def test_an_event_of_another_settlement_is_refused(chain: Chain) -> None:
    made = confirm_row(event_of(chain, reference=b"other".ljust(32, b"\0")), chain)
    assert made["error"] == "reference: the event is of other, the settlement ISTH-4711"
    assert confirm_row(event_of(chain, reference=b"\xff" * 32), chain)["error"].endswith("is no text")


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (CONTRACT, CONTRACT[:-1] + "D", "contract.address"),
        (CONTRACT, "0x" + "00" * 20, "contract.address"),
        ("22" * 20, "11" * 20, "parties"),
        ("chain_id = 11155111", "chain_id = 0", "contract.chain_id"),
        ("decimals = 6", "decimals = 99", "cash[...].decimals"),
        ("[cash.USD]", "[money.USD]", "money"),
    ],
)
def test_a_file_of_a_chain_that_could_mean_two_things_is_refused(
    tmp_path: Path, before: str, after: str, field: str
) -> None:
    path = tmp_path / "chain.toml"
    path.write_text(FILE.replace(before, after, 1))
    with pytest.raises(BadInput) as refused:
        read_chain(path)
    assert refused.value.field == field


@given(st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10) ** 30, places=6))
def test_amounts_are_counted_to_the_last_unit(value: Decimal) -> None:
    assert units(value, Token("", 6), "amount") == Fraction(value) * 10**6


@pytest.mark.parametrize("written", ["1e72", "1e999999999"])
def test_more_than_a_contract_counts_is_refused_before_it_is_counted(written: str) -> None:
    with pytest.raises(BadInput) as refused:
        units(Decimal(written), Token("", 6), "amount")
    assert "more than a contract can count" in refused.value.reason


@given(st.data())
def test_no_changed_log_breaks_the_reader(chain: Chain, data: st.DataObject) -> None:
    log = event_of(chain, data.draw(st.sampled_from(sorted(EVENTS))))["log"]
    name = data.draw(st.sampled_from(["data", "topics"]))
    text = bytearray(log["data"] if name == "data" else log["topics"][0], "ascii")
    for _ in range(data.draw(st.integers(1, 4))):
        if text:
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(32, 126))
    changed_log = log | {name: text.decode() if name == "data" else [text.decode(), *log["topics"][1:]]}
    made = confirm_row(ROW | {"log": changed_log}, chain)
    assert made["error"] is not None or made["status"] is not None


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=40),
        st.sampled_from(["1", "-1", "1e40", "0.1", "2026-11-30", "USD", "US0378331005", "DTCYUS33", "a\nb", "\u202e"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_no_row_breaks_the_answers(chain: Chain, data: st.DataObject) -> None:
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event_of(chain)))
    row["event"] = {"name": "Settled", "values": {}, "block": 1, "transaction": "0x" + "ab" * 32, "index": 1}
    row |= {"date": "2026-11-30", "xml": "<a/>", "fin": "{1:", "call": "0x"}
    inside = data.draw(st.sampled_from(["", "settlement", "log", "event"]))
    place = row[inside] if inside else row
    for _ in range(data.draw(st.integers(1, 3))):
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    forms = data.draw(st.sampled_from([("mx",), ("mt",), ("evm",)]))
    answers = [render_row(row, forms, chain), confirm_row(row, chain), log_row(row, chain)]
    answers += [read_row({name: row[name]}, chain) for name in ("xml", "fin", "call", "log")]
    for answer in answers:
        assert answer["error"] is not None or any(answer.get(name) for name in (*FORMS, "status", "log", "form"))


@given(st.binary(max_size=400))
def test_no_call_breaks_the_reader(noise: bytes) -> None:
    for data in (noise, b"\x00" + noise):
        made = read_row({"call": "0x" + data.hex()}, None)
        assert (made["error"] is None) is (made["event"] is not None)


def test_rows_that_say_nothing_are_told(chain: Chain) -> None:
    assert read_row({}, chain)["error"] == "row: has none of xml, fin, call, log"
    assert read_row({"log": {}}, None)["error"].startswith("log: ")
    assert render_row({}, FORMS, chain)["error"].startswith("settlement: ")
    assert render_row(ROW, ("evm",), None)["error"].startswith("chain: is missing")
    assert render_row({"settlement": SETTLEMENT}, ("mt",), None)["error"].startswith("sender_bic: is missing")
    assert read_row({"fin": "{1:"}, None)["error"].startswith("fin.2: MT None")
    assert read_row({"xml": "<a>"}, None)["error"].startswith("xml: ")
    assert log_row({"event": {"name": "Settled"}}, chain)["error"].startswith("event: ")
    with pytest.raises(Refused):
        contract.write_log(Event("Lost", {}, 1, "0x" + "00" * 32, 1), chain.place)
    assert isinstance(msgspec.convert(event_of(chain)["log"], Log), Log)
