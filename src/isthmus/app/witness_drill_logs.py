"""Logs of a drill: real ones, of which one key signs two histories."""

from __future__ import annotations

from pathlib import Path

from isthmus.audit.standing import Asked
from isthmus.engine.proofs import Checkpoint, Log, Signer
from isthmus.kernel.clock import system_clock
from isthmus.kernel.values import NS_PER_S

COMMON = 100
"""So many entries both histories share."""


def history(folder: Path, signer: Signer, size: int, common: int | None = None) -> Log:
    """A log of so many entries; they are others from `common` on, where it is given."""
    log = Log(str(folder), signer.name, signer.vkey)
    share = size if common is None else common
    log.append([f"{'true' if at < share else 'other'} entry {at}".encode() for at in range(size)])
    log.checkpoint(signer, system_clock() // NS_PER_S)
    return log


def signed_head(log: Log, signer: Signer, size: int) -> Asked:
    """The head of its first entries, as witnesses are asked to cosign it."""
    text = Checkpoint(signer.name, size, log.root_at(size)).text()
    note = f"{text}\n{signer.sign(text, system_clock() // NS_PER_S)}\n"
    return Asked(note, size, lambda old: log.consistency(old, size))
