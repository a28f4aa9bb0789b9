"""The `rules` of an instrument as the engine's rule numbers and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isthmus.gateways.match.fields import BadRow, Row, whole
from isthmus.gateways.match.words import RULE_NUMBERS, RULE_WORDS, RULES_OF


def read_rules(rules: Row) -> Iterator[tuple[int, int]]:
    """(rule, value) of every rule that is given; `collar` is left to the caller. Raises BadRow."""
    for key, value in rules.items():
        if value is None or key == "collar":
            continue
        if key in RULES_OF:
            yield from _together(key, value)
        elif key in RULE_NUMBERS and key != "book":
            yield RULE_NUMBERS[key], _value(key, value)
        else:
            raise BadRow(f"rules.{key}", "is no rule")


def _together(key: str, given: Any) -> Iterator[tuple[int, int]]:
    if not isinstance(given, dict):
        raise BadRow(f"rules.{key}", f"must be an object with any of {', '.join(RULES_OF[key])}")
    for name, value in given.items():
        if name not in RULES_OF[key]:
            raise BadRow(f"rules.{key}.{name}", "is no rule")
        yield RULE_NUMBERS[name], _value(name, value)


def _value(rule: str, value: Any) -> int:
    words = RULE_WORDS.get(rule)
    try:
        if words is None:
            return whole(value)
        if not isinstance(value, type(next(iter(words)))) or value not in words:
            raise ValueError(f"must be one of {', '.join(str(word).lower() for word in words)}")
    except ValueError as fault:
        raise BadRow(f"rules.{rule}", str(fault)) from fault
    return words[value]
