"""The rows of ISO 20022: without schemas they say what is missing, with them they measure what they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.app import bench_iso20022


def test_without_schemas_each_row_says_what_is_missing() -> None:
    found = list(bench_iso20022.rows(None))
    assert len(found) == len(bench_iso20022.SIZES)
    for row, peer in found:
        assert row.value is None
        assert "ISTHMUS_XSD_DIR" in (row.reason or "")
        assert peer.status == "missing"


def test_with_schemas_ours_and_bare_are_measured(test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_iso20022, "ROUNDS", 3)
    monkeypatch.setattr(bench_iso20022, "SIZES", (1, 2))
    for row, peer in bench_iso20022.rows(test_data / "protocols/iso20022/xsd"):
        assert row.value is not None
        assert peer.value is not None
        assert row.value > peer.value > 0
