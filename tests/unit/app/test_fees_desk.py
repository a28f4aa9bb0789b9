"""Rates by volume in the broker: a day is rated once, whatever happens in between."""

from typing import Any

import pytest
from tests.unit.gateways.fix.house import START, House

from isthmus.app.fees_desk import FEES, FeesDesk, FeeSettings, ScheduleTerms, TierTerms
from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.fees import DAY_NS

HALF = ScheduleTerms(tiers=[TierTerms(volume=0, maker_ppm=0, taker_ppm=50)])


def settings(terms: ScheduleTerms = HALF) -> FeeSettings:
    return FeeSettings(schedules={"half": terms}, clients={"client:ann": "half"})


def order(name: str, side: str, lots: str) -> dict[int, str]:
    return {35: "D", 11: name, 55: "ACME", 54: side, 38: lots, 40: "2", 44: "10.00", 59: "1"}


class Broker(House):
    """Ann takes 1,000 of Bob's at 10.00: the engine charges her 100 ppm, a dollar."""

    def __init__(self) -> None:
        super().__init__()
        self.fees = self.desk_of()

    def desk_of(self) -> FeesDesk:
        made = FeesDesk(settings(), self.core.desk, self.core.directory)
        self.core.views.tell(made)
        return made

    def trade(self, name: str) -> None:
        ann, bob = self.peer(0), self.peer(1)
        self.say(bob, order(f"b{name}", "2", "1000"))
        self.say(ann, order(f"a{name}", "1", "1000"))

    def step(self, desk: FeesDesk | None = None) -> int:
        following = (desk or self.fees).step(self._clock())
        self._flush()
        return following

    def fees_taken(self) -> int:
        usd = self.core.directory.asset("USD")
        assert usd is not None
        return self.core.engine.balance(FEES, usd.number)[0]


@pytest.fixture
def broker() -> Broker:
    made = Broker()
    made.trade("1")
    return made


def test_nothing_is_posted_before_the_day_is_over(broker: Broker) -> None:
    assert broker.step() == (START // DAY_NS + 1) * DAY_NS
    assert broker.fees_taken() == 100


def test_after_it_the_client_gets_back_what_he_paid_too_much(broker: Broker) -> None:
    broker.now += DAY_NS
    broker.step()
    assert broker.fees_taken() == 50


def test_a_day_is_posted_once_even_by_a_desk_that_knows_nothing_but_the_journal(broker: Broker) -> None:
    broker.now += DAY_NS
    broker.step()
    broker.step()
    fresh = FeesDesk(settings(), broker.core.desk, broker.core.directory)
    for kept in broker.fees._fills["client:ann"]:
        fresh._fills["client:ann"].append(kept)
    for record in _moves(broker):
        fresh.record(record)
    broker.step(fresh)
    assert broker.fees_taken() == 50


def test_a_busted_trade_is_not_rated(broker: Broker) -> None:
    kept = broker.fees._fills["client:ann"][0]
    broker.fees.record(_busted(kept.record, kept.ordinal - 1))
    assert broker.fees.charges(START // DAY_NS) == []


def test_a_client_with_an_unknown_schedule_stops_the_start(broker: Broker) -> None:
    with pytest.raises(BadInput, match="no schedule"):
        FeesDesk(FeeSettings(schedules={}, clients={"client:ann": "gold"}), broker.core.desk, broker.core.directory)


def test_a_schedule_that_cannot_be_is_named(broker: Broker) -> None:
    wrong = ScheduleTerms(tiers=[TierTerms(volume=5, maker_ppm=0, taker_ppm=0)])
    with pytest.raises(BadInput) as refusal:
        FeesDesk(settings(wrong), broker.core.desk, broker.core.directory)
    assert refusal.value.field == "fees.schedules.half.tiers"


def _moves(broker: Broker) -> list[Any]:
    records = broker.core.views.journal.read(1, 10_000)
    return [row for row in records if type(row.command).__name__ == "Move"]


def _busted(sequence: int, index: int) -> Any:
    effect = type("TradeCorrected", (), {"sequence": sequence, "index": index, "price": 0})()
    return type("Record", (), {"effects": [effect], "command": None, "reason": None})()
