"""What is held or still wanted is not erased; what is erased is on record before it is gone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.audit.jurisdictions import shipped
from isthmus.audit.lines import Lines
from isthmus.audit.retention import (
    ERASURES,
    HOLDS,
    KEYS,
    Asked,
    Erasure,
    Hold,
    chosen,
    end_hold,
    erase,
    erasures,
    hold,
    holds,
    kept_until,
)
from isthmus.kernel.errors import BadInput, Damaged

LAST = (dt.date(2020, 2, 29), 400)
LATER = Asked("ann", "the client asked", "2031-01-01T00:00:00Z")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / KEYS).mkdir(parents=True)
    (tmp_path / KEYS / "acc-16.key").write_bytes(bytes(range(32)))
    return tmp_path


def test_the_longest_obligation_counts() -> None:
    rows = shipped()
    years = max(row.retention_years for row in rows.values())
    until, name = kept_until(dt.date(2020, 5, 4), rows)
    assert until == dt.date(2020 + years, 5, 4) and rows[name].retention_years == years
    assert kept_until(*LAST[:1], chosen(rows, ["uk-fca"])) == (dt.date(2025, 3, 1), "uk-fca")


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
def test_nothing_may_go_before_its_years_are_over(day: dt.date) -> None:
    until, name = kept_until(day, shipped())
    assert (until - day).days >= 365 * shipped()[name].retention_years


def test_an_erased_key_is_gone_and_the_erasure_says_why(data: Path) -> None:
    done = erase(data, "acc-16", LAST, shipped(), LATER)
    assert not (data / KEYS / "acc-16.key").exists()
    assert erasures(data) == {"acc-16": done}
    assert (done.sequence, done.by, done.state) == (400, "ann", "done")
    assert [line.state for line in Lines(data / ERASURES, Erasure).read()] == ["begun", "done"]
    with pytest.raises(BadInput, match="was erased on 2031"):
        erase(data, "acc-16", LAST, shipped(), LATER)


def test_an_erasure_that_was_cut_off_is_done_when_asked_again(data: Path) -> None:
    key = (data / KEYS / "acc-16.key").read_bytes()
    erase(data, "acc-16", LAST, shipped(), LATER)
    (data / KEYS / "acc-16.key").write_bytes(key)
    assert erase(data, "acc-16", LAST, shipped(), LATER).state == "done"


def test_what_is_still_wanted_is_not_erased_and_the_one_who_wants_it_is_named(data: Path) -> None:
    soon = msgspec.structs.replace(LATER, time="2025-02-28T23:59:59Z")
    with pytest.raises(BadInput, match="retained until 2025-03-01: uk-fca"):
        erase(data, "acc-16", LAST, chosen(shipped(), ["uk-fca"]), soon)
    assert (data / KEYS / "acc-16.key").exists() and erasures(data) == {}


@pytest.mark.parametrize("account", ["acc-16", "all"])
def test_a_hold_stops_it_until_it_ends(data: Path, account: str) -> None:
    made = hold(data, account, LATER)
    with pytest.raises(BadInput, match=f"hold {made.hold} stands"):
        erase(data, "acc-16", LAST, shipped(), LATER)
    end_hold(data, made.hold, LATER)
    assert holds(data) == {}
    assert erase(data, "acc-16", LAST, shipped(), LATER).state == "done"


def test_a_hold_of_somebody_else_stops_nothing(data: Path) -> None:
    hold(data, "acc-17", LATER)
    assert erase(data, "acc-16", LAST, shipped(), LATER).state == "done"


@pytest.mark.parametrize(
    ("account", "last", "field"), [("acc-99", LAST, "account"), ("../x", LAST, "account"), ("acc-16", None, "account")]
)
def test_what_cannot_be_erased_is_refused_by_name(
    data: Path, account: str, last: tuple[dt.date, int] | None, field: str
) -> None:
    with pytest.raises(BadInput) as error:
        erase(data, account, last, shipped(), LATER)
    assert error.value.field == field


def test_nobody_holds_or_erases_without_saying_who_and_why() -> None:
    for by, reason, field in (("", "x", "by"), ("x", " ", "reason")):
        with pytest.raises(BadInput) as error:
            Asked(by, reason, LATER.time)
        assert error.value.field == field


def test_a_hold_that_does_not_stand_cannot_end(data: Path) -> None:
    with pytest.raises(BadInput, match="no hold 3 stands"):
        end_hold(data, 3, LATER)
    with pytest.raises(BadInput, match="acc-16"):
        hold(data, "ann", LATER)
    with pytest.raises(BadInput, match="mars"):
        chosen(shipped(), ["mars"])


def test_a_line_that_was_cut_off_never_counted_and_one_that_is_damaged_is_named(data: Path) -> None:
    hold(data, "acc-16", LATER)
    path = data / HOLDS
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert len(holds(data)) == 1
    hold(data, "acc-17", LATER)
    assert [line.hold for line in Lines(path, Hold).read()] == [1, 2]
    path.write_bytes(b"{" + whole)
    with pytest.raises(Damaged, match="holds"):
        holds(data)
