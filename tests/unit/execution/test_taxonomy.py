"""There are 23 ways to work an order."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.execution.paths.liquidity import LIQUIDITY as LIQUIDITY_PATHS
from isthmus.execution.taxonomy import PATHS, path_named

LIQUIDITY = "SWEEP BEST_ROUTE COST_SPLIT QUEUE_POST DARK_KM DARK_SA LIQ_SEEK BLOCK_COND MID_PEG PEG ICEBERG SNIPER"
SCHEDULES = "TWAP VWAP_STATIC VWAP_DYN POV IS_AC IS_ADAPT OW_RESIL GLFT_PASSIVE TARGET_CLOSE AUCTION BASKET_IS"


def test_numbers_and_names_are_those_of_the_taxonomy() -> None:
    assert [(path.number, path.name) for path in PATHS] == list(enumerate(f"{LIQUIDITY} {SCHEDULES}".split(), 1))
    assert path_named("SWEEP") is PATHS[0]
    assert path_named("nothing") is None


def test_each_has_title_source_and_defaults_for_all_parameters() -> None:
    for path in PATHS:
        assert path.title and path.source and path.measured_on in ("tape", "simulator")
        parameters = path.parameters()
        assert msgspec.convert(msgspec.to_builtins(parameters), path.parameters) == parameters


def test_the_page_has_every_parameter_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/paths.md").read_text()
    for path in LIQUIDITY_PATHS:
        section = page.split(f"## {path.number} {path.name}\n")[1].split("\n## ")[0]
        rows = [row.split(" | ")[:2] for row in section.splitlines() if row.startswith("| `")]
        defaults = msgspec.to_builtins(path.parameters())
        assert {name.strip("|` "): msgspec.json.decode(default) for name, default in rows} == defaults, path.name
