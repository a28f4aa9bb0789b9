"""What an account owes by itself is paid from its credit line too; what somebody wishes to take out is not."""

from __future__ import annotations

import pytest

from isthmus.engine.engine import Engine
from isthmus.kernel.messages import ACCOUNT_CLIENT, PURPOSE_NUMBERS, AddAsset, Move, OpenAccount, SetCredit

FEES, WORLD, USD, CLIENT = 2, 1, 1, 16


@pytest.fixture
def engine() -> Engine:
    made = Engine()
    made.submit(AddAsset(code="USD", decimals=2))
    made.submit(OpenAccount(kind=ACCOUNT_CLIENT))
    made.submit(SetCredit(account=CLIENT, asset=USD, amount=1_000))
    return made


def moved(engine: Engine, purpose: str, amount: int, target: int) -> str | None:
    command = Move(source=CLIENT, target=target, asset=USD, amount=amount, purpose=PURPOSE_NUMBERS[purpose])
    reason: str | None = engine.submit(command).reason
    return reason


@pytest.mark.parametrize(
    ("purpose", "target"),
    [("interest", FEES), ("fee", FEES), ("dividend", WORLD), ("settlement", WORLD)],
)
def test_what_is_owed_goes_as_far_as_the_line_and_no_further(engine: Engine, purpose: str, target: int) -> None:
    assert moved(engine, purpose, 1_001, target) == "insufficient_funds"
    assert moved(engine, purpose, 1_000, target) is None
    assert engine.balance(CLIENT, USD)[0] == -1_000
    assert moved(engine, purpose, 1, target) == "insufficient_funds"


def test_nobody_withdraws_what_he_does_not_have(engine: Engine) -> None:
    assert moved(engine, "withdrawal", 1, WORLD) == "insufficient_funds"
