"""A witness that cosigns whatever it is shown: for drills, where it must fool nobody. No setting starts it.

Takes a jurisdiction, a folder for its key and the keys of logs; ends when standard input does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from isthmus.app.witness_host import OneLog, WitnessHost
from isthmus.app.witness_serve import serve, witness_name
from isthmus.audit.split_view import SplitView
from isthmus.audit.witness import Answer, Head, Report, log_key
from isthmus.audit.witness_key import kept_key
from isthmus.engine.proofs import COSIGNATURE, LogRefused, Note, Signer
from isthmus.kernel.clock import system_clock


class Liar:
    """Keeps no head, checks no proof and reports nothing."""

    def __init__(self, signer: Signer) -> None:
        self.head = Head(0, 0, "", "")
        self.reports: list[Report] = []
        self.left_out = 0
        self.views: list[SplitView] = []
        self._signer = signer

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """A cosignature of any note."""
        try:
            text = Note.parse(body.split(b"\n\n", 1)[1]).text
        except (IndexError, LogRefused):
            return Answer(400, "there is no note\n")
        return Answer(200, self._signer.sign(text, now) + "\n")


def main() -> int:
    """Until standard input ends."""
    jurisdiction, folder, *vkeys = sys.argv[1:]
    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    key = kept_key(Path(folder) / "witness.key", witness_name(jurisdiction))
    liar = Liar(Signer.of(key.name, COSIGNATURE, key.secret.private_bytes_raw()))
    logs: dict[str, OneLog] = {log_key(vkey).name: liar for vkey in vkeys}
    serve(WitnessHost(key, jurisdiction, logs, system_clock), ("127.0.0.1", 0), True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
