"""The 78 dimensions of an order event, and which field of RTS 24, RTS 22 and the CAT each one is."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Literal

import msgspec

Kind = Literal["identity", "flag", "time", "code", "reference", "price", "quantity", "list"]


class Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One row. `rts24`, `rts22` and `cat` name fields there, as "34-36" or "12 / 21"; empty: none. `source`: what of
    the journal says it; empty: nothing does, and every row has null. `personal`: of a natural person, or leads to one.
    """

    name: str
    rts24: str
    rts22: str
    cat: str
    kind: Kind
    personal: bool
    source: str = msgspec.field(name="from")

    def numbers(self, rule: str) -> list[int]:
        """The fields of `rule` ("rts24" or "rts22") as numbers, spans written out."""
        found: list[int] = []
        for first, last in re.findall(r"(\d+)(?:[-\u2013](\d+))?", getattr(self, rule)):
            found += range(int(first), int(last or first) + 1)
        return found


def shipped() -> dict[str, Dimension]:
    """The rows that come with the package, O01 to O78 in their order."""
    text = resources.files("isthmus.audit").joinpath("dimensions.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Dimension])
