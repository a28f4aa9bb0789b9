"""`isthmus bench audit` on a few signatures: each row is there, and what was timed holds."""

from isthmus.app import bench_audit
from isthmus.app.bench_report import print_table


def test_every_row_has_a_figure_and_the_table_can_be_printed(capsys):
    report = bench_audit.measured(signatures=1, proofs=5, ranges=1)
    suites = ["frost_ed25519", "frost_ristretto255", "frost_secp256k1", "frost_secp256k1_tr"]
    names = [row.name for row in report["rows"]]
    assert names[:5] == ["inclusion_verified", *suites]
    assert "range_proofs_verified" in names
    assert all(row.value for row in report["rows"])
    print_table(report)
    assert "frost_ed25519" in capsys.readouterr().out


def test_an_answer_that_is_wrong_is_never_ok_however_quick(monkeypatch):
    monkeypatch.setattr(bench_audit, "inclusion_fault", lambda *_: "other_root")
    monkeypatch.setattr(bench_audit.frost, "frost_verify", lambda *_: False)
    rows = bench_audit.measured(signatures=1, proofs=5, ranges=1)["rows"]
    assert not any(row.ok for row in rows if row.name.startswith(("inclusion", "frost")))
