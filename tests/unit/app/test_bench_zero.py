"""The rows about zero knowledge have figures, and a proof that does not hold is never ok."""

import pytest

from isthmus.app import bench_zero
from isthmus.engine import zero
from isthmus.engine.zero import ZeroRefused


def test_every_row_has_a_figure_and_what_was_timed_holds() -> None:
    rows = bench_zero.rows(count=17)
    assert len(rows) == 6
    assert all(row.value and row.cpu_value for row in rows)


def test_proofs_that_do_not_verify_are_never_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ZeroRefused("range_fails", 0)

    monkeypatch.setattr(zero, "ranges_hold", refuse)
    assert not any(row.ok for row in bench_zero.rows(count=2) if "verified" in row.name)
