"""The process that asks witnesses, beside a server; it starts those of them that run here."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.app.audit_settings import AuditSettings
from isthmus.app.beside_process import BesideProcess


class WitnessProcess(BesideProcess):
    """Runs `witness_follower.py` where heads are made and somebody is asked."""

    name = "witnesses"
    module = "isthmus.app.witness_follower"

    @classmethod
    def started(cls, data: Path, settings: AuditSettings) -> WitnessProcess:
        """Beside the loop."""
        asked = settings.witnesses
        witnesses = cls((str(data), msgspec.json.encode(asked).decode()))
        if settings.enabled and (asked.own or asked.urls):
            witnesses.start()
        return witnesses
