import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.app.cli import main
from isthmus.engine.proofs import consistency_fault, inclusion_fault, leaf_hash


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size):
    return 1 << (size - 1).bit_length() - 1


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def path(index, leaves):
    """RFC 9162, section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def between(size, leaves, whole=True):
    """RFC 9162, section 2.1.4.1, word for word."""
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if size <= k:
        return [*between(size, leaves[:k], whole), root(leaves[k:])]
    return [*between(size - k, leaves[k:], False), root(leaves[:k])]


def trees(size):
    return [leaf_hash(bytes([place & 255, place >> 8])) for place in range(size)]


def test_every_leaf_of_every_small_tree_is_proven_by_the_path_of_the_rfc():
    for size in range(1, 40):
        leaves = trees(size)
        for index in range(size):
            assert inclusion_fault(index, size, leaves[index], path(index, leaves), root(leaves)) is None


def test_every_small_tree_begins_with_every_smaller_one():
    for size in range(1, 40):
        leaves = trees(size)
        for old in range(1, size + 1):
            was = root(leaves[:old])
            assert consistency_fault((old, was), (size, root(leaves)), between(old, leaves)) is None


@given(st.integers(2, 300), st.data())
def test_a_flipped_bit_anywhere_is_refused(size, data):
    leaves = trees(size)
    index = data.draw(st.integers(0, size - 1))
    parts = [leaves[index], root(leaves), *path(index, leaves)]
    which, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[which] = (int.from_bytes(parts[which], "big") ^ 1 << bit).to_bytes(32, "big")
    assert inclusion_fault(index, size, parts[0], parts[2:], parts[1]) == "other_root"
    assert inclusion_fault(index, size, parts[0], parts[2:-1], parts[1]) is not None
    assert inclusion_fault(size, size, parts[0], parts[2:], parts[1]) == "out_of_range"


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_no_size_and_no_length_of_a_proof_makes_it_panic(one, other, hashes):
    inclusion_fault(one, other, bytes(32), hashes, bytes(32))
    consistency_fault((one, bytes(32)), (other, bytes(32)), hashes)


def test_a_hash_of_another_length_is_refused_by_name():
    with pytest.raises(ValueError, match="proof has 31 bytes"):
        inclusion_fault(0, 2, bytes(32), [bytes(31)], bytes(32))


@pytest.mark.parametrize("what", ["inclusion", "consistency"])
def test_the_published_cases_are_judged_as_their_source_judges_them(what, test_data, capsys):
    cases = test_data / "trust" / "merkle" / f"{what}_proofs.json"
    assert main(["audit", "verify", what, "--cases", str(cases), "--json"]) == 0
    rows = {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    stated = json.loads(cases.read_text())
    assert rows.keys() == stated.keys()
    judged = {name: row["ok"] for name, row in rows.items()}
    assert judged == {name: not case["wantErr"] for name, case in stated.items()}
    assert all((row["reason"] is None) == row["ok"] for row in rows.values())


def test_a_case_that_states_another_verdict_ends_with_one_and_one_that_states_none_by_its_own(tmp_path, capsys):
    leaf = leaf_hash(b"x").hex()
    case = {"leafIdx": 0, "treeSize": 1, "root": leaf, "leafHash": leaf, "proof": None}
    for stated, code in (({}, 0), ({"wantErr": False}, 0), ({"wantErr": True}, 1)):
        file = tmp_path / "cases.json"
        file.write_text(json.dumps({"one": case | stated}))
        assert main(["audit", "verify", "inclusion", "--cases", str(file), "--json"]) == code
        assert json.loads(capsys.readouterr().out) == {"name": "one", "ok": True, "reason": None}


def test_what_is_no_hash_is_told_by_field(tmp_path, capsys):
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([{"leafIdx": 0, "treeSize": 1, "root": "AA==", "leafHash": "?", "proof": None}]))
    assert main(["audit", "verify", "inclusion", "--cases", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "unreadable: leafHash is neither base64 nor hexadecimal"
