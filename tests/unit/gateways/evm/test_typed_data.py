"""Data that wallets sign: public vectors, another library as a twin, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.evm.keccak import checksummed
from isthmus.gateways.evm.rows import typed_data_row
from isthmus.gateways.evm.typed_data import Structs, domain_separator, hashed

# The example of EIP-712.
MAIL: dict[str, Any] = {
    "name": "mail",
    "domain": {
        "name": "Ether Mail",
        "version": "1",
        "chainId": 1,
        "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
    },
    "primaryType": "Mail",
    "types": {
        "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person"},
            {"name": "contents", "type": "string"},
        ],
    },
    "data": {
        "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
        "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        "contents": "Hello, Bob!",
    },
}
MAIL_HASH = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def test_every_shared_message_is_hashed(test_data: Path) -> None:
    lines = (test_data / "protocols/evm/ethers-typed-data-eip712.jsonl").read_bytes().splitlines()
    assert lines
    for row in map(msgspec.json.decode, lines):
        answer = typed_data_row({name: value for name, value in row.items() if name not in ("digest", "encoded")})
        assert answer == {"name": row["name"], "hash": row["digest"], "encoded": row["encoded"], "error": None}


def test_the_example_of_the_standard() -> None:
    assert typed_data_row(MAIL)["hash"] == MAIL_HASH
    assert Structs(MAIL["types"]).described("Mail") == (
        "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    )
    assert domain_separator(MAIL["domain"]).hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"


def test_the_form_that_wallets_are_asked_with_is_the_same() -> None:
    asked = {name: value for name, value in MAIL.items() if name != "data"} | {"message": MAIL["data"]}
    asked["types"] = MAIL["types"] | {"EIP712Domain": DOMAIN}
    assert typed_data_row(asked)["hash"] == MAIL_HASH
    without = {name: value for name, value in MAIL.items() if name != "primaryType"}
    assert typed_data_row(without)["hash"] == MAIL_HASH, "the one struct that no other holds"


def test_a_struct_may_hold_arrays_of_itself() -> None:
    types = {"Tree": [{"name": "leaf", "type": "uint8"}, {"name": "twigs", "type": "Tree[]"}]}
    twig = {"leaf": 2, "twigs": []}
    tree = {"leaf": 1, "twigs": [twig, twig]}
    found = hashed({}, types, "Tree", tree)
    twin = encode_typed_data({}, types, tree)
    assert found.hash == keccak(b"\x19\x01" + twin.header + twin.body)


MEMBERS = {
    "uint8": st.integers(0, 255),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bool": st.booleans(),
    "string": st.text(max_size=40),
    "bytes": st.binary(max_size=40).map(lambda data: "0x" + data.hex()),
    "bytes7": st.binary(min_size=7, max_size=7).map(lambda data: "0x" + data.hex()),
    "address": st.binary(min_size=20, max_size=20).map(checksummed),
    "uint64[2][]": st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=2), max_size=3),
    "string[]": st.lists(st.text(max_size=9), max_size=3),
}


@st.composite
def messages(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    inner = draw(st.lists(st.sampled_from(sorted(MEMBERS)), min_size=1, max_size=4))
    outer = draw(st.lists(st.sampled_from([*sorted(MEMBERS), "Inner", "Inner[]", "Inner[2]"]), min_size=1, max_size=5))
    types = {
        name: [{"name": f"m{number}", "type": kind} for number, kind in enumerate(members)]
        for name, members in (("Inner", inner), ("Outer", outer))
    }

    def filled(members: list[str]) -> dict[str, Any]:
        return {f"m{number}": value(kind) for number, kind in enumerate(members)}

    def value(kind: str) -> Any:
        if kind == "Inner":
            return filled(inner)
        if kind.startswith("Inner"):
            return [filled(inner) for _ in range(2 if kind == "Inner[2]" else draw(st.integers(0, 2)))]
        return draw(MEMBERS[kind])

    return types, filled(outer)


@given(messages(), st.integers(0, 2**256 - 1))
def test_another_library_hashes_the_same(drawn: tuple[dict[str, Any], dict[str, Any]], chain: int) -> None:
    types, message = drawn
    used = {name: fields for name, fields in types.items() if name in Structs(types).held("Outer")}
    domain = {"name": "d", "chainId": chain}
    twin = encode_typed_data(domain, used, message)
    assert hashed(domain, types, "Outer", message).hash == keccak(b"\x19\x01" + twin.header + twin.body)


def changed(place: str, value: Any) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(MAIL))
    *way, last = place.split("/")
    at: Any = row
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return row


@pytest.mark.parametrize(
    ("place", "value", "error"),
    [
        ("data/contents", 5, "data.contents: 5 is no text"),
        ("data/contents", None, "data.contents: None is no text"),
        ("data/secret", 5, "data.secret: is no member of Mail"),
        ("data/from", None, "data.from: is no object, which Person is"),
        ("data/from/wallet", "0x12", "data.from.wallet: '0x12' is no address"),
        ("data", None, "data: is no object, which Mail is"),
        ("types", None, "types: is no object"),
        ("types/Mail/2/type", "uint", "types.Mail.contents: 'uint' is no type"),
        ("types/Mail/2/type", "uint7", "types.Mail.contents: 'uint7' is no type"),
        ("types/Mail/2/type", "Persona", "types.Mail.contents: 'Persona' is no type"),
        ("types/Mail/2/type", "uint8[0]", "types.Mail.contents: [0] is no length of an array"),
        ("types/Mail/2/type", "Person]", "types.Mail.contents: 'Person]' is no type"),
        ("types/Mail/2/type", "bool" + "[]" * 20, "types.Mail.contents: has more than 16 arrays"),
        ("types/Mail/2/name", "from", "types.Mail.from: is there twice"),
        ("types/Mail/2/name", "a b", "types.Mail[2].name: 'a b' is no name"),
        ("types/Mail/2", "x", "types.Mail[2]: has no name and type"),
        ("types/uint8", [], "types: 'uint8' is no name of a struct"),
        ("types/Mail", 7, "types.Mail: is no list"),
        ("types/EIP712Domain", DOMAIN[:3], "types.EIP712Domain: does not have the fields"),
        ("primaryType", "Post", "primaryType: 'Post' is none of the types"),
        ("domain", 3, "domain: is no object"),
        ("domain/chain", 3, "domain.chain: is no field of a domain"),
        ("domain/chainId", "x", "domain.chainId: 'x' is no whole number"),
        ("domain/salt", "0x00", "domain.salt: has 1 bytes, bytes32 has 32"),
    ],
)
def test_what_cannot_be_signed_is_refused_by_its_place(place: str, value: Any, error: str) -> None:
    answer = typed_data_row(changed(place, value))
    assert answer["hash"] is None and answer["encoded"] is None and answer["error"].startswith(error)
    assert answer["name"] == "mail"


def test_a_missing_member_a_short_array_and_endless_nesting_are_refused() -> None:
    row = changed("name", "mail")
    del row["data"]["to"]["name"]
    assert typed_data_row(row)["error"] == "data.to.name: is missing"
    types = {"A": [{"name": "a", "type": "uint8[2][]"}]}
    assert typed_data_row({"domain": {}, "types": types, "data": {"a": [[1, 2], [3]]}})["error"] == (
        "data.a[1]: has 1 elements, not 2"
    )
    types = {"A": [{"name": "a", "type": "A[]"}]}
    deep: dict[str, Any] = {"a": []}
    for _ in range(100):
        deep = {"a": [deep]}
    assert "is nested deeper than 64" in typed_data_row({"domain": {}, "types": types, "data": deep})["error"]
    both = {"A": [], "B": []}
    assert typed_data_row({"domain": {}, "types": both, "data": {}})["error"].startswith("primaryType: is missing")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("uint8"), st.just("Mail")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["domain", "primaryType", "types", "data", "types/Mail", "types/Mail/0", "data/from"]), JSON)
def test_no_json_breaks_the_hash(place: str, value: Any) -> None:
    answer = typed_data_row(changed(place, value))
    assert (answer["hash"] is None) is (answer["error"] is not None)
