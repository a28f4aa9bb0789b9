"""Settings files are read strictly and refuse by name."""

from pathlib import Path

import pytest
from msgspec import Struct

from isthmus.kernel.config import overlay, read_toml, shaped
from isthmus.kernel.errors import BadInput


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    size: int


class Outer(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    inner: Inner


def test_tables_become_the_struct() -> None:
    assert shaped({"name": "a", "inner": {"size": 3}}, Outer) == Outer("a", Inner(3))


@pytest.mark.parametrize(
    ("tables", "field", "reason"),
    [
        ({"name": "a", "inner": {"size": 3, "sice": 4}}, "inner.sice", "is no setting"),
        ({"name": "a", "inner": {}}, "inner.size", "is missing"),
        ({"inner": {"size": 3}}, "name", "is missing"),
        ({"name": "a", "inner": {"size": "3"}}, "inner.size", "Expected `int`, got `str`"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_key(tables: dict[str, object], field: str, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        shaped(tables, Outer)
    assert (caught.value.field, caught.value.reason) == (field, reason)


def test_a_broken_file_is_refused_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("a = 1\nb = = 2\n")
    with pytest.raises(BadInput) as caught:
        read_toml(broken)
    assert caught.value.field == str(broken)
    assert caught.value.line == 2


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_toml(tmp_path / "absent.toml")


def test_an_overlay_reaches_into_tables_and_changes_neither() -> None:
    base = {"a": 1, "limits": {"x": 1, "y": 2}}
    top = {"limits": {"y": 3}, "b": 4}
    assert overlay(base, top) == {"a": 1, "b": 4, "limits": {"x": 1, "y": 3}}
    assert base == {"a": 1, "limits": {"x": 1, "y": 2}}
