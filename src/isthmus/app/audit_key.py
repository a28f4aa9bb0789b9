"""A public key as a person gives it: its text, or a file that holds it."""

from __future__ import annotations

from pathlib import Path

from isthmus.app.output import fail
from isthmus.engine.proofs import LogRefused, VerifierKey


def read_key(given: str, field: str = "vkey") -> VerifierKey:
    """Ends the command as bad use where it is neither."""
    path = Path(given)
    try:
        text = path.read_text() if path.is_file() else given
        return VerifierKey.parse(text)
    except LogRefused as error:
        fail(field, f"{error.args[0]}: {error.args[1]}")
    except (OSError, UnicodeDecodeError) as error:
        fail(field, str(error))
