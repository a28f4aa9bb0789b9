"""One signed file of a trade: message, chain event, record and postings agree, or it says which does not and where."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.app.cleared import Broker
from tests.unit.app.commands import Run
from tests.unit.app.test_audit_trail import Clocks, followed

from isthmus.app.evidence_sources import read_settlement
from isthmus.audit.evidence import NOT_PROVEN
from isthmus.gateways.evm.contract import Event, write_log
from isthmus.gateways.settlement.chain import delivery_of, read_chain
from isthmus.kernel.values import NS_PER_S

MESSAGES = {
    "own_bic": "ISTHGB2L",
    "depository": "DTCYUS33",
    "account": "HOUSE-1",
    "parties": {"client:buyer": "CHASUS33", "client:seller": "CITIUS33"},
    "isins": {"AAPL": "US0378331005"},
}
CHAIN = """
[contract]
chain_id = 11155111
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
[parties]
ISTHGB2L = "0x1111111111111111111111111111111111111111"
CHASUS33 = "0x2222222222222222222222222222222222222222"
[assets.US0378331005]
token = "0x3333333333333333333333333333333333333333"
decimals = 0
[cash.USD]
token = "0x4444444444444444444444444444444444444444"
decimals = 6
"""


class Files(msgspec.Struct):
    data: Path
    trade: str
    message: Path
    chain: Path
    event: Path
    to: Path


@pytest.fixture(scope="module", params=["fin", "iso20022"])
def traded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A data folder with one trade, and the buyer's instruction as it left."""
    data = tmp_path_factory.mktemp("evidence") / "data"
    broker = Broker(str(data), messages={**MESSAGES, "form": request.param})
    trade = broker.trade()
    broker.playing.run(broker.playing.now + 12 * NS_PER_S)
    broker.playing.close()
    followed(data, Clocks())
    (message,) = [path for path in (data / "settlement" / "out").iterdir() if path.stem.endswith("B")]
    return data, trade, message


@pytest.fixture
def files(traded: tuple[Path, str, Path], tmp_path: Path) -> Files:
    """With what the settlement contract said of it."""
    chain = tmp_path / "chain.toml"
    chain.write_text(CHAIN)
    made = Files(*traded, chain, tmp_path / "event.json", tmp_path / "evidence.json")
    event(made)
    return made


def event(files: Files, **other: Any) -> None:
    """What the contract logged; `other`: values that it says instead."""
    chain = read_chain(files.chain)
    delivery = msgspec.structs.asdict(delivery_of(read_settlement(files.message.read_bytes()), chain))
    names = ("reference", "deliverer", "receiver", "asset", "quantity", "cash", "amount")
    values = {name: delivery[name] for name in names} | other
    log = write_log(Event("Settled", values, 77, "0x" + "ab" * 32, 3, time=1_795_000_000), chain.place)
    files.event.write_bytes(msgspec.json.encode(log))


def make(run: Run, files: Files) -> tuple[int, dict[str, Any]]:
    return run(
        "audit", "evidence", "make", "--data", str(files.data), "--trade", files.trade, "--side", "buy",
        "--message", str(files.message), "--chain", str(files.chain), "--event", str(files.event),
        "--to", str(files.to),
    )  # fmt: skip


def verify(run: Run, files: Files, raw: bytes | None = None) -> tuple[int, dict[str, Any]]:
    if raw is not None:
        files.to.write_bytes(raw)
    return run("audit", "evidence", "verify", str(files.to), "--vkey", str(files.data / "audit/keys/log.vkey"))


def test_message_event_record_and_postings_agree_field_by_field(files: Files, run: Run) -> None:
    code, told = make(run, files)
    assert code == 0, told
    assert verify(run, files) == (0, told)
    verdicts = {join["name"]: (join["verdict"], set(join["values"])) for join in told["joins"]}
    record = f"record-{files.trade.split('-')[1]}"
    places = {"message-1.amount", "event-1.amount", f"{record}.amount", f"{record}.posted_amount"}
    assert verdicts["amount"] == ("agrees", places)
    assert {
        verdicts[name][0] for name in ("reference", "trade", "order", "quantity", "price", "currency", "security")
    } == {"agrees"}
    assert told["not_proven"] == list(NOT_PROVEN)
    evidence = json.loads(files.to.read_text())
    leaves = {fact["source"]: fact["leaf"] for fact in evidence["facts"]}
    proofs = {source["id"]: source["proof"] for source in evidence["sources"]}
    assert all(leaves[name]["hash"] == proof["leaf_hash"] for name, proof in proofs.items() if proof)


def test_an_amount_that_the_chain_says_otherwise_is_named(files: Files, run: Run) -> None:
    event(files, amount=1)
    code, told = make(run, files)
    assert code == 1 and [join["name"] for join in told["joins"] if join["verdict"] == "differs"] == ["amount"]
    code, told = verify(run, files)
    assert (code, told["ok"], told["faults"]) == (1, False, [])


def change(evidence: dict[str, Any], source: str, edit: Callable[[bytes], bytes]) -> None:
    (found,) = [one for one in evidence["sources"] if one["id"].startswith(source)]
    found["content"] = base64.b64encode(edit(base64.b64decode(found["content"]))).decode()


@pytest.mark.parametrize(
    ("source", "old", "new", "fault"),
    [
        ("message", b"US0378331005", b"US5949181045", "field_differs"),
        ("event", b'"0x4d"', b'"0x4e"', "field_differs"),
        ("chain", b"decimals = 6", b"decimals = 5", "field_differs"),
    ],
)
def test_a_change_of_what_came_from_outside_is_located(
    files: Files, run: Run, source: str, old: bytes, new: bytes, fault: str
) -> None:
    make(run, files)
    evidence = json.loads(files.to.read_text())
    change(evidence, source, lambda raw: raw.replace(old, new))
    code, told = verify(run, files, json.dumps(evidence).encode())
    assert code == 1
    assert ("signature", "other_file") in {(one["where"], one["fault"]) for one in told["faults"]}
    assert any(one["where"].startswith(source) and one["fault"] == fault for one in told["faults"])


def test_a_record_that_was_changed_is_not_the_one_of_the_log(files: Files, run: Run) -> None:
    make(run, files)
    evidence = json.loads(files.to.read_text())
    change(evidence, "record", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]))
    code, told = verify(run, files, json.dumps(evidence).encode())
    assert code == 1
    assert {one["fault"] for one in told["faults"] if one["where"].startswith("record")} & {
        "record_differs",
        "unreadable",
    }


def test_a_fact_that_no_source_says_is_found_even_if_the_signer_signed_it(files: Files, run: Run) -> None:
    make(run, files)
    evidence = json.loads(files.to.read_text())
    evidence["facts"][-1]["value"] += "0"
    code, told = verify(run, files, json.dumps(evidence).encode())
    place = f"{evidence['facts'][-1]['source']}.{evidence['facts'][-1]['path']}"
    assert code == 1 and any((one["where"], one["fault"]) == (place, "field_differs") for one in told["faults"])


def test_another_key_a_removed_proof_and_a_swapped_one_are_named(files: Files, run: Run) -> None:
    make(run, files)
    good = json.loads(files.to.read_text())
    other = (files.data / "audit/keys/orders.vkey").read_text()
    code, told = run("audit", "evidence", "verify", str(files.to), "--vkey", other)
    assert code == 1 and ("signature", "not_signed") in {(one["where"], one["fault"]) for one in told["faults"]}
    records = [source for source in good["sources"] if source["kind"] in ("listing", "record")]
    records[-1]["proof"], records[0]["proof"] = records[0]["proof"], records[-1]["proof"]
    code, told = verify(run, files, json.dumps(good).encode())
    assert code == 1 and (records[-1]["id"], "record_differs") in {
        (one["where"], one["fault"]) for one in told["faults"]
    }
    records[-1]["proof"] = None
    code, told = verify(run, files, json.dumps(good).encode())
    assert code == 1 and (records[-1]["id"], "no_proof") in {(one["where"], one["fault"]) for one in told["faults"]}


def test_any_flipped_byte_is_refused_and_none_ends_in_a_bug(files: Files, run: Run) -> None:
    make(run, files)
    raw = files.to.read_bytes()
    for place in range(0, len(raw), max(1, len(raw) // 25)):
        if chr(raw[place]).isspace():
            continue
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        code, told = verify(run, files, flipped)
        assert code in (1, 2) and (told.get("faults") or told.get("error")), place


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--trade", "trd-999999-1"], "trade"),
        (["--trade", "ord-3"], "trade"),
        (["--message", "/nowhere"], "message"),
        (["--to", "/nowhere/x"], "to"),
    ],
)
def test_what_cannot_be_made_is_refused_by_field(files: Files, run: Run, words: list[str], field: str) -> None:
    given = {"--trade": files.trade, "--side": "buy", "--to": str(files.to)} | dict([words])
    code, told = run(
        "audit", "evidence", "make", "--data", str(files.data), *[w for pair in given.items() for w in pair]
    )
    assert (code, told["error"]["field"]) == (2, field)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"format":"isthmus-proof/1"}'])
def test_what_is_no_evidence_is_bad_use(tmp_path: Path, run: Run, raw: bytes) -> None:
    (tmp_path / "x.json").write_bytes(raw)
    code, told = run("audit", "evidence", "verify", str(tmp_path / "x.json"))
    assert code == 2 and told["error"]["reason"]
