"""A message between the nodes of two chains: delivered and inside its rule, proven without its content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from isthmus.app.cli import main
from isthmus.audit.zero import message as messages
from isthmus.audit.zero.message import Message, Node, NotTaken

Run = Callable[..., tuple[int, dict[str, Any]]]
FILE = f"""
[contract]
chain_id = 11155111
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
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
ROW: dict[str, Any] = {
    "settlement": {
        "reference": "ISTH-0815", "movement": "DELI", "isin": "US0378331005", "quantity": "250",
        "trade_date": "2026-01-05", "settlement_date": "2026-01-07", "amount": "48127.35", "currency": "USD",
        "delivering": ["DEUTDEFF"], "receiving": ["CHASUS33"],
    }
}  # fmt: skip
OTHER = FILE.replace("11155111", "10").replace("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "55" * 20)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands in a folder with both chains, a settlement and the keys of three nodes."""
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text(FILE)
    Path("b.toml").write_text(OTHER)
    Path("s.json").write_text(json.dumps(ROW))

    def answer(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["zk", "message", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    for name in "abc":
        assert answer("key", "--name", name)[0] == 0
    return answer


CHAINS = ("--from-chain", "a.toml", "--to-chain", "b.toml")
SEND = ("send", "--key", "a.key", "--to", "b.pub", "--settlement", "s.json", *CHAINS, "--out", "m.json")
RECEIVE = ("receive", "--key", "b.key", "--sender", "a.pub", "--message", "m.json", *CHAINS)
VERIFY = ("verify", "--message", "m.json", "--sender", "a.pub")
PROVEN = (*VERIFY, "--receipt", "r.json", "--receiver", "b.pub")
AMOUNT = round(float(ROW["settlement"]["amount"]) * 100)
RULE = ("--least", str(AMOUNT), "--most", str(AMOUNT + 1))


def name_of(told: dict[str, Any]) -> str:
    return str(told["reason"]).split(":")[0]


def test_a_message_is_delivered_and_its_rule_proven_without_its_content(run: Run) -> None:
    assert run("order", "--amount", str(AMOUNT), "--out", "order.json")[0] == 0
    assert run(*SEND, *RULE, "--order", "order.json")[0] == 0
    assert run(*VERIFY)[1]["delivered"] is False
    assert run(*RECEIVE, "--content", "got.json", "--out", "r.json")[0] == 0
    code, told = run(*PROVEN)
    assert (code, told["ok"], told["delivered"]) == (0, True, True)
    assert told["order"]
    assert (told["from"], told["to"]) == (11155111, 10)
    assert told["not_proven"]
    assert json.loads(Path("got.json").read_bytes()) == ROW
    assert {Path(name).stat().st_mode & 0o777 for name in ("got.json", "order.json", "a.key")} == {0o600}
    shown = Path("m.json").read_bytes() + Path("r.json").read_bytes()
    settlement = ROW["settlement"]
    for secret in (settlement["reference"], settlement["isin"], *settlement["delivering"], *settlement["receiving"]):
        assert secret.encode() not in shown


def test_a_rule_that_does_not_hold_is_not_proven(run: Run) -> None:
    for least, most in ((AMOUNT + 1, AMOUNT + 2), (0, AMOUNT - 1)):
        code, told = run(*SEND, "--least", str(least), "--most", str(most))
        assert (code, name_of(told)) == (1, "out_of_range")
    assert run("order", "--amount", str(AMOUNT + 1), "--out", "order.json")[0] == 0
    code, told = run(*SEND, *RULE, "--order", "order.json")
    assert (code, name_of(told)) == (1, "not_the_order")
    assert not Path("m.json").exists()


def test_a_receipt_is_given_once_and_by_the_receiver_alone(run: Run) -> None:
    assert run(*SEND, *RULE)[0] == 0
    wrong = ("receive", "--key", "c.key", "--sender", "a.pub", "--message", "m.json", *CHAINS)
    code, told = run(*wrong, "--content", "x.json", "--out", "x-r.json")
    assert (code, name_of(told)) == (1, "not_for_me")
    assert run(*RECEIVE, "--content", "got.json", "--out", "r.json")[0] == 0
    code, told = run(*RECEIVE, "--content", "again.json", "--out", "r.json")
    assert (code, told["error"]["field"]) == (2, "out")
    code, told = run(*VERIFY, "--receipt", "r.json", "--receiver", "c.pub")
    assert (code, name_of(told)) == (1, "other_receiver")


def test_chains_that_are_not_those_of_the_message_are_refused(run: Run) -> None:
    assert run(*SEND, *RULE)[0] == 0
    Path("a.toml").write_text(FILE.replace("11155111", "12"))
    code, told = run(*RECEIVE, "--content", "got.json", "--out", "r.json")
    assert (code, name_of(told)) == (1, "other_chain")
    Path("a.toml").write_text(FILE.replace("11" * 20, "66" * 20))
    code, told = run(*RECEIVE, "--content", "got.json", "--out", "r.json")
    assert (code, name_of(told)) == (1, "content_differs")
    assert not Path("r.json").exists()


def test_whatever_is_changed_in_a_message_is_refused_by_sender_key_or_by_proof(run: Run) -> None:
    assert run(*SEND, *RULE)[0] == 0
    sent = msgspec.json.decode(Path("m.json").read_bytes(), type=Message)
    sender = msgspec.json.decode(Path("a.pub").read_bytes(), type=Node)
    secret, impostor = messages.made_key("a")
    replace = msgspec.structs.replace
    changes: dict[str, Message] = {
        "least": replace(sent, head=replace(sent.head, least="0")),
        "most": replace(sent, head=replace(sent.head, most=str(AMOUNT + 2))),
        "sealed": replace(sent, sealed=sent.sealed[:-1] + b"x"),
        "receiver": replace(sent, head=replace(sent.head, receiver="c")),
        "proof": replace(sent, above=sent.below),
        "commitment": replace(sent, head=replace(sent.head, commitment=sent.above.parts[:32])),
    }
    for name, changed in changes.items():
        with pytest.raises(NotTaken) as refused:
            messages.check(changed, sender)
        assert refused.value.args[0] == "bad_signature", name
        unsigned = replace(changed, signature=b"")
        signed = replace(unsigned, signature=messages._signer(secret).sign(msgspec.json.encode(unsigned)))
        with pytest.raises(NotTaken) as refused:
            messages.check(signed, impostor)
        assert refused.value.args[0] in ("opening_fails", "range_fails"), name
    other = replace(sent.head, generators=sent.head.generators[::-1])
    unsigned = replace(sent, head=other, signature=b"")
    signed = replace(unsigned, signature=messages._signer(secret).sign(msgspec.json.encode(unsigned)))
    with pytest.raises(NotTaken) as refused:
        messages.check(signed, impostor)
    assert refused.value.args[0] == "wrong_generator"


def test_a_receipt_of_another_message_or_signer_is_refused(run: Run) -> None:
    assert run(*SEND, *RULE)[0] == 0
    assert run(*RECEIVE, "--content", "got.json", "--out", "r.json")[0] == 0
    Path("m.json").unlink()
    assert run(*SEND, *RULE)[0] == 0
    code, told = run(*PROVEN)
    assert (code, name_of(told)) == (1, "other_message")
    receipt = json.loads(Path("r.json").read_bytes())
    Path("r.json").write_text(json.dumps(receipt | {"received": "2026-01-01T00:00:00Z"}))
    code, told = run(*PROVEN)
    assert (code, name_of(told)) == (1, "bad_signature")


def test_bad_use_is_refused_by_name(run: Run) -> None:
    Path("a.key").chmod(0o640)
    code, told = run(*SEND, *RULE)
    assert (code, told["error"]["field"]) == (2, "key")
    Path("a.key").chmod(0o600)
    code, told = run(*SEND, "--least", "-1", "--most", "2")
    assert code == 2
    code, told = run(*SEND, "--least", "one", "--most", "2")
    assert (code, told["error"]["field"]) == (2, "least")
    Path("s.json").write_text("[]")
    code, told = run(*SEND, *RULE)
    assert (code, told["error"]["field"]) == (2, "settlement")


def test_a_nodes_key_and_an_opening_do_not_show_in_text(run: Run) -> None:
    secret, _ = messages.made_key("a")
    assert repr(secret) == "NodeKey('a')"
