"""Moves of money in batches from numpy rows: the same records as one by one, and why each was refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isthmus._core import MOVE, Engine, verify
from isthmus.kernel import messages as m

ALLOCATION = m.PURPOSE_NUMBERS["allocation"]


def opened(folder: Path | None = None) -> Engine:
    engine = Engine(str(folder), "group") if folder is not None else Engine()
    engine.submit(m.AddAsset(code="USD", decimals=2), 1)
    for account in (16, 17, 18):
        engine.submit(m.OpenAccount(kind=m.ACCOUNT_CLIENT if account < 18 else m.ACCOUNT_HOUSE), 1)
    engine.submit(m.Deposit(account=16, asset=1, amount=100), 1)
    return engine


def rows(*wanted: tuple[int, int, int], purpose: int = ALLOCATION, word: bytes = b"") -> np.ndarray:
    made = np.zeros(len(wanted), MOVE)
    made["source"], made["target"], made["amount"] = np.array(wanted).T
    made["asset"], made["purpose"] = 1, purpose
    made["client_id"] = np.frombuffer(word.ljust(16, b"\0"), "V16")[0]
    return made


def test_a_batch_makes_the_records_that_single_moves_make() -> None:
    batched, single = opened(), opened()
    wanted = ((16, 17, 30), (17, 16, 31), (16, 18, 5), (17, 16, 10))
    moved = batched.submit_moves(rows(*wanted), 7)
    for source, target, amount in wanted:
        terms = {"source": source, "target": target, "asset": 1, "amount": amount, "purpose": ALLOCATION}
        single.submit(m.Move(**terms), 7)
    assert [m.REASONS.get(int(reason)) for reason in moved.reasons] == [
        None,
        "insufficient_funds",
        "mixes_client_money",
        None,
    ]
    assert moved.first == single.sequence - 3
    assert (batched.head, batched.state_hash()) == (single.head, single.state_hash())


def test_a_batch_that_comes_again_moves_nothing_again_and_is_answered_alike() -> None:
    engine = opened()
    batch = rows((16, 17, 30), word=b"once")
    for _ in range(2):
        assert engine.submit_moves(batch, 7).reasons.tolist() == [0]
    assert engine.balance(17, 1) == (30, 0)


def test_a_batch_is_on_the_medium_when_it_returns(tmp_path: Path) -> None:
    engine = opened(tmp_path)
    engine.submit_moves(rows(*((16, 17, 1) for _ in range(50))), 7)
    assert engine.durable == engine.sequence
    head = engine.head.hex()
    del engine
    found = verify(str(tmp_path), head, True, False)
    assert (found["ok"], found["effects_equal"]) == (True, True)


def test_rows_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match="the dtype is not MOVE"):
        opened().submit_moves(np.zeros(3, np.int64))
