"""The bytes of the state are those that docs/reference/engine.md says, and its tables are those of the code."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus import _core
from isthmus.engine.engine import Engine
from isthmus.kernel import messages as m

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "engine.md").read_text()
RULES = len(m.BOOK_RULES)
SPECIAL_MARK = 2
PARAMETERS = [f"SetRisk{name}" for name in ("Product", "Array", "Tier", "Spread", "Credit", "Delivery")]
LETTERS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i64": "q"}


def letters(name: str) -> str:
    """The fields of a command as struct has them."""
    return " ".join(LETTERS[kind] for _, kind in m.FIELDS[name])


class Reader:
    """Takes the state apart as the page says."""

    def __init__(self, state: bytes) -> None:
        self.state, self.at = state, 0

    def take(self, words: str) -> tuple[Any, ...]:
        """By struct's letters: B u8, H u16, I u32, Q u64, q i64; w is i128."""
        found: list[Any] = []
        for word in re.findall(r"\d*[a-zA-Z]", words):
            if word.endswith("w"):
                found.append(int.from_bytes(self.state[self.at : self.at + 16], "little", signed=True))
                self.at += 16
                continue
            found += struct.unpack_from(f"<{word}", self.state, self.at)
            self.at += struct.calcsize(f"<{word}")
        return tuple(found)

    def many(self, each: Callable[[], Any]) -> list[Any]:
        (length,) = self.take("Q")
        return [each() for _ in range(length)]

    def rows(self, words: str) -> list[tuple[Any, ...]]:
        return self.many(lambda: self.take(words))

    def instrument(self) -> Any:
        terms = self.take("32s B I I B B q q q i i I I q")
        return terms, self.take("B q q q q"), self.rows("I q q w q w q"), self.rows("q q")

    def account(self) -> Any:
        return self.take("B I I"), self.rows("I B B q w w")

    def market(self) -> Any:
        return self.take("B q B q Q"), self.rows("Q")

    def order(self) -> Any:
        row = self.take("Q I I I I q q q q I I H B B B B 16s")
        return row, self.take("q q q q Q q Q Q Q Q q I q B B q Q Q") if row[11] & SPECIAL_MARK else None

    def answer(self) -> Any:
        return self.take("I 16s 16s Q H")

    def limits(self) -> Any:
        return self.take("B I"), self.rows("H I q")

    def past(self) -> Any:
        return self.take("I I"), self.rows("Q"), self.rows("q w"), self.rows("Q B B q q")

    def maker(self) -> Any:
        row = self.take("Q I q q I Q Q B B B")
        return row, (self.take("Q q q I B"), self.rows("Q q q")) if row[-1] else None

    def whole(self) -> dict[str, Any]:
        made: dict[str, Any] = {"head": self.take("Q Q B"), "assets": self.rows("16s B")}
        made |= {"instruments": self.many(self.instrument), "accounts": self.many(self.account)}
        made |= {"markets": self.many(self.market), "orders": self.many(self.order)}
        made |= {"ended": self.many(lambda: (self.take("Q Q"), self.answer())), "corrected": self.rows("Q H")}
        made |= {"kills": self.rows("B I B I"), "handles": self.rows("I I Q")}
        made |= {"limits": self.many(self.limits), "pasts": self.many(self.past), "makers": self.many(self.maker)}
        made |= {"answers": self.many(self.answer), "parents": self.many(self.parent)}
        made["fees"] = self.rows("I I i i")
        made |= {"sides": self.rows("I B"), "pending": self.rows("Q I I I B q Q")}
        made["tiers"] = self.many(lambda: (self.rows("q I I"), self.rows("I w")))
        made |= {"policies": self.rows("I I Q I"), "closed": self.rows("I"), "margins": self.rows("I I B Q w B w w")}
        made["contracts"] = self.rows(f"{letters('SetContract')} q B")
        made |= {when: [self.rows(letters(name)) for name in PARAMETERS] for when in ("staged", "applied")}
        return made | {"portfolios": self.many(lambda: (self.take("I"), self.rows("I"), self.rows("I q")))}

    def parent(self) -> Any:
        return self.take("Q B I q q B B B"), self.rows("Q"), self.rows("Q I")


def busy() -> Engine:
    """An engine in which every list has something."""
    engine, at = Engine(), 1_000

    def send(command: Any) -> Any:
        record = engine.submit(command, at)
        assert record.reason is None, (command, record.reason)
        return record

    for code in ("USD", "XYZ"):
        send(m.AddAsset(code=code, decimals=0))
    listing = {"base": 2, "quote": 1, "tick": 1, "lot": 1, "multiplier": 1}
    send(m.AddInstrument(symbol="X", kind=1, **listing))
    send(m.AddInstrument(symbol="P", kind=4, mark=100, initial_margin_bps=1_000, **listing))
    send(m.SetTick(instrument=1, lowest=1_000, tick=5))
    for account in (16, 17):
        send(m.OpenAccount(kind=1))
        for asset in (1, 2):
            send(m.Deposit(account=account, asset=asset, amount=10**6, client_id=bytes([asset]) * 16))
    send(m.SetCredit(account=16, asset=1, amount=5))
    send(m.SetLimit(scope=1, of=16, instrument=0, limit=13, value=1))
    send(m.RegisterMaker(account=17, instrument=1, spread=10, quantity=1, presence_bps=100))
    send(m.SetProtection(account=17, instrument=1, window_ns=10**9, quantity=1_000, delta=0, percent_bps=0))
    send(m.SetDeadMan(account=16, session=0, timeout_ns=10**9))
    words = {"kind": m.LIMIT, "tif": m.GTC, "price": 100, "quantity": 5}
    send(m.PlaceOrder(account=17, instrument=1, side=m.SELL, flags=m.QUOTE, **words))
    sold = send(
        m.PlaceOrder(account=16, instrument=1, side=m.BUY, client_id=bytes([9]) * 16, **words | {"quantity": 3})
    )
    send(m.PlaceOrder(account=16, instrument=1, side=m.BUY, client_id=bytes([8]) * 16, **words | {"price": 90}))
    send(m.PlaceSpecial(account=16, instrument=1, side=m.BUY, stop=120, **words | {"kind": m.STOP, "price": 0}))
    send(m.PlaceOrder(account=16, instrument=2, side=m.BUY, **words))
    traded = next(effect for effect in sold.effects if type(effect).__name__ == "Traded")
    same: tuple[str, ...] = ("instrument", "maker", "taker", "taker_side", "price", "quantity")
    same += ("buyer_pays", "seller_gets", "maker_fee", "taker_fee")
    terms = {name: getattr(traded, name) for name in same}
    send(m.CorrectTrade(sequence=sold.sequence, index=0, new_price=101, **terms))
    send(m.OpenAccount(kind=3))
    send(m.SetVenueFees(venue=18, instrument=1, maker_fee_ppm=-5, taker_fee_ppm=0))
    parent = send(m.PlaceParent(account=16, instrument=1, side=m.BUY, path=7, price=95, quantity=20)).sequence
    for ordinal, venue in enumerate((0, 18), 1):
        send(m.PlaceChild(parent=parent, ordinal=ordinal, venue=venue, **words | {"price": 80}))
    send(m.VenueCancelled(order=parent + 2, venue=18))
    send(m.OpenAccount(kind=m.ACCOUNT_CUSTODIAN, side=1))
    send(m.MovePending(source=16, target=17, asset=1, amount=3, purpose=15, expire=2_000))
    margin_busily(send, listing)
    send(m.Kill(scope=2, of=7, user=1))
    return engine


def margin_busily(send: Callable[[Any], Any], listing: dict[str, int]) -> None:
    """Tiers, a policy, a closed day, a contract with its risk parameters, an account margined by them."""
    send(m.SetMarginTier(instrument=2, from_notional=0, initial_bps=1_000, maintenance_bps=500))
    send(m.SetMarginPolicy(asset=1, loss_bps=2_000, call_ns=10**9, fee_ppm=7))
    send(m.CloseDay(asset=1))
    send(m.AddInstrument(symbol="F", kind=6, mark=100, initial_margin_bps=1_000, **listing))
    send(m.SetContract(instrument=3, underlying=1, delivery=1, expire=10**15))
    send(m.SetRiskProduct(product=1, asset=1, minimum=1))
    send(m.SetRiskArray(instrument=3, product=1, month=1, delta=10**6, **{f"loss_{n}": n for n in range(1, 17)}))
    send(m.ApplyRisk())
    send(m.SetRiskTier(product=1, list=1, place=1, first=1, last=2))
    send(m.SetMarginMode(account=17, mode=2))


def test_a_state_is_read_to_its_last_byte_by_the_page() -> None:
    engine = busy()
    state = engine.state()
    reader = Reader(state)
    found = reader.whole()
    assert reader.at == len(state)
    assert all(found.values())
    assert found["head"] == (engine.sequence, 1_000, 0)
    assert [len(rules) for _, rules in found["markets"]] == [RULES] * 3
    assert [row[0][5] for row in found["orders"]] == [90, 80, 100, 100, 120, 95]
    assert found["orders"][-2][1][0] == 120
    (((parent, *family), children, late),) = found["parents"]
    assert (family, children, late) == ([7, 2, 95, 20, 0, 0, 0], [(parent + 1,)], [(parent + 2, 18)])
    assert found["sides"] == [(19, 1)]
    assert found["pending"] == [(found["pending"][0][0], 16, 17, 1, 15, 3, 2_000)]
    assert found["fees"] == [(18, 1, -5, 0)]
    assert found["instruments"][1][2][0][2] == 5
    assert found["kills"] == [(2, 7, 0, 0)]
    assert found["tiers"][1][0] == [(0, 1_000, 500)] and found["policies"] == [(1, 2_000, 10**9, 7)]
    assert [len(rows) for rows in found["staged"]] == [1, 1, 1, 0, 0, 0]
    assert found["applied"][1][0][-16:] == tuple(range(1, 17))
    assert [kind for (kind, *_), _ in found["accounts"]][-4:] == [1, 1, 3, 5]


def numbered(head: str) -> dict[int, str]:
    """Column 1 and 2 of the table under this head."""
    table = PAGE.split(f"\n| | {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return {int(row.split(" | ")[0].strip("| ")): row.split(" | ")[1] for row in table}


def test_the_tables_name_every_command_effect_and_rule_with_number_and_fields() -> None:
    def stated(classes: dict[int, type[Any]]) -> dict[int, str]:
        fields = {number: [name for name, _ in m.FIELDS[made.__name__]] for number, made in classes.items()}
        return {number: f"{made.__name__}{{{', '.join(fields[number])}}}" for number, made in classes.items()}

    assert numbered("command") == stated(_core.COMMANDS)
    assert numbered("effect") == stated(_core.EFFECTS)
    assert numbered("rule") == m.BOOK_RULES
    assert f"1 to {max(m.REASONS)}, are numbered" in PAGE


def test_the_first_value_of_a_rule_is_its_default() -> None:
    rules = Reader(busy().state()).whole()["markets"][0][1]
    table = PAGE.split("\n| | rule |")[1].split("\n\n")[0].splitlines()[2:]
    stated = [int(re.findall(r"\d+", row.split(" | ")[2])[0]) for row in table]
    assert stated == [value for (value,) in rules]
