"""The house's market makers by settings, beside the simulated markets in a playing broker."""

from __future__ import annotations

from typing import Any

import pytest

from isthmus.app.house_desks import ShownMaker
from isthmus.app.playing import Playing
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import SetSession
from isthmus.venues import simulated

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
CLOSED = 7
ACME: dict[str, Any] = {
    "spread": "0.60", "quantity": "20", "presence_bps": 9_000, "size": "50", "most": "500", "stop": "1000",
    "stock": "5000", "money": "1000000", "gamma": 0.005, "a": 0.3, "k": 0.05,
}  # fmt: skip


def played(**changes: Any) -> Playing:
    house = {"house_maker": {"ACME": {**ACME, **changes}}}
    return Playing([simulated.make(1, 1.0)], START, None, house)


def test_it_keeps_its_presence_and_the_market_desk_shows_it() -> None:
    playing = played()
    (desk,) = playing.desks
    assert isinstance(desk, ShownMaker)
    playing.run(START + 300 * SECOND)
    acme = playing.core.directory.instrument("ACME")
    assert acme is not None
    row = playing.core.views.sessions.makers[desk.maker.account, acme.number]
    assert (row.spread, row.quantity, row.presence_bps) == (60, 20, 9_000)
    assert row.open_ns > 290 * SECOND and row.quoted_ns * 10_000 // row.open_ns > 9_000 and row.met is None
    assert abs(desk.maker.inventory()) <= 1_000
    record = playing.submit(SetSession(instrument=acme.number, state=CLOSED), role="operator")
    assert any(type(effect).__name__ == "MakerScored" for effect in record.effects)
    assert row.met is True, "the score at the close is the engine's"
    playing.run(playing.now + 5 * SECOND)
    assert row.met is True and row.open_ns > 290 * SECOND, "and stays until a session has begun"


@pytest.mark.parametrize(
    ("symbol", "changes", "field"),
    [
        ("NONE", {}, "house_maker.NONE"),
        ("ACME", {"size": "0.5"}, "house_maker.ACME.size"),
        ("ACME", {"spread": "wide"}, "house_maker.ACME.spread"),
        ("ACME", {"size": "10"}, "house_maker.ACME.size"),
        ("ACME", {"quantity": "0"}, "house_maker.ACME.maker"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_setting(symbol: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        Playing([simulated.make(1, 1.0)], START, None, {"house_maker": {symbol: {**ACME, **changes}}})
    assert caught.value.field == field
