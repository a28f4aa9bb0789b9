"""The vectors of RFC 9591, BIP-340 and BIP-67, and what happens when they are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main

RFC = {"ed25519": "ed25519-sha512", "ristretto255": "ristretto255-sha512", "secp256k1": "secp256k1-sha256"}
FILES = [f"rfc9591_{name}.json" for name in RFC.values()] + ["zf_secp256k1-tr_vectors.json"]


def signed(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["frost", "sign", "--vector", str(path), "--json", *words])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", FILES)
def test_a_vector_without_its_answers_gives_the_signature_it_stated(
    name: str, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vector = json.loads((test_data / "trust/frost" / name).read_text())
    expected = vector.pop("final_output")["sig"]
    assert signed(test_data / "trust/frost" / name, capsys)[0] == 0
    del vector["round_two_outputs"]
    (tmp_path / "v.json").write_text(json.dumps(vector))
    assert signed(tmp_path / "v.json", capsys) == (0, {"signature": expected, "verified": True, "signers": [1, 3]})
    for row in vector["round_one_outputs"]["outputs"]:
        del row["hiding_nonce"], row["binding_nonce"]
    suite = "secp256k1-tr" if "-tr" in name else vector["config"]["group"]
    (tmp_path / "v.json").write_text(json.dumps(vector))
    assert signed(tmp_path / "v.json", capsys, "--suite", suite)[1]["signature"] == expected


def test_a_stated_signature_that_differs_is_found(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vector = json.loads((test_data / "trust/frost" / FILES[0]).read_text())
    vector["final_output"]["sig"] = "00" * 64
    (tmp_path / "v.json").write_text(json.dumps(vector))
    code, answer = signed(tmp_path / "v.json", capsys)
    assert code == 1
    assert answer["difference"] == "the signature differs from the one stated"


def test_shares_of_another_key_are_refused(test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vector = json.loads((test_data / "trust/frost" / FILES[2]).read_text())
    vector["inputs"]["participant_shares"][0]["participant_share"] = "01" * 32
    vector["round_one_outputs"]["outputs"][0].pop("hiding_nonce")
    vector["round_one_outputs"]["outputs"][0].pop("binding_nonce")
    (tmp_path / "v.json").write_text(json.dumps(vector))
    code, answer = signed(tmp_path / "v.json", capsys)
    assert (code, answer["error"]["field"]) == (2, "wrong_key")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config":{"group":"ed25519"}}', '{"config":7,"inputs":[]}'])
def test_what_is_no_vector_is_bad_use(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "v.json").write_text(text)
    assert signed(tmp_path / "v.json", capsys)[0] == 2


@pytest.mark.parametrize(("name", "rows"), [("bip340_schnorr.csv", 19), ("bip67_sorted_multisig.json", 4)])
def test_every_row_of_the_bips_is_as_it_states(
    name: str, rows: int, test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["frost", "check", "--vectors", str(test_data / "trust/multisig" / name), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert (code, answer["ok"]) == (0, True)
    assert len(answer["rows"]) == rows


def test_a_signature_with_a_flipped_bit_differs(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (test_data / "trust/multisig/bip340_schnorr.csv").read_text().splitlines()
    lines[1] = lines[1].replace("E907831F", "E907831E")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    assert main(["frost", "check", "--vectors", str(tmp_path / "rows.csv"), "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"] for row in rows if not row["ok"]] == ["bip340/0"]


@pytest.mark.parametrize("suite", ["ed25519", "ristretto255", "secp256k1", "secp256k1-tr"])
def test_every_holder_of_a_vector_makes_the_share_and_the_key_it_states(
    suite: str, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = test_data / f"trust/frost/zf_{suite}_dkg.json"
    assert main(["frost", "check", "--vectors", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["name"] for row in rows] == [f"dkg/{suite}/{holder}" for holder in (1, 2, 3)]
    vector = json.loads(path.read_text())
    shares = vector["inputs"]["1"]["signing_shares"]
    shares["2"], shares["3"] = shares["3"], shares["2"]
    swapped = tmp_path / path.name
    swapped.write_text(json.dumps(vector))
    assert main(["frost", "check", "--vectors", str(swapped), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["rows"][0]["reason"].startswith("forged_share")
