"""A release with other rules goes on from what an earlier one left, and proves those records without running them.

`tests/golden/journals/rules_<n>` was made by the release of rules n (tools/fixture_journal.py) and is never changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from isthmus._core import RULES, Engine, JournalDamaged, JournalReader, OtherRelease, verify
from isthmus.app.cli import main
from isthmus.kernel.messages import CancelOrder, PlaceOrder

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "journals"
EARLIER = sorted(folder.name for folder in GOLDEN.glob("rules_*") if folder.name != f"rules_{RULES}")
ORDER_KEYS = ("order", "account", "instrument", "venue", "side", "kind", "tif", "flags", "price", "quantity", "filled")


@pytest.fixture(params=EARLIER)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an earlier release's folder."""
    return Path(shutil.copytree(GOLDEN / request.param, tmp_path / "data"))


def expected(folder: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return known


def test_there_is_an_earlier_release_to_go_on_from() -> None:
    assert "rules_1" in EARLIER


def test_an_earlier_journal_is_verified_by_chain_and_recorded_effects(folder: Path) -> None:
    known = expected(folder)
    found = verify(str(folder), known["head"], True, False)
    assert (found["ok"], found["records"], found["tail"]) == (True, known["records"], "sealed")
    assert (found["effects_equal"], found["recorded_only"]) == (True, known["records"])
    kinds = {type(record.command).__name__ for record in JournalReader(str(folder))}
    assert {"PlaceOrder", "CancelOrder", "ReplaceOrder", "Mark", "VenueFilled"} <= kinds


def test_the_engine_begins_with_all_that_the_earlier_release_knew(folder: Path) -> None:
    known = expected(folder)
    engine = Engine(str(folder), "os")
    assert engine.sequence == known["records"] + 1
    for account, balances in known["balances"].items():
        assert [list(row)[:4] for row in engine.balances(int(account))] == balances
    for pair, position in known["positions"].items():
        account, instrument = map(int, pair.split("-"))
        assert list(engine.position(account, instrument)) == position
    for instrument, price in known["references"].items():
        assert engine.reference(int(instrument)) == price
    for instrument, depth in known["depth"].items():
        assert json.loads(json.dumps(engine.depth(int(instrument), 1_000))) == depth
    for order, row in known["orders"].items():
        held = engine.order(int(order))
        assert held is not None
        assert {key: held[key] for key in (*ORDER_KEYS, "hold")} == {key: row[key] for key in (*ORDER_KEYS, "hold")}
    assert not any(total for _, total in engine.totals())


def test_the_first_record_says_that_other_rules_hold_and_with_which_state(folder: Path) -> None:
    known = expected(folder)
    engine = Engine(str(folder), "os")
    upgrade = list(JournalReader(str(folder)))[-1]
    assert type(upgrade.command).__name__ == "UpgradeEngine"
    assert (upgrade.command.before, upgrade.command.rules) == (known["rules"], RULES)
    assert upgrade.prev.hex() == known["head"]
    assert [type(effect).__name__ for effect in upgrade.effects] == ["EngineUpgraded"]
    base = folder / "snapshots" / f"{known['records']:020}.base"
    state = base.read_bytes()[64:-32]
    assert hashlib.sha256(state).digest() == upgrade.command.state
    assert engine.stamp == known["stamp"]


def test_it_trades_on_and_all_of_it_is_verified_and_recovered(folder: Path) -> None:
    known = expected(folder)
    engine = Engine(str(folder), "os")
    resting = next(row for row in known["orders"].values() if row["venue"] == 0)
    cancelled = engine.submit(CancelOrder(order=resting["order"], account=resting["account"]), known["stamp"] + 1)
    assert cancelled.reason is None
    engine.submit(PlaceOrder(account=16, instrument=1, side=1, kind=1, tif=1, price=1, quantity=1), known["stamp"] + 2)
    state, head = engine.state_hash(), engine.head
    del engine
    again = Engine(str(folder), "os")
    assert (again.sequence, again.state_hash(), again.head) == (known["records"] + 3, state, head)
    again.close()
    for use_snapshot in (True, False):
        found = verify(str(folder), head.hex(), True, use_snapshot)
        assert (found["ok"], found["effects_equal"], found["state_hash"]) == (True, True, state)
    assert found["recorded_only"] == known["records"]


def test_the_state_it_began_with_stays_however_many_snapshots_follow(folder: Path) -> None:
    for _ in range(4):
        engine = Engine(str(folder), "os")
        engine.submit(CancelOrder(order=1), 2**62)
        engine.close()
    assert len(list((folder / "snapshots").glob("*.snap"))) == 2
    assert len(list((folder / "snapshots").glob("*.base"))) == 1
    assert verify(str(folder), None, True, False)["effects_equal"] is True


def test_without_a_snapshot_of_the_last_record_it_is_refused_and_told_which_release_can(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = expected(folder)
    (folder / "snapshots" / f"{known['records']:020}.snap").unlink()
    before = sorted((path.name, path.read_bytes()) for path in folder.rglob("*.seg"))
    with pytest.raises(OtherRelease, match=f"rules {known['rules']} once and stop it cleanly"):
        Engine(str(folder), "os")
    assert sorted((path.name, path.read_bytes()) for path in folder.rglob("*.seg")) == before
    assert main(["serve", "--data", str(folder), "--port", "0", "--json"]) == 2
    assert f"release of rules {known['rules']}" in capsys.readouterr().out
    assert main(["verify", str(folder), "--json"]) == 0


def test_a_base_that_is_not_what_the_record_names_is_found(folder: Path) -> None:
    known = expected(folder)
    engine = Engine(str(folder), "os")
    engine.close()
    path = folder / "snapshots" / f"{known['records']:020}.base"
    content = bytearray(path.read_bytes()[:-32])
    content[64 + 16] ^= 1  # halted: no balance moves, so that only the state's hash tells
    path.write_bytes(bytes(content) + hashlib.sha256(content).digest())
    found = verify(str(folder), None, True, False)
    assert (found["effects_equal"], found["differs"]) == (False, known["records"] + 1)
    for snapshot in (folder / "snapshots").glob("*.snap"):
        snapshot.unlink()
    with pytest.raises((JournalDamaged, OtherRelease)):
        Engine(str(folder), "os")
