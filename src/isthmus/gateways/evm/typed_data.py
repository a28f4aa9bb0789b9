"""Data that a wallet signs (EIP-712): the hash of a domain and a struct.

Source: EIP-712, "Typed structured data hashing and signing". As there, `uint` and `int` without a size are no types,
and a struct may hold others and arrays of itself. No value is ever left out: what is signed is whole, and what the hash
does not cover is refused.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from isthmus.gateways.evm.keccak import WORD_BYTES, keccak256
from isthmus.gateways.evm.types import COUNT_MAX, Refused, Type, atom, is_identifier
from isthmus.gateways.evm.words import letters, octets, word

PREFIX = b"\x19\x01"
DOMAIN = "EIP712Domain"
DOMAIN_FIELDS = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
"""In the order in which the standard has them."""
STRUCTS_MAX, MEMBERS_MAX, DEPTH_MAX, ARRAYS_MAX = 500, 1_000, 64, 16
_SUFFIX = re.compile(r"(.*)\[([0-9]*)\]", re.DOTALL)


class Hashed(msgspec.Struct, frozen=True):
    """`hash`: what is signed, 32 bytes. `encoded`: the struct's type hash and its members, a word each."""

    hash: bytes
    encoded: bytes


class Member(msgspec.Struct, frozen=True):
    """Of a struct. `counts` of its arrays from the inside out, None for any; the innermost is `plain` or a struct."""

    name: str
    type: str
    base: str
    plain: Type | None
    counts: tuple[int | None, ...]


def hashed(domain: Any, types: Any, primary: str | None, message: Any) -> Hashed:
    """`primary` None: the one struct that no other holds. Raises Refused that names the place."""
    structs = Structs(types)
    main = _primary(structs, primary)
    encoded = structs.encoded(main, message, "data", 0)
    separator = keccak256(_domain_encoded(structs, domain))
    if main == DOMAIN:
        return Hashed(keccak256(PREFIX + separator), encoded)
    return Hashed(keccak256(PREFIX + separator + keccak256(encoded)), encoded)


class Structs:
    """Struct types, looked through once. Raises Refused."""

    def __init__(self, types: Any) -> None:
        if not isinstance(types, dict) or len(types) > STRUCTS_MAX:
            raise Refused("types", f"is no object of at most {STRUCTS_MAX} structs")
        for name in types:
            if not is_identifier(name) or atom(name) is not None:
                raise Refused("types", f"{name!r} is no name of a struct")
        self.members: dict[str, list[Member]] = {name: _members(name, fields) for name, fields in types.items()}
        for name, members in self.members.items():
            for member in members:
                if member.plain is None and member.base not in types:
                    raise Refused(f"types.{name}.{member.name}", f"{member.base!r} is no type")
        self._hashes: dict[str, bytes] = {}

    def type_hash(self, name: str) -> bytes:
        """Of the struct's type, with all that it holds."""
        if name not in self._hashes:
            self._hashes[name] = keccak256(self.described(name).encode())
        return self._hashes[name]

    def described(self, name: str) -> str:
        """encodeType: the struct, then those it holds by their names."""
        others = sorted(self.held(name) - {name})
        return "".join(
            f"{one}({','.join(f'{member.type} {member.name}' for member in self.members[one])})"
            for one in [name, *others]
        )

    def held(self, name: str) -> set[str]:
        """All structs that are in this one, with itself."""
        found, waiting = {name}, [name]
        while waiting:
            for member in self.members[waiting.pop()]:
                if member.plain is None and member.base not in found:
                    found.add(member.base)
                    waiting.append(member.base)
        return found

    def encoded(self, name: str, value: Any, place: str, depth: int) -> bytes:
        """Type hash and encodeData."""
        if depth > DEPTH_MAX:
            raise Refused(place, f"is nested deeper than {DEPTH_MAX}")
        if not isinstance(value, dict):
            raise Refused(place, f"is no object, which {name} is")
        members = self.members[name]
        known = {member.name for member in members}
        for given in value:
            if given not in known:
                raise Refused(f"{place}.{given}"[:200], f"is no member of {name}")
        made = [self.type_hash(name)]
        for member in members:
            if member.name not in value:
                raise Refused(f"{place}.{member.name}", "is missing")
            made.append(self._element(member, member.counts, value[member.name], (f"{place}.{member.name}", depth)))
        return b"".join(made)

    def _element(self, member: Member, counts: tuple[int | None, ...], value: Any, at: tuple[str, int]) -> bytes:
        """One word."""
        place, depth = at
        if counts:
            return keccak256(self._array(member, counts, value, at))
        if member.plain is None:
            return keccak256(self.encoded(member.base, value, place, depth + 1))
        if member.plain.kind in ("bytes", "string"):
            return keccak256(octets(value, place) if member.plain.kind == "bytes" else letters(value, place))
        return word(member.plain, value, place)

    def _array(self, member: Member, counts: tuple[int | None, ...], value: Any, at: tuple[str, int]) -> bytes:
        place, depth = at
        if not isinstance(value, list):
            raise Refused(place, f"is no list, which {member.type} is")
        if counts[-1] is not None and len(value) != counts[-1]:
            raise Refused(place, f"has {len(value)} elements, not {counts[-1]}")
        return b"".join(
            self._element(member, counts[:-1], one, (f"{place}[{number}]", depth)) for number, one in enumerate(value)
        )


def _members(name: str, fields: Any) -> list[Member]:
    place = f"types.{name}"
    if not isinstance(fields, list) or len(fields) > MEMBERS_MAX:
        raise Refused(place, f"is no list of at most {MEMBERS_MAX} members")
    found: dict[str, Member] = {}
    for number, field in enumerate(fields):
        said = (field.get("name"), field.get("type")) if isinstance(field, dict) else (None, None)
        if not isinstance(said[0], str) or not isinstance(said[1], str):
            raise Refused(f"{place}[{number}]", "has no name and type")
        if not is_identifier(said[0]):
            raise Refused(f"{place}[{number}].name", f"{said[0][:60]!r} is no name")
        if said[0] in found:
            raise Refused(f"{place}.{said[0]}", "is there twice")
        found[said[0]] = _member(said[0], said[1], f"{place}.{said[0]}")
    return list(found.values())


def _member(name: str, written: str, place: str) -> Member:
    base, counts = written, []
    while (suffix := _SUFFIX.fullmatch(base)) is not None:
        base, digits = suffix[1], suffix[2]
        if digits and (digits[0] == "0" or len(digits) > 10 or int(digits) > COUNT_MAX):
            raise Refused(place, f"[{digits[:20]}] is no length of an array")
        counts.append(int(digits) if digits else None)
        if len(counts) > ARRAYS_MAX:
            raise Refused(place, f"has more than {ARRAYS_MAX} arrays within each other")
    plain = None if base in ("uint", "int", "function") else atom(base)
    if plain is None and not is_identifier(base):
        raise Refused(place, f"{base[:60]!r} is no type")
    return Member(name, written, base, plain, tuple(reversed(counts)))


def _primary(structs: Structs, primary: str | None) -> str:
    if primary is None:
        inside = {member.base for name, members in structs.members.items() for member in members if member.base != name}
        roots = [name for name in structs.members if name not in inside and name != DOMAIN]
        if len(roots) != 1:
            raise Refused("primaryType", "is missing, and more than one struct or none could be it")
        return roots[0]
    if primary not in structs.members:
        raise Refused("primaryType", f"{str(primary)[:60]!r} is none of the types")
    return primary


def _domain_encoded(structs: Structs, domain: Any) -> bytes:
    """The domain has the fields that it gives; one that the types describe must be just so."""
    if not isinstance(domain, dict):
        raise Refused("domain", "is no object")
    given = {name: value for name, value in domain.items() if value is not None}
    for name in given:
        if name not in DOMAIN_FIELDS:
            raise Refused(f"domain.{name}"[:200], "is no field of a domain")
    fields = [{"name": name, "type": kind} for name, kind in DOMAIN_FIELDS.items() if name in given]
    if DOMAIN in structs.members:
        said = [{"name": member.name, "type": member.type} for member in structs.members[DOMAIN]]
        if said != fields:
            raise Refused(f"types.{DOMAIN}", "does not have the fields that the domain gives, in the standard's order")
    return Structs({DOMAIN: fields}).encoded(DOMAIN, given, "domain", 0)


def domain_separator(domain: dict[str, Any]) -> bytes:
    """32 bytes. Raises Refused."""
    made = keccak256(_domain_encoded(Structs({}), domain))
    assert len(made) == WORD_BYTES
    return made
