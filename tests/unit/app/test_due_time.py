"""Deadlines run while no command comes."""

from __future__ import annotations

from tests.unit.app.test_day_end import House

from isthmus.app.due_time import LOOK_NS, DueTime
from isthmus.engine.engine import Origin
from isthmus.kernel.messages import DAY, SetDeadMan
from isthmus.kernel.values import NS_PER_S


def test_a_deadline_runs_at_its_time_and_time_is_not_written_down_without_one() -> None:
    house = House()
    due_time, start = DueTime(house.desk), house.at
    before = house.driver.engine.sequence
    assert due_time.step(start) == start + LOOK_NS
    assert house.driver.engine.sequence == before, "nothing is due: nothing is written"

    order = house.place(DAY)
    timer = SetDeadMan(account=house.client, session=0, timeout_ns=NS_PER_S)
    record = house.driver.submit(timer, Origin())
    assert record is not None and record.reason is None
    assert house.driver.engine.next_deadline == start + NS_PER_S
    house.at = start + NS_PER_S - 1
    due_time.step(house.at)
    house.settle()
    assert house.status(order) == ("open", None)
    house.at = start + NS_PER_S
    due_time.step(house.at)
    house.settle()
    assert house.status(order) == ("cancelled", "dead_man")
    assert house.driver.engine.next_deadline is None
    sequence = house.driver.engine.sequence
    due_time.step(house.at + NS_PER_S)
    assert house.driver.engine.sequence == sequence
