"""Particulars of a holder: sealed under the client's key, every act on record, and gone with the key for good."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.audit.order_journals import Told

from isthmus.app.cli import main
from isthmus.audit.client_keys import key_path, made_key
from isthmus.audit.entry_log import PARTICULARS, entries
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.lines import Lines
from isthmus.audit.logged_lines import entry_of
from isthmus.audit.particulars import Particulars, parse, table
from isthmus.audit.retention import ERASURES, Asked, Erasure, erase
from isthmus.audit.sealed_particulars import FOLDER, RECORD, Sealed, accesses, seal, unseal
from isthmus.kernel import messages
from isthmus.kernel.errors import BadInput, Damaged

ANN: dict[str, Any] = {
    "kind": "natural",
    "given_names": ["Anneliese", "Maria"],
    "family_names": ["von Straßburg"],
    "birth_date": "1971-03-29",
    "nationalities": ["US", "DE"],
    "identifier_kind": "CONCAT",
    "branch_country": "GB",
    "postal_address": "Lindenallee 17, 10117 Berlin",
    "email": "anneliese@example.org",
    "phone": "+49301234567",
}
FIRM = {"kind": "legal", "name": "Example Harvest Company", "lei": "5493001KJTIIGC8Y1R12"}
WHO = ("--by", "joe", "--reason", "account opened")
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def ran(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["audit", "particulars", *words, "--data", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ran


@pytest.fixture
def kept(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A folder where acc-16 is Ann's and acc-17 a firm's."""
    inputs = tmp_path_factory.mktemp("inputs")
    for account, told in (("acc-16", ANN), ("acc-17", FIRM)):
        (inputs / account).write_text(json.dumps(told))
        assert run("set", "--account", account, "--file", str(inputs / account), *WHO)[0] == 0
    return run


def shown(run: Run, account: str = "acc-16") -> tuple[int, dict[str, Any]]:
    return run("show", "--account", account, "--by", "joe", "--reason", "asked by the client")


def in_clear(data: Path) -> list[str]:
    """Particulars that stand in a file of the folder, in any case of letters."""
    words = [
        *ANN["given_names"],
        "Straßburg",
        "1971-03-29",
        "19710329",
        "Lindenallee",
        "anneliese",
        "4930123",
        "Harvest",
    ]
    held = b"\n".join(path.read_bytes() for path in data.rglob("*") if path.is_file()).lower()
    return [word for word in words if word.lower().encode() in held]


def destroyed(data: Path) -> None:
    """The erasure of acc-16, long after."""
    import datetime as dt

    asked = Asked("joe", "asked by the client", "2099-01-01T00:00:00.000000000Z")
    erase(data, "acc-16", (dt.date(2026, 1, 1), 0), shipped(), asked)


def test_what_was_set_is_shown_and_every_act_is_on_record_and_under_a_signed_head(kept: Run, tmp_path: Path) -> None:
    code, told = shown(kept)
    assert (code, told["particulars"], told["version"], told["by"]) == (0, ANN, 1, "joe")
    record = accesses(tmp_path)
    assert [(line.act, line.versions, line.reason) for line in record] == [
        ("set", {"acc-16": 1}, "account opened"),
        ("set", {"acc-17": 1}, "account opened"),
        ("show", {"acc-16": 1}, "asked by the client"),
    ]
    assert told["recorded_as"] == 2 and [entry_of(line) for line in record] == entries(tmp_path, PARTICULARS)
    assert main(["audit", "verify", "log", str(tmp_path / "audit/log/particulars")]) == 0


def test_a_person_reads_it_and_is_told_that_reading_is_recorded(
    kept: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["show", "--account", "acc-16", "--by", "joe", "--reason", "x", "--data", str(tmp_path)]
    assert main(["audit", "particulars", *words]) == 0
    said = capsys.readouterr().out
    assert "Anneliese, Maria" in said and "this reading is on record" in said


def test_a_list_says_who_has_versions_and_nothing_of_them(
    kept: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps({**ANN, "phone": "+4911"}).encode())))
    assert kept("set", "--account", "acc-16", "--file", "-", *WHO)[1]["version"] == 2
    code, told = kept("list")
    assert code == 0 and [(row["account"], row["version"]) for row in told["accounts"]] == [
        ("acc-16", 2),
        ("acc-17", 1),
    ]
    assert "Anneliese" not in json.dumps(told)
    assert shown(kept)[1]["particulars"]["phone"] == "+4911"
    assert main(["audit", "particulars", "list", "--data", str(tmp_path)]) == 0


def test_no_particular_lies_in_clear_anywhere_before_or_after_the_erasure(kept: Run, tmp_path: Path) -> None:
    key = key_path(tmp_path, "acc-16").read_bytes()
    shown(kept)
    assert in_clear(tmp_path) == []
    destroyed(tmp_path)
    assert in_clear(tmp_path) == []
    assert all(key not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_erased_key_takes_the_particulars_away_and_nobody_elses(kept: Run, tmp_path: Path) -> None:
    destroyed(tmp_path)
    code, told = shown(kept)
    assert code == 1 and told["erased_on"].startswith("2099-01-01") and told["particulars"] is None
    assert [row["erased_on"] is None for row in kept("list")[1]["accounts"]] == [False, True]
    assert shown(kept, "acc-17")[1]["particulars"] == FIRM
    made_key(tmp_path, "acc-16", "trail")
    assert shown(kept)[0] == 1


def test_an_account_that_never_traded_is_kept_from_its_particulars_on(
    kept: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--by", "joe", "--reason", "x", "--data", str(tmp_path), "--json")
    assert main(["audit", "erase", "--account", "acc-16", *asked]) == 2
    assert "is retained until" in capsys.readouterr().out
    assert main(["audit", "erase", "--account", "acc-18", *asked]) == 2
    assert "no row of acc-18" in capsys.readouterr().out


def line_of(data: Path, account: str) -> Sealed:
    import msgspec

    return msgspec.json.decode((data / FOLDER / f"{account}.ndjson").read_bytes(), type=Sealed)


def other_key(data: Path) -> None:
    key_path(data, "acc-16").write_bytes(bytes(32))


def no_key(data: Path) -> None:
    key_path(data, "acc-16").unlink()


def swapped_file(data: Path) -> None:
    (data / FOLDER / "acc-16.ndjson").write_bytes((data / FOLDER / "acc-17.ndjson").read_bytes())


def renamed_line(data: Path) -> None:
    raw = (data / FOLDER / "acc-17.ndjson").read_bytes()
    (data / FOLDER / "acc-16.ndjson").write_bytes(raw.replace(b"acc-17", b"acc-16"))


def flipped(data: Path) -> None:
    path = data / FOLDER / "acc-16.ndjson"
    raw = bytearray(path.read_bytes())
    at = raw.index(b'"sealed":"') + 20
    raw[at] = ord("A") if raw[at] != ord("A") else ord("B")
    path.write_bytes(raw)


def cut(data: Path) -> None:
    path = data / FOLDER / "acc-16.ndjson"
    path.write_bytes(path.read_bytes()[:-2])


def cut_record(data: Path) -> None:
    path = data / RECORD
    path.write_bytes(path.read_bytes()[:-2])


def changed_record(data: Path) -> None:
    path = data / RECORD
    path.write_bytes(path.read_bytes().replace(b"joe", b"jim", 1))


def loose_file(data: Path) -> None:
    (data / FOLDER / "acc-16.ndjson").chmod(0o640)


def loose_record(data: Path) -> None:
    (data / RECORD).chmod(0o604)


def loose_key(data: Path) -> None:
    key_path(data, "acc-16").chmod(0o640)


@pytest.mark.parametrize(
    ("harm", "code", "name"),
    [
        (other_key, 2, "wrong_key"),
        (no_key, 2, "no_key"),
        (swapped_file, 1, "swapped_record"),
        (renamed_line, 1, "changed_record"),
        (flipped, 1, "changed_record"),
        (cut, 1, "cut_file"),
        (cut_record, 1, "cut_file"),
        (changed_record, 1, "changed_record"),
        (loose_file, 2, "loose_permissions"),
        (loose_record, 2, "loose_permissions"),
        (loose_key, 2, "loose_permissions"),
    ],
)
def test_what_is_not_as_it_was_sealed_is_refused_by_name_and_shows_nothing(
    kept: Run, tmp_path: Path, harm: Callable[[Path], None], code: int, name: str
) -> None:
    harm(tmp_path)
    refused, told = shown(kept)
    assert refused == code and told["error"]["reason"].startswith(name), told
    assert "Anneliese" not in json.dumps(told)


def test_a_version_that_a_kill_kept_from_the_record_does_not_count(
    kept: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = seal(("acc-16", 2), key_path(tmp_path, "acc-16").read_bytes(), parse(json.dumps(FIRM).encode()), bytes(12))
    Lines(tmp_path / FOLDER / "acc-16.ndjson", Sealed, private=True).add(stray)
    assert shown(kept)[1]["particulars"] == ANN
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps({**ANN, "phone": "+4911"}).encode())))
    assert kept("set", "--account", "acc-16", "--file", "-", *WHO)[1]["version"] == 2
    assert shown(kept)[1]["particulars"]["phone"] == "+4911"


def test_files_and_keys_are_for_their_owner_alone(kept: Run, tmp_path: Path) -> None:
    held = [*(tmp_path / FOLDER).iterdir(), *(tmp_path / "audit/keys/clients").iterdir()]
    assert len(held) == 5 and {path.stat().st_mode & 0o777 for path in held} == {0o600}


PERSON = parse(json.dumps(ANN).encode())


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=12, max_size=12), st.integers(1, 2**40), st.data())
def test_a_sealed_line_opens_for_its_account_version_and_key_alone(
    key: bytes, nonce: bytes, version: int, drawn: st.DataObject
) -> None:
    import msgspec

    line = seal(("acc-16", version), key, PERSON, nonce)
    assert unseal(line, "acc-16", key) == PERSON
    with pytest.raises(Damaged, match="swapped_record"):
        unseal(line, "acc-17", key)
    at = drawn.draw(st.integers(0, len(line.sealed) - 1))
    bit = 1 << drawn.draw(st.integers(0, 7))
    harmed = line.sealed[:at] + bytes([line.sealed[at] ^ bit]) + line.sealed[at + 1 :]
    renamed = msgspec.structs.replace(line, account="acc-17")
    for other, account, secret in (
        (msgspec.structs.replace(line, sealed=harmed), "acc-16", key),
        (msgspec.structs.replace(line, version=version + 1), "acc-16", key),
        (msgspec.structs.replace(line, nonce=b""), "acc-16", key),
        (renamed, "acc-17", key),
        (line, "acc-16", bytes(byte ^ 1 for byte in key)),
    ):
        with pytest.raises(Damaged, match="changed_record"):
            unseal(other, account, secret)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "robot"}, "kind"),
        ({"given_names": []}, "given_names"),
        ({"given_names": ["a,b"]}, "given_names"),
        ({"given_names": ["a\uffff"]}, "given_names"),
        ({"postal_address": "a\nb"}, "postal_address"),
        ({"given_names": ["x" * 141]}, "given_names"),
        ({"birth_date": "1971-02-30"}, "birth_date"),
        ({"birth_date": "29.3.1971"}, "birth_date"),
        ({"nationalities": ["Germany"]}, "nationalities"),
        ({"nationalities": []}, "nationalities"),
        ({"identifier_kind": "NIDN", "identifier": "1"}, "identifier_kind"),
        ({"identifier": "X1"}, "identifier"),
        ({"nationalities": ["IT"], "identifier_kind": "NIDN"}, "identifier"),
        ({"lei": FIRM["lei"]}, "lei"),
        ({"family_names": ["Παπάς"]}, "family_names"),
        ({"email": "anneliese"}, "email"),
        ({"phone": 7}, "phone"),
        ({"Anneliese": 1}, "file"),
        ({**dict.fromkeys(ANN), **FIRM}, "given_names"),
    ],
)
def test_what_is_no_particular_is_refused_by_its_field_and_not_repeated(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(json.dumps({**ANN, **change}).encode())
    assert refused.value.field == field
    assert "Anneliese" not in str(refused.value) and "29.3" not in str(refused.value)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"\xff", b"[" * 10_000, json.dumps({**FIRM, "lei": "5493001KJTIIGC8Y1R13"})]
)
def test_what_is_no_json_or_no_lei_is_refused(raw: bytes | str) -> None:
    with pytest.raises(BadInput):
        parse(raw if isinstance(raw, bytes) else raw.encode())


@given(st.binary(max_size=64))
def test_no_byte_string_breaks_the_reader(raw: bytes) -> None:
    with pytest.raises(BadInput):
        parse(raw)


def test_the_table_has_every_field_with_its_source_and_a_holder_shows_himself_in_no_text() -> None:
    assert set(table()) == set(Particulars.__struct_fields__)
    assert all(field.source and field.of for field in table().values())
    assert "Anneliese" not in repr(PERSON) + str(PERSON)


REFERENCE = """
lei = "5493001KJTIIGC8Y1R12"
venues = { house = "XISM" }
people = { client = "NORE" }
instruments = { ABC = { isin = "US0378331005" } }
rts22 = { investment_firm = true, transmitted = false, securities_financing = false }
"""


def test_a_report_has_persons_where_access_is_given_and_the_access_is_on_record(
    tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = Told(tmp_path)
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    broker.engine.close()
    inputs, out = tmp_path / "inputs.json", tmp_path / "report.xml"
    for account, told in ((broker.ann, ANN), (broker.bob, {**ANN, "birth_date": "1980-01-01"})):
        inputs.write_text(json.dumps(told))
        assert run("set", "--account", f"acc-{account}", "--file", str(inputs), *WHO)[0] == 0
    inputs.write_text(REFERENCE)
    assert main(["audit", "store", "rebuild", "--data", str(tmp_path)]) == 0
    words = [
        "audit",
        "export",
        "--day",
        "2025-11-29",
        "--as",
        "rts22",
        "--reference",
        str(inputs),
        "--data",
        str(tmp_path),
    ]

    def exported(code: int, *more: str) -> Any:
        capsys.readouterr()
        assert main([*words, "--out", str(out), *more, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    assert [row["reason"] for row in exported(1)["refused"]] == ["unknown"]
    assert exported(2, "--particulars")["error"]["field"] == "by"
    assert exported(2, "--particulars", *WHO, "--as", "cat")["error"]["field"] == "particulars"
    assert exported(0, "--particulars", "--by", "joe", "--reason", "report of the day")["rows"] == 1
    assert "<Id>DE19710329ANNELSTRAS</Id>" in out.read_text() and out.stat().st_mode & 0o777 == 0o600
    last = accesses(tmp_path)[-1]
    assert (last.act, last.reason) == ("export", "report of the day")
    assert last.versions == {f"acc-{broker.ann}": 1, f"acc-{broker.bob}": 1}
    key_path(tmp_path, f"acc-{broker.ann}").unlink()
    erased = Erasure(f"acc-{broker.ann}", "done", 99, "joe", "x", "2099-01-01T00:00:00.000000000Z", "", [])
    Lines(tmp_path / ERASURES, Erasure).add(erased)
    refused = exported(1, "--particulars", *WHO)["refused"]
    assert [(row["field"], row["reason"]) for row in refused] == [("Buyr", "erased")]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["show", "--account", "acc-99", *WHO], "account"),
        (["show", "--account", "../x", *WHO], "account"),
        (["show", "--account", "acc-16"], "by"),
        (["set", "--account", "acc-16", "--file", "/nowhere", *WHO], "file"),
    ],
)
def test_who_asks_without_a_name_or_for_nobody_is_refused(run: Run, words: list[str], field: str) -> None:
    code, told = run(*words)
    assert (code, told["error"]["field"]) == (2, field)
