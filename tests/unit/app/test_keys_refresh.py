"""A refresh that not all holders heard the end of is ended by asking again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.audit.holders import POLICY, Custodians

from isthmus.app.keys_ceremonies import Coordinator
from isthmus.audit.keys import asks, vault
from isthmus.audit.keys.asks import Ask, Reply, Silent, Terms
from isthmus.audit.keys.ceremony import Failed
from isthmus.audit.keys.log import entries
from isthmus.audit.keys.record import board


class Carrier:
    """Carries all but what ends a ceremony, to those in `deaf`."""

    def __init__(self, custodians: Custodians) -> None:
        self._custodians = custodians
        self.deaf: set[int] = set()

    def ask(self, asked: dict[int, Ask]) -> dict[int, Reply]:
        return {
            me: Silent("cut") if me in self.deaf and isinstance(ask, asks.Keep) else self._custodians.ask(me, ask)
            for me, ask in asked.items()
        }


def epochs(custodians: Custodians) -> list[int]:
    return [kept.keys["payments"].epoch for kept in custodians.kept.values()]


def test_a_refresh_asked_again_ends_the_one_that_broke_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "COST", 1 << 2)
    custodians = Custodians(3)
    lines = Carrier(custodians)
    coordinator = Coordinator(tmp_path, "demo", lines, [1, 2, 3])
    made = coordinator.create(Terms("payments", "ed25519", "withdrawal", 3, 2, POLICY))
    lines.deaf = {3}
    with pytest.raises(Failed, match="silent"):
        coordinator.refresh("payments")
    assert epochs(custodians) == [1, 1, 0]
    lines.deaf = set()
    custodians.holders[3] = custodians.started(3)
    held = coordinator.refresh("payments")
    assert epochs(custodians) == [1, 1, 1]
    assert {kept.keys["payments"].public for kept in custodians.kept.values()} == {held.public}
    assert held.public != made.public
    (refresh,) = [one for one in board(entries(tmp_path)).ceremonies if one.kind == "refresh"]
    assert refresh.state == "done"


def test_a_holder_behind_who_never_made_the_new_share_has_it_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "COST", 1 << 2)
    custodians = Custodians(3)
    lines = Carrier(custodians)
    coordinator = Coordinator(tmp_path, "demo", lines, [1, 2, 3])
    coordinator.create(Terms("payments", "ed25519", "withdrawal", 3, 2, POLICY))
    lines.deaf = {3}
    with pytest.raises(Failed, match="silent"):
        coordinator.refresh("payments")
    lines.deaf = set()
    custodians.kept[3].candidates.clear()
    with pytest.raises(Failed, match="refresh_unfinished"):
        coordinator.refresh("payments")
    coordinator.repair("payments", 3)
    assert epochs(custodians) == [1, 1, 1]
