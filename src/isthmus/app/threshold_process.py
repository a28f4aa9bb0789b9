"""The process that asks the holders of the heads' key, beside a server."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.app.audit_settings import AuditSettings
from isthmus.app.beside_process import BesideProcess


class ThresholdProcess(BesideProcess):
    """Runs `threshold_follower.py` where heads are made and a key is named."""

    name = "threshold key"
    module = "isthmus.app.threshold_follower"

    @classmethod
    def started(cls, data: Path, settings: AuditSettings) -> ThresholdProcess:
        """Beside the loop."""
        asked = settings.threshold
        threshold = cls((str(data), settings.name, msgspec.json.encode(asked).decode()))
        if settings.enabled and asked.key:
            threshold.start()
        return threshold
