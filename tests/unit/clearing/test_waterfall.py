"""The default waterfall: who pays in which order, to the unit, whatever the amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.clearing.waterfall import (
    ASSESSMENT,
    CAPITAL,
    LOSS,
    MARGIN,
    OTHERS_FUND,
    OWN_FUND,
    STEPS,
    Member,
    default_waterfall,
    moves,
    pro_rata,
)
from isthmus.engine.engine import Engine, content_id
from isthmus.kernel.messages import AddAsset, Deposit, Move, OpenAccount

OTHERS = (Member("b", 500, 60), Member("c", 500, 30), Member("d", 500, 10))
DEFAULTER = Member("a", 1_000, 50)
CAPITAL_OF_OURS = 25
AMOUNTS = st.integers(0, 10**18)


def covered(loss: int) -> dict[str, int]:
    found = default_waterfall(loss, DEFAULTER, OTHERS, CAPITAL_OF_OURS, 20_000)
    return {step: found.paid(step) for step in STEPS if found.paid(step)} | {"uncovered": found.uncovered}


@pytest.mark.parametrize(
    ("loss", "paid"),
    [
        (0, {"uncovered": 0}),
        (1_000, {MARGIN: 1_000, "uncovered": 0}),
        (1_049, {MARGIN: 1_000, OWN_FUND: 49, "uncovered": 0}),
        (1_060, {MARGIN: 1_000, OWN_FUND: 50, CAPITAL: 10, "uncovered": 0}),
        (1_100, {MARGIN: 1_000, OWN_FUND: 50, CAPITAL: 25, OTHERS_FUND: 25, "uncovered": 0}),
        (1_176, {MARGIN: 1_000, OWN_FUND: 50, CAPITAL: 25, OTHERS_FUND: 100, ASSESSMENT: 1, "uncovered": 0}),
        (2_000, {MARGIN: 1_000, OWN_FUND: 50, CAPITAL: 25, OTHERS_FUND: 100, ASSESSMENT: 200, "uncovered": 625}),
    ],
)
def test_each_pays_only_when_those_before_it_have(loss: int, paid: dict[str, int]) -> None:
    assert covered(loss) == paid


def test_others_pay_pro_rata_and_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    found = default_waterfall(1_076, DEFAULTER, OTHERS, CAPITAL_OF_OURS, 0)
    assert [(step.source, step.amount) for step in found.steps if step.step == OTHERS_FUND] == [("insurance:fund:b", 1)]
    assert found.funds == {"a": 0, "b": 59, "c": 30, "d": 10}
    assert {step.target for step in found.steps} == {LOSS}


def test_every_step_is_a_move_with_its_purpose() -> None:
    found = default_waterfall(2_000, DEFAULTER, OTHERS, CAPITAL_OF_OURS, 20_000)
    assert {(step.step, step.purpose) for step in found.steps} == {
        (MARGIN, "insurance"),
        (OWN_FUND, "insurance"),
        (CAPITAL, "insurance"),
        (OTHERS_FUND, "insurance"),
        (ASSESSMENT, "invoice"),
    }


def test_margin_that_is_not_needed_stays_the_defaulters() -> None:
    found = default_waterfall(400, DEFAULTER, OTHERS, CAPITAL_OF_OURS, 0)
    assert (found.margin_left, found.capital_left, found.funds["a"]) == (600, 25, 50)


@given(
    loss=AMOUNTS,
    defaulter=st.tuples(AMOUNTS, AMOUNTS),
    others=st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=8),
    capital=AMOUNTS,
    assessment_bps=st.integers(0, 50_000),
)
def test_nothing_is_made_or_lost(
    loss: int, defaulter: tuple[int, int], others: list[tuple[int, int]], capital: int, assessment_bps: int
) -> None:
    members = [Member(str(number), *amounts) for number, amounts in enumerate(others)]
    found = default_waterfall(loss, Member("x", *defaulter), members, capital, assessment_bps)
    assert sum(step.amount for step in found.steps) + found.uncovered == loss
    assert all(step.amount > 0 for step in found.steps)
    assert found.margin_left == defaulter[0] - found.paid(MARGIN) >= 0
    assert found.capital_left == capital - found.paid(CAPITAL) >= 0
    assert sum(found.funds.values()) == defaulter[1] + sum(one.fund for one in members) - found.paid(
        OWN_FUND
    ) - found.paid(OTHERS_FUND)
    assert min(found.funds.values()) >= 0
    caps = {f"client:{one.name}": one.fund * assessment_bps // 10_000 for one in members}
    assert all(step.amount <= caps[step.source] for step in found.steps if step.step == ASSESSMENT)
    if found.uncovered:
        assert found.paid(ASSESSMENT) == sum(caps.values())


@given(weights=st.lists(st.integers(0, 10**12), max_size=20), share=st.fractions(0, 1))
def test_parts_add_up_and_none_is_above_its_weight(weights: list[int], share: object) -> None:
    amount = int(sum(weights) * share)  # type: ignore[operator]
    parts = pro_rata(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_a_member_named_twice_or_an_amount_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        default_waterfall(1, DEFAULTER, (DEFAULTER,), 0, 0)
    with pytest.raises(ValueError, match="below zero"):
        default_waterfall(-1, DEFAULTER, OTHERS, 0, 0)


def test_the_engine_posts_every_step_once() -> None:
    found = default_waterfall(2_000, DEFAULTER, OTHERS, CAPITAL_OF_OURS, 20_000)
    engine = Engine()
    accounts: dict[str, int] = {}

    def do(command: object, reason: str | None = None) -> list[object]:
        record = engine.submit(command, 1)
        assert record.reason == reason
        return record.effects

    do(AddAsset(code="USD", decimals=2))
    kinds = {"client": 1, "house": 2, "insurance": 9}
    for path in (*dict.fromkeys(step.source for step in found.steps), LOSS):
        (opened,) = do(OpenAccount(kind=kinds[path.partition(":")[0]], client_id=content_id(path)))
        accounts[path] = opened.account  # type: ignore[attr-defined]
    capital = accounts["house:default_capital"]
    do(Deposit(account=capital, asset=1, amount=10_000))
    for one in (DEFAULTER, *OTHERS):
        do(Deposit(account=accounts[f"client:{one.name}"], asset=1, amount=one.margin + one.fund))
        pays = {"source": accounts[f"client:{one.name}"], "target": accounts[f"insurance:fund:{one.name}"]}
        do(Move(**pays, asset=1, amount=one.fund, purpose=17, client_id=content_id(f"fund of {one.name}")))
    for _ in range(2):
        for command in moves(found.steps, accounts, 1, "the default of a"):
            do(command)
    assert engine.balance(accounts[LOSS], 1)[0] == found.loss - found.uncovered == 1_375
    assert engine.balance(accounts["client:a"], 1)[0] == found.margin_left
    assert [engine.balance(accounts[f"insurance:fund:{one.name}"], 1)[0] for one in OTHERS] == [0, 0, 0]
    assert all(total == 0 for _, total in engine.totals())
