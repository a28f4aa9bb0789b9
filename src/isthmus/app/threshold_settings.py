"""Settings of the key of several holders that signs heads too: the table [audit.threshold]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from isthmus.app.keys_member import coordinator_folder


class ThresholdSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`key` names the key; empty: no holder is asked. `state`: the coordinator's folder; empty: that of the data."""

    key: Annotated[str, Meta(max_length=64, pattern="^[A-Za-z0-9._-]*$")]
    state: str
    every_s: Annotated[float, Meta(ge=0.05, le=3_600)]
    timeout_s: Annotated[float, Meta(ge=0.05, le=60)]

    def folder(self, data: Path) -> Path:
        """With certificate, key and roster of the coordinator."""
        return Path(self.state) if self.state else coordinator_folder(data)
