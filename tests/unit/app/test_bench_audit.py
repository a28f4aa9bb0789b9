"""`isthmus bench audit` on a few signatures: each row is there, and what was timed holds."""

from isthmus.app import bench_audit
from isthmus.app.bench_report import print_table


def test_every_row_has_a_figure_and_the_table_can_be_printed(capsys):
    report = bench_audit.measured(signatures=1, proofs=5)
    suites = ["frost_ed25519", "frost_ristretto255", "frost_secp256k1", "frost_secp256k1_tr"]
    assert [row.name for row in report["rows"]] == ["inclusion_verified", *suites]
    assert all(row.value for row in report["rows"])
    print_table(report)
    assert "frost_ed25519" in capsys.readouterr().out


def test_an_answer_that_is_wrong_is_never_ok_however_quick(monkeypatch):
    monkeypatch.setattr(bench_audit, "inclusion_fault", lambda *_: "other_root")
    monkeypatch.setattr(bench_audit.frost, "frost_verify", lambda *_: False)
    assert not any(row.ok for row in bench_audit.measured(signatures=1, proofs=5)["rows"])
