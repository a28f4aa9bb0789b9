"""The arguments of `isthmus audit`: each area adds its own commands."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from isthmus.app import (
    arguments_audit_day,
    arguments_audit_document,
    arguments_audit_evidence,
    arguments_audit_particulars,
    arguments_audit_store,
    arguments_audit_trail,
    arguments_audit_verify,
    arguments_audit_witness,
)

AUDIT = "A trail that proves itself: proofs of logs verified on files, and who would watch the log."

AREAS: tuple[Callable[[Any, Callable[..., ArgumentParser], str], None], ...] = (
    arguments_audit_verify.add,
    arguments_audit_evidence.add,
    arguments_audit_day.add,
    arguments_audit_document.add,
    arguments_audit_trail.add,
    arguments_audit_store.add,
    arguments_audit_particulars.add,
    arguments_audit_witness.add,
)
"""One function an area, in its own module arguments_audit_<area>.py."""


def add_audit(audit: Any, add: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group; `add` makes one (arguments.py), `data` is the default folder."""
    for area in AREAS:
        area(audit, add, data)
