"""The page says of every path what its parameters are."""

from __future__ import annotations

import re
from pathlib import Path as File

import msgspec
import pytest

from isthmus.execution.policy import Path
from isthmus.execution.taxonomy import PATHS, path_named

PAGE = (File(__file__).parents[4] / "docs/reference/paths.md").read_text()


def section(path: Path) -> str:
    """The path's own part of the page."""
    found = re.search(rf"^## {path.number} {path.name}$(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert found is not None, f"no section '## {path.number} {path.name}'"
    return found.group(1)


def test_paths_are_in_the_order_of_their_numbers() -> None:
    numbers = [path.number for path in PATHS]
    assert numbers == sorted(set(numbers))
    assert path_named("TWAP") is not None and path_named("twap") is None


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_parameter_is_named(path: Path) -> None:
    own = section(path)
    text = PAGE[: PAGE.index("## 13 TWAP")] if "shared" in own else ""
    for field in msgspec.structs.fields(path.parameters):
        where = own if f"`{field.name}`" in own else text
        assert f"`{field.name}`" in where, field.name


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_section_says_source_and_where_it_is_measured(path: Path) -> None:
    own = section(path)
    assert "**Source**" in own and f"**Measured on** {path.measured_on}" in own
    assert path.source and path.title
