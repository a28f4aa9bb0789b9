"""`isthmus bench audit` on a few signatures: each row is there, and what was timed holds."""

from isthmus.app import bench_audit, bench_audit_log, bench_audit_orders
from isthmus.app.bench_report import print_table


def test_every_row_has_a_figure_and_the_table_can_be_printed(capsys):
    report = bench_audit.measured(signatures=1, proofs=5, ranges=1, entries=1_000, orders=300)
    suites = ["frost_ed25519", "frost_ristretto255", "frost_secp256k1", "frost_secp256k1_tr"]
    names = [row.name for row in report["rows"]]
    logs = ["tree_append", "log_append", "log_verified", "inclusion_made", "fingerprints"]
    assert names[:11] == [*logs, "inclusion_verified", "orders_followed", *suites]
    assert all(peer.ratio for peer in report["peers"] if peer.status == "ok")
    assert "range_proofs_verified" in names
    assert all(row.value for row in report["rows"])
    print_table(report)
    assert "frost_ed25519" in capsys.readouterr().out


def test_an_answer_that_is_wrong_is_never_ok_however_quick(monkeypatch):
    monkeypatch.setattr(bench_audit, "inclusion_fault", lambda *_: "other_root")
    monkeypatch.setattr(bench_audit.frost, "frost_verify", lambda *_: False)
    rows = bench_audit.measured(signatures=1, proofs=5, ranges=1, entries=1_000, orders=300)["rows"]
    assert not any(row.ok for row in rows if row.name.startswith(("inclusion_verified", "frost")))


def test_an_entry_proven_wrong_is_never_ok_however_quick(monkeypatch):
    monkeypatch.setattr(bench_audit_log, "inclusion_fault", lambda *_: "other_root")
    rows = bench_audit_log.measured(300, 2, 1)[0]
    assert not any(row.ok for row in rows if row.name not in ("fingerprints",))


def test_a_journal_that_is_not_followed_to_its_end_is_never_ok_however_quick(monkeypatch):
    write = bench_audit_orders.write_journal
    monkeypatch.setattr(bench_audit_orders, "write_journal", lambda data, orders: write(data, orders) + 1)
    monkeypatch.setattr(bench_audit_orders, "GOAL", 0.0)
    rows, probes = bench_audit_orders.measured(300, 1)
    assert rows[0].value and not rows[0].ok
    assert probes[0].value > 0
