"""Why the gate said no, in words."""

from __future__ import annotations

from isthmus.gateways.refusals import DETAILS
from isthmus.gateways.rest.pages import errors_page
from isthmus.kernel.messages import REASONS


def test_every_reason_of_the_gate_has_words_and_a_place_on_the_page() -> None:
    assert set(DETAILS) == set(REASONS.values())
    page = errors_page()
    assert all(f"<dt id={name}>" in page for name in DETAILS)
    assert "codes (16 bytes) and symbols (32) are made of A-Z" in page
