"""Settings of the witnesses: the table [audit.witnesses]."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from isthmus.app.venue_http import address_of
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.witness_key import witness_key
from isthmus.kernel.errors import BadInput


class WitnessAddress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A witness that somebody else runs: where it answers, and its public key."""

    url: str
    vkey: str


class WitnessSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`count` witnesses run beside the server, those in `urls` elsewhere; `quorum` of all must cosign a head."""

    count: Annotated[int, Meta(ge=0, le=17)]
    quorum: Annotated[int, Meta(ge=1, le=64)]
    every_s: Annotated[float, Meta(ge=0.05, le=3_600)]
    urls: dict[str, WitnessAddress]

    @property
    def own(self) -> tuple[str, ...]:
        """The jurisdictions whose witnesses run beside the server: the first that nobody runs elsewhere."""
        return tuple(name for name in shipped() if name not in self.urls)[: self.count]

    def check(self) -> None:
        """Raises BadInput by the setting that cannot be."""
        for name, at in self.urls.items():
            place = f"audit.witnesses.urls.{name}"
            if name not in shipped():
                raise BadInput(place, f"{name} is none of {', '.join(shipped())}")
            address_of(at.url, f"{place}.url", ("http", "https"))
            try:
                witness_key(at.vkey)
            except BadInput as fault:
                raise BadInput(f"{place}.vkey", fault.reason) from fault
        asked = len(self.own) + len(self.urls)
        if self.quorum > asked > 0:
            raise BadInput("audit.witnesses.quorum", f"{self.quorum} are needed, and {asked} are asked")
