"""Types of the contract ABI, from text like `(uint256 amount,bytes32[2])[]`.

Source: Solidity documentation, "Contract ABI Specification", sections Types and Formal Specification of the Encoding.
Not taken, as no compiler makes them: `fixed` and `ufixed`, arrays of length 0, empty tuples.
"""

from __future__ import annotations

import re

import msgspec

TYPE_CHARS_MAX = 20_000
DEPTH_MAX = 32
"""Tuples and arrays within each other."""
COUNT_MAX = 1 << 32
"""Elements of an array of fixed length."""
HEAD_BYTES_MAX = 1 << 32
"""Of what has a fixed length: no contract could take more."""
WORD = 32

_WORD_OR_MARK = re.compile(r"\s*([A-Za-z_$][A-Za-z0-9_$]*|\[[0-9]*\]|[(),])")
_ATOM = re.compile(r"(uint|int|bytes)([1-9][0-9]{0,2})?")
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
PLAIN = ("bool", "address", "string")


class Refused(ValueError):
    """A type, value or encoding that cannot be used. `field` names the place."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Type(msgspec.Struct, frozen=True):
    """`kind` is uint, int (`size` bits), fixed (`size` bytes), bool, address, string, bytes, array or tuple. An array
    has one part and a `count`, None where it varies; `names` of a tuple's parts are empty where it gave none. The last
    two fields follow from the others.
    """

    kind: str
    size: int = 0
    count: int | None = None
    parts: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()
    dynamic: bool = False
    """Whether an offset stands in its place, and it behind."""
    head_bytes: int = 0
    """Bytes in the place where it stands."""

    @property
    def text(self) -> str:
        """The canonical name, which signatures are made of."""
        if self.kind == "array":
            return f"{self.parts[0].text}[{'' if self.count is None else self.count}]"
        if self.kind == "tuple":
            return f"({','.join(part.text for part in self.parts)})"
        if self.kind == "fixed":
            return f"bytes{self.size}"
        return f"{self.kind}{self.size or ''}"

    def __post_init__(self) -> None:
        """Both are known from the parts: asked for each element, they would cost as much as the type is deep."""
        dynamic = self.kind in ("string", "bytes") or any(part.dynamic for part in self.parts)
        head_bytes = WORD
        if self.kind == "array":
            dynamic = dynamic or self.count is None
            head_bytes = self.parts[0].head_bytes * (self.count or 1)
        elif self.kind == "tuple":
            head_bytes = sum(part.head_bytes for part in self.parts)
        msgspec.structs.force_setattr(self, "dynamic", dynamic)
        msgspec.structs.force_setattr(self, "head_bytes", WORD if dynamic else head_bytes)


def atom(word: str) -> Type | None:
    """An elementary type by its name; None if there is none. `uint` and `int` have 256 bits."""
    if word in PLAIN or word == "bytes":
        return Type(word)
    if word == "function":  # an address and a selector
        return Type("fixed", 24)
    found = _ATOM.fullmatch(word)
    if found is None:
        return None
    kind, size = found[1], int(found[2] or 256)
    if kind == "bytes":
        return Type("fixed", size) if size <= WORD else None
    return Type(kind, size) if size <= 256 and size % 8 == 0 else None


def is_identifier(text: str) -> bool:
    """Whether it may name a member or a struct."""
    return _IDENTIFIER.fullmatch(text) is not None


def parse(text: str, field: str = "type") -> Type:
    """Raises Refused."""
    if len(text) > TYPE_CHARS_MAX:
        raise Refused(field, f"is longer than {TYPE_CHARS_MAX} characters")
    reader = _Reader(text, field)
    found, name = reader.component(0)
    if name or reader.rest:
        raise Refused(field, f"{text[:200]!r} is no type: {(name or reader.rest[0])!r} is too much")
    return found


def parse_signature(text: str, field: str = "function") -> tuple[str, Type]:
    """Name and parameters of `name(type name,...)`. Raises Refused."""
    name, bracket, _ = text.partition("(")
    if not bracket or not is_identifier(name.strip()):
        raise Refused(field, f"{text[:200]!r} is no signature like transfer(address,uint256)")
    inside = text[len(name) :]
    if inside.replace(" ", "") == "()":
        return name.strip(), Type("tuple")
    parameters = parse(inside, field)
    if parameters.kind != "tuple":
        raise Refused(field, f"{text[:200]!r} has no list of parameters")
    return name.strip(), parameters


class _Reader:
    """Words and marks of the text, from the left."""

    def __init__(self, text: str, field: str) -> None:
        self._field = field
        self._text = text
        self.rest: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            found = _WORD_OR_MARK.match(text, place)
            if found is None:
                raise self._refused(f"character {place + 1} cannot stand there")
            self.rest.append(found[1])
            place = found.end()
        self.rest.reverse()

    def component(self, depth: int) -> tuple[Type, str]:
        """A type and its name, empty where it has none."""
        if depth > DEPTH_MAX:
            raise self._refused(f"is nested deeper than {DEPTH_MAX}")
        word = self._next()
        if word == "tuple" and self._sees("("):
            word = self._next()
        found = self._tuple(depth) if word == "(" else self._atom(word)
        while self.rest and self.rest[-1][0] == "[":
            depth += 1
            if depth > DEPTH_MAX:
                raise self._refused(f"is nested deeper than {DEPTH_MAX}")
            found = Type("array", count=self._count(self.rest.pop()), parts=(found,))
            self._require_bounded(found)
        named = bool(self.rest) and is_identifier(self.rest[-1])
        return found, self.rest.pop() if named else ""

    def _tuple(self, depth: int) -> Type:
        parts: list[Type] = []
        names: list[str] = []
        while True:
            part, name = self.component(depth + 1)
            if name and name in names:
                raise self._refused(f"{name!r} is there twice")
            parts.append(part)
            names.append(name)
            mark = self._next()
            if mark == ")":
                found = Type("tuple", parts=tuple(parts), names=tuple(names) if all(names) else ())
                self._require_bounded(found)
                return found
            if mark != ",":
                raise self._refused(f"{mark!r} stands where a comma or a bracket is awaited")

    def _atom(self, word: str) -> Type:
        found = atom(word)
        if found is None:
            raise self._refused(f"{word!r} is no type")
        return found

    def _count(self, mark: str) -> int | None:
        if mark == "[]":
            return None
        if mark[1] == "0" or len(mark) > 12 or int(mark[1:-1]) > COUNT_MAX:
            raise self._refused(f"{mark} is no length of an array")
        return int(mark[1:-1])

    def _require_bounded(self, found: Type) -> None:
        if found.head_bytes > HEAD_BYTES_MAX:
            raise self._refused(f"has more than {HEAD_BYTES_MAX} bytes")

    def _sees(self, mark: str) -> bool:
        return bool(self.rest) and self.rest[-1] == mark

    def _next(self) -> str:
        if not self.rest:
            raise self._refused("ends too early")
        return self.rest.pop()

    def _refused(self, reason: str) -> Refused:
        return Refused(self._field, f"{self._text[:200]!r}: {reason}")
