"""The process that makes the audit trail, beside a server."""

from __future__ import annotations

from pathlib import Path

from isthmus.app.audit_settings import AuditSettings
from isthmus.app.beside_process import BesideProcess


class AuditProcess(BesideProcess):
    """Runs `audit_follower.py` where a trail is made."""

    name = "audit trail"
    module = "isthmus.app.audit_follower"

    @classmethod
    def started(cls, data: Path, settings: AuditSettings) -> AuditProcess:
        """Beside the loop, where a trail is made."""
        audit = cls((str(data), settings.name, str(settings.every_s), str(settings.most_behind)))
        if settings.enabled:
            audit.start()
        return audit
