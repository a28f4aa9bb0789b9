"""Settings of the audit trail: the table [audit]."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from isthmus.app.threshold_settings import ThresholdSettings
from isthmus.app.witness_settings import WitnessSettings


class AuditSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` is part of the logs' origins and of their keys' names: a log keeps the one it was begun with."""

    enabled: bool
    name: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z0-9][a-z0-9._-]*$")]
    every_s: Annotated[float, Meta(ge=0.05, le=3_600)]
    most_behind: Annotated[int, Meta(ge=1_024, le=10_000_000)]
    threshold: ThresholdSettings
    witnesses: WitnessSettings
