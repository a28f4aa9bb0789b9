"""docs/reference/audit-dimensions.md has the rows of dimensions.toml, and every event."""

from __future__ import annotations

from pathlib import Path

from isthmus.audit.dimensions import shipped
from isthmus.audit.events import CODES

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "audit-dimensions.md").read_text()


def test_every_dimension_is_on_the_page_as_it_is_shipped() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| O")]
    made = [
        f"| {id_} | {row.name} | {row.rts24 or '-'} | {row.rts22 or '-'} | {row.cat or '-'} | {row.kind} | "
        f"{'yes' if row.personal else ''} | {row.source or '**unknown**'} |"
        for id_, row in shipped().items()
    ]
    assert rows == made


def test_every_event_is_on_the_page() -> None:
    for event, code in CODES.items():
        assert f"| {event} | {code or '-'} |" in PAGE
