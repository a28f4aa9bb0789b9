"""Blocks by FIX: all of a block at its average price, or nothing, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.fix.house import House

from isthmus.kernel.messages import ACCOUNT_CLIENT, SetAccount

FIRM = 7


class Desk(House):
    """Ann's account is the block's; cat and dan are of the same firm, bob is not."""

    def __init__(self) -> None:
        super().__init__()
        desk = self.core.desk
        self.members = [desk.account(f"client:{name}", ACCOUNT_CLIENT) for name in ("cat", "dan")]
        for account in self.members:
            desk.fund(account, self.asset("USD"), 1_000_000)
            desk.fund(account, self.asset("ACME"), 1_000)
        for account in (self.accounts[0], *self.members):
            desk.submit(SetAccount(account=account, group=0, firm=FIRM))
        self._flush()

    def asset(self, code: str) -> int:
        found = self.core.directory.asset(code)
        assert found is not None
        return found.number

    def balance(self, account: int, code: str) -> int:
        return self.core.engine.balance(account, self.asset(code))[0]

    def trade_block(self, side: str = "1") -> None:
        """30 at 10.00 and 70 at 10.01, one order."""
        ann, bob = self.peer(0), self.peer(1)
        other = "2" if side == "1" else "1"
        for number, (lots, price) in enumerate(((30, "10.00"), (70, "10.01"))):
            self.say(
                bob,
                {35: "D", 11: f"b{number}{side}", 55: "ACME", 54: other, 38: str(lots), 40: "2", 44: price, 59: "1"},
            )
        worst = "10.01" if side == "1" else "10.00"
        self.say(ann, {35: "D", 11: f"block{side}", 55: "ACME", 54: side, 38: "100", 40: "2", 44: worst, 59: "3"})

    def instruct(self, parts: dict[int, str], name: str = "al", **changed: str) -> dict[int, str]:
        fields = {35: "J", 70: name, 71: "0", 54: "1", 55: "ACME", 53: "100", 6: "10.007", 75: "20231114"}
        fields |= {int(tag[1:]): value for tag, value in changed.items()}
        groups = {
            73: [{11: f"block{fields[54]}"}],
            78: [{79: f"acc-{account}", 80: lots} for account, lots in parts.items()],
        }
        ((kind, answer),) = self.say(self.peer(0), fields, groups)
        assert kind == "P"
        return answer


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.trade_block()
    return made


def test_everybody_gets_the_average_price_and_the_block_is_as_if_it_had_not_traded(desk: Desk) -> None:
    cat, dan = desk.members
    before = [desk.balance(account, "USD") for account in (cat, dan)]
    answer = desk.instruct({cat: "60", dan: "40"})
    assert answer[87] == "0"
    # 100 for 1,000.70 and a fee of 0.11 (100 ppm, rounded up)
    paid = [start - desk.balance(account, "USD") for start, account in zip(before, (cat, dan), strict=True)]
    assert paid == [60_042 + 7, 40_028 + 4]
    assert [desk.balance(account, "ACME") for account in (cat, dan)] == [1_060, 1_040]
    assert desk.balance(desk.accounts[0], "USD") == 100_000_000
    assert desk.balance(desk.accounts[0], "ACME") == 100_000


def test_a_sold_block_pays_out(desk: Desk) -> None:
    desk.trade_block("2")
    cat, _ = desk.members
    before = desk.balance(cat, "USD")
    assert desk.instruct({cat: "100"}, name="sold", _54="2")[87] == "0"
    assert desk.balance(cat, "ACME") == 900
    assert desk.balance(cat, "USD") - before == 100_070 - 11


def test_the_same_instruction_again_is_answered_again_and_moves_nothing(desk: Desk) -> None:
    cat, _ = desk.members
    assert desk.instruct({cat: "100"})[87] == "0"
    after = desk.balance(cat, "USD")
    assert desk.instruct({cat: "100"})[87] == "0"
    assert desk.balance(cat, "USD") == after


def test_a_block_is_not_allocated_twice(desk: Desk) -> None:
    cat, dan = desk.members
    desk.instruct({cat: "100"})
    answer = desk.instruct({dan: "100"}, name="again")
    assert answer[87] == "1" and "allocated as al" in answer[58]


def test_if_one_cannot_pay_nobody_gets_anything_and_it_can_be_tried_again(desk: Desk) -> None:
    cat, dan = desk.members
    poor = desk.core.desk.account("client:poor", ACCOUNT_CLIENT)
    desk.core.desk.submit(SetAccount(account=poor, group=0, firm=FIRM))
    answer = desk.instruct({cat: "60", poor: "40"})
    assert answer[87] == "1" and "insufficient_funds" in answer[58]
    assert desk.balance(cat, "ACME") == 1_000 and desk.core.engine.balance(cat, desk.asset("USD"))[1] == 0
    assert desk.instruct({cat: "60", dan: "40"}, name="second")[87] == "0"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"_53": "90"}, "1"), ({"_6": "10.006"}, "2"), ({"_71": "1"}, "7"), ({"_54": "2"}, "5")],
)
def test_an_instruction_that_differs_from_the_block_is_refused_by_its_code(
    desk: Desk, changed: dict, code: str
) -> None:
    answer = desk.instruct({desk.members[0]: "100"}, **changed)
    assert (answer[87], answer[88]) == ("1", code)


def test_parts_that_do_not_add_up_and_accounts_of_others_are_refused(desk: Desk) -> None:
    assert desk.instruct({desk.members[0]: "99"})[88] == "1"
    assert "operator" in desk.instruct({desk.accounts[1]: "100"})[58]
    assert desk.instruct({4: "100"})[88] == "0"


@given(st.lists(st.integers(1, 50), min_size=2, max_size=2))
def test_money_and_things_are_conserved(cut: list[int]) -> None:
    desk = Desk()
    desk.trade_block()
    everybody = [*desk.accounts, *desk.members]
    before = {code: sum(desk.balance(account, code) for account in everybody) for code in ("USD", "ACME")}
    first = min(cut[0], 99)
    assert desk.instruct({desk.members[0]: str(first), desk.members[1]: str(100 - first)})[87] == "0"
    assert {code: sum(desk.balance(account, code) for account in everybody) for code in ("USD", "ACME")} == before
