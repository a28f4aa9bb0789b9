"""Values as the contract ABI has them: public vectors, the reference library as a twin, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import eth_abi
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.evm import abi
from isthmus.gateways.evm.keccak import checksummed, selector
from isthmus.gateways.evm.rows import abi_row
from isthmus.gateways.evm.types import Refused, Type, parse, parse_signature


def rows_in(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines() if line]


def test_every_shared_value_is_encoded_and_read_back(test_data: Path) -> None:
    rows = rows_in(test_data / "protocols/evm/ethers-abi.jsonl")
    assert rows
    for row in rows:
        asked = {name: value for name, value in row.items() if name != "encoded"}
        assert abi_row(asked) == {"name": row["name"], "encoded": row["encoded"], "error": None}
        read = abi_row({"type": row["type"], "encoded": row["encoded"]})
        assert (read["value"], read["error"]) == (row["value"], None)


def test_the_shared_document_of_the_ethereum_tests_is_encoded(test_data: Path) -> None:
    rows = msgspec.json.decode((test_data / "protocols/evm/ethereum-basic_abi_tests.json").read_bytes())
    assert rows
    for row in rows.values():
        assert abi_row(row)["encoded"] == "0x" + row["result"]


# Solidity documentation, "Contract ABI Specification", Examples.
def test_the_examples_of_the_specification() -> None:
    row = {"function": "sam(bytes name, bool z, uint[] data)", "values": ["0x64617665", True, [1, 2, 3]]}
    words = (0x60, 1, 0xA0, 4, 0x64617665 << 224, 3, 1, 2, 3)
    assert abi_row(row)["encoded"] == "0xa5643bf2" + "".join(f"{word:064x}" for word in words)
    back = abi_row({"function": row["function"], "encoded": abi_row(row)["encoded"]})
    assert back["value"] == ["0x64617665", True, ["1", "2", "3"]]
    assert abi_row({"function": "baz(uint32,bool)", "values": [69, True]})["encoded"].startswith("0xcdcd77c0")
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"


# EIP-55.
@pytest.mark.parametrize(
    "text",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_published_checksums_of_addresses(text: str) -> None:
    assert checksummed(bytes.fromhex(text[2:])) == text


WIDTHS = st.integers(1, 32).map(lambda count: 8 * count)


def kinds() -> st.SearchStrategy[Type]:
    atoms = st.one_of(
        st.builds(lambda size: Type("uint", size), WIDTHS),
        st.builds(lambda size: Type("int", size), WIDTHS),
        st.builds(lambda size: Type("fixed", size), st.integers(1, 32)),
        st.sampled_from([Type("bool"), Type("address"), Type("string"), Type("bytes")]),
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.builds(
                lambda part, count: Type("array", count=count, parts=(part,)), inner, st.sampled_from([None, 1, 3])
            ),
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: Type("tuple", parts=tuple(parts))),
        ),
        max_leaves=8,
    )


def values(kind: Type) -> st.SearchStrategy[Any]:
    if kind.kind == "array":
        fixed = kind.count
        return st.lists(values(kind.parts[0]), min_size=fixed or 0, max_size=3 if fixed is None else fixed)
    if kind.kind == "tuple":
        return st.tuples(*(values(part) for part in kind.parts)).map(list)
    if kind.kind == "uint":
        return st.integers(0, 2**kind.size - 1)
    if kind.kind == "int":
        return st.integers(-(2 ** (kind.size - 1)), 2 ** (kind.size - 1) - 1)
    if kind.kind == "address":
        return st.binary(min_size=20, max_size=20).map(checksummed)
    fixed_bytes = st.binary(min_size=kind.size, max_size=kind.size)
    plain = {"bool": st.booleans(), "string": st.text(max_size=70), "bytes": st.binary(max_size=70)}
    return plain.get(kind.kind, fixed_bytes)


VALUES = kinds().flatmap(lambda kind: st.tuples(st.just(kind), values(kind)))


def tupled(kind: Type, value: Any) -> Any:
    """The twin takes tuples where we take lists."""
    if kind.kind == "array":
        return [tupled(kind.parts[0], one) for one in value]
    if kind.kind == "tuple":
        return tuple(tupled(part, one) for part, one in zip(kind.parts, value, strict=True))
    return value


@given(VALUES)
def test_the_reference_library_encodes_the_same_and_what_was_encoded_is_read_back(drawn: tuple[Type, Any]) -> None:
    kind, value = drawn
    made = abi.encoded(kind, value)
    assert made == eth_abi.encode([kind.text], [tupled(kind, value)])
    assert abi.decoded(kind, made) == value
    assert parse(kind.text) == kind


@given(VALUES, st.data())
def test_changed_bytes_are_refused_or_are_the_one_encoding_of_another_value(
    drawn: tuple[Type, Any], data: st.DataObject
) -> None:
    kind, value = drawn
    made = bytearray(abi.encoded(kind, value))
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    changed = bytes(made[: data.draw(st.integers(0, len(made)))] if data.draw(st.booleans()) else made)
    try:
        read = abi.decoded(kind, changed)
    except Refused:
        return
    assert abi.encoded(kind, read) == changed


@given(st.text(alphabet="uintbyesadrolgpf0123456789()[], _x", max_size=40))
def test_no_text_breaks_the_reader_of_types(text: str) -> None:
    try:
        kind = parse(text)
    except Refused:
        return
    assert parse(kind.text).text == kind.text


@pytest.mark.parametrize(
    "text",
    [
        *("", "uint7", "uint264", "uint0", "bytes33", "bytes0", "fixed128x18", "Uint8", "tuple", "()", "[]"),
        *("uint8[0]", "uint8[-1]", "uint8[01]", "uint8[", "(uint8", "uint8)", "(uint8,)", "uint8,uint8"),
        *("uint8 a b", "(uint8 a,bool a)", "(" * 40 + "bool" + ")" * 40, "bool" + "[]" * 40),
        *("bool[" + "9" * 30 + "]", "bool" * 6_000, "bool[4294967296]", "(bytes,bool[9][4294967296][9])"),
    ],
)
def test_what_is_no_type_is_refused(text: str) -> None:
    answer = abi_row({"name": "n", "type": text, "value": 1})
    assert answer["encoded"] is None and answer["name"] == "n" and answer["error"].startswith("type: ")


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("uint8", 256, "value: 256 is out of the bounds of uint8"),
        ("uint8", -1, "value: -1 is out of the bounds of uint8"),
        ("int8", "128", "value: '128' is out of the bounds of int8"),
        ("uint256", str(2**256), f"value: '{2**256}'"[:60]),
        ("uint256", 10**300, "value: the number is out of the bounds"),
        ("uint8", {}, "value: an object is no whole number"),
        ("uint8", 1.0, "value: 1.0 is no whole number"),
        ("uint8", True, "value: True is no whole number"),
        ("uint8", "1e2", "value: '1e2' is no whole number"),
        ("uint8", "", "value: '' is no whole number"),
        ("uint8", "٣", "value: '٣' is no whole number"),
        ("uint8", None, "value: None is no whole number"),
        ("bool", 1, "value: 1 is neither true nor false"),
        ("bool", "true", "value: 'true' is neither true nor false"),
        ("address", "0x50", "value: '0x50' is no address"),
        (
            "address",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
            "value: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD has",
        ),
        ("bytes4", "0x010203", "value: has 3 bytes, bytes4 has 4"),
        ("bytes4", "0x0102030405", "value: has 5 bytes, bytes4 has 4"),
        ("bytes", "0x123", "value: '0x123' is not 0x and whole bytes"),
        ("bytes", "abc", "value: 'abc' is not 0x and whole bytes"),
        ("string", 5, "value: 5 is no text"),
        ("string", "\ud800", "value: holds half a character"),
        ("uint8[2]", [1], "value: has 1 elements, uint8[2] has 2"),
        ("uint8[]", 1, "value: is no list, which uint8[] is"),
        ("uint8[][2]", [[1], [2, 300]], "value[1][1]: 300 is out of the bounds of uint8"),
        ("(uint8,bool)", [1], "value: has 1 parts, (uint8,bool) has 2"),
        ("(uint8,(bool,string)[])", [1, [[True, "a"], [False, 2]]], "value[1][1][1]: 2 is no text"),
        ("(uint8 a,bool b)", {"a": 1}, "value.b: is missing"),
        ("(uint8 a,bool b)", {"a": 1, "b": True, "c": 2}, "value.c: is no part of the tuple"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_place(kind: str, value: Any, error: str) -> None:
    answer = abi_row({"type": kind, "value": value})
    assert answer["encoded"] is None and answer["error"].startswith(error)


@pytest.mark.parametrize(
    ("kind", "words", "reason"),
    [
        ("bool", [2], "2 is neither 0 nor 1"),
        ("uint8", [256], "out of the bounds"),
        ("address", [1 << 160], "more than the 20 bytes"),
        ("bytes4", [1], "more than the 4 bytes"),
        ("uint8", [], "ends after 0 of 32 bytes"),
        ("uint8", [1, 2], "32 bytes are left over"),
        ("bytes", [0x40, 0, 0], "its offset is 0x40"),
        ("bytes", [0, 0], "its offset is 0x0"),
        ("bytes", [0x20, 1, 1], "padded with other bytes"),
        ("bytes", [0x20, 2**255], "ends after 0"),
        ("string", [0x20, 1, 0xFF << 248], "is no UTF-8"),
        ("uint8[]", [0x20, 2**200, 1], "elements are announced, 32 bytes are there"),
        ("uint8[134217728]", [1], "134217728 elements are announced"),
    ],
)
def test_an_encoding_that_no_compiler_makes_is_refused(kind: str, words: list[int], reason: str) -> None:
    data = b"".join(word.to_bytes(32, "big") for word in words)
    answer = abi_row({"type": kind, "encoded": "0x" + data.hex()})
    assert reason in answer["error"] and "value" not in answer


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({}, "type: is missing"),
        ({"type": 5}, "type: is no text"),
        ({"type": "bool"}, "value: is missing"),
        ({"types": ["bool"], "values": []}, "values: has 0 elements for 1 types"),
        ({"types": "[", "values": []}, "types: is no list"),
        ({"types": ["bool"], "values": {}}, "values: is no list"),
        ({"types": ["bool", "bit"], "values": [True, 1]}, "types[1]: 'bit'"),
        ({"function": "f", "values": []}, "function: 'f' is no signature"),
        ({"function": "f(bool)g", "values": []}, "function: "),
        ({"function": "f(bool)", "encoded": "0x00000000"}, "encoded: does not begin with"),
        ({"function": "f(bool) returns (bool)", "values": [True]}, "function: "),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: dict[str, Any], error: str) -> None:
    assert abi_row(row)["error"].startswith(error)


def test_a_value_as_deep_as_a_row_can_be_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert abi_row({"type": "uint8", "value": deep})["error"] == "value: a list is no whole number"
    assert abi_row({"type": "uint8[]", "value": deep})["error"] == "value[0]: a list is no whole number"


def test_older_forms_of_rows_are_read() -> None:
    row = {"types": '["uint256","tuple(bytes4,string)"]', "normalizedValues": '["7",["0x01020304","a"]]'}
    assert (
        abi_row(row)["encoded"] == "0x" + eth_abi.encode(["uint256", "(bytes4,string)"], [7, (b"\1\2\3\4", "a")]).hex()
    )
    assert parse_signature("f()") == ("f", Type("tuple"))
    assert len(abi_row({"function": "f()", "values": []})["encoded"]) == 10
