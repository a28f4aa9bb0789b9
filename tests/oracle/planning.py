"""The plan of an incoming order: what it is going to do in the book."""

from __future__ import annotations

from . import fitting
from .books import Order
from .combining import Collector
from .state import State
from .values import LIT
from .walking import Plan, Planner, Step

COMBINE = 1

__all__ = ["Plan", "Step", "plan"]


def plan(state: State, taker: Order) -> Plan:
    """All steps, or none where a condition of the incoming order about all of them together is not met."""
    rules = state.instruments[taker.instrument].rules
    combines = fitting.wants_all(taker) and rules["book"] == LIT and rules["all_or_none"] == COMBINE
    planner = Collector(state, taker) if combines else Planner(state, taker)
    planner.walk()
    found = planner.plan
    return Plan() if fitting.too_little(state, taker, found.traded) else found
