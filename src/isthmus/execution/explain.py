"""What would be done with an order now, and why: the path, its first children, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from isthmus.execution.decision import choose_path, facts_of
from isthmus.execution.policy import Decision, Market, Parent, Path, Work, parameters_of


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A parent, the path its owner names ("" or "auto": the tree chooses), its parameters, how urgent it is (0 to
    1).
    """

    parent: Parent
    path: str = ""
    parameters: dict[str, Any] = {}
    urgency: float = 0.5


class Explanation(msgspec.Struct, frozen=True):
    """The path by name, its parameters, the reasons in order, and the decision on arrival."""

    path: str
    parameters: msgspec.Struct
    why: list[str]
    decision: Decision


def explain(wanted: Wanted, market: Market, paths: Mapping[str, Path], now: int) -> Explanation:
    """Decides as the router would when the parent arrives. Raises KeyError for an unknown path, msgspec.ValidationError
    for parameters that the path does not take.
    """
    name, parameters = wanted.path.upper(), wanted.parameters
    if name in ("", "AUTO"):
        choice = choose_path(facts_of(wanted.parent, market, wanted.urgency, now))
        name, why = choice.path, list(choice.why)
        parameters = {**choice.parameters, **parameters}
    else:
        why = [f"{name} was asked for."]
    path = paths[name]
    checked = parameters_of(path, parameters)
    decision = path.decide(Work(parent=wanted.parent), market, checked, now)
    return Explanation(path.name, checked, [*why, path.title + ".", decision.why], decision)
