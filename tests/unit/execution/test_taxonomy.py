"""There are 23 ways to work an order."""

from __future__ import annotations

import msgspec

from isthmus.execution.taxonomy import PATHS, path_named

NAMES = [
    "SWEEP",
    "BEST_ROUTE",
    "COST_SPLIT",
    "QUEUE_POST",
    "DARK_KM",
    "DARK_SA",
    "LIQ_SEEK",
    "BLOCK_COND",
    "MID_PEG",
    "PEG",
    "ICEBERG",
    "SNIPER",
    "TWAP",
    "VWAP_STATIC",
    "VWAP_DYN",
    "POV",
    "IS_AC",
    "IS_ADAPT",
    "OW_RESIL",
    "GLFT_PASSIVE",
    "TARGET_CLOSE",
    "AUCTION",
    "BASKET_IS",
]


def test_numbers_and_names_are_those_of_the_taxonomy() -> None:
    assert [(path.number, path.name) for path in PATHS] == list(enumerate(NAMES, 1))
    assert path_named("SWEEP") is PATHS[0]
    assert path_named("nothing") is None


def test_each_has_title_source_and_defaults_for_all_parameters() -> None:
    for path in PATHS:
        assert path.title and path.source and path.measured_on in ("tape", "simulator")
        parameters = path.parameters()
        assert msgspec.convert(msgspec.to_builtins(parameters), path.parameters) == parameters
