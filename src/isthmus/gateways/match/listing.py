"""How an instrument is listed: its base asset, its rules, its ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isthmus.engine.engine import Record
from isthmus.gateways.match.fields import BadRow, Row, not_negative, whole
from isthmus.gateways.match.rules import read_rules
from isthmus.gateways.match.words import BOOKS, RULE_NUMBERS, SCOPES
from isthmus.kernel import messages as m

COLLAR = next(number for number, name in m.LIMITS.items() if name == "collar_bps")
CRYPTO_SPOT = 3
_FIELDS = {"bad_tick": "tick", "bad_lot": "lot"}


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument that is to be listed: the `serial`-th, priced in `cash`."""

    row: Row
    serial: int
    cash: int

    def by(self, send: Callable[[Any], Record]) -> tuple[int, int]:
        """Lists it by commands; answers with its number and its base asset's. Raises BadRow at the first refusal."""
        row, rules = self.row, self.row.get("rules", {})
        chosen = {RULE_NUMBERS["self_trade"]: 0, RULE_NUMBERS["book"]: BOOKS[row.get("book", "lit")]}
        chosen |= dict(read_rules(rules))
        steps = [_tick(step) for step in row.get("ticks", [])]
        collar = _collar(rules)
        base: int = _made(send, m.AddAsset(code=f"BASE{self.serial}", decimals=0), "instrument").asset
        listed = m.AddInstrument(
            symbol=f"I{self.serial}",
            kind=CRYPTO_SPOT,
            base=base,
            quote=self.cash,
            tick=row.get("tick", 1),
            lot=row.get("lot", 1),
            multiplier=1,
        )
        number: int = _made(send, listed, "instrument").instrument
        for rule, value in chosen.items():
            field = f"rules.{m.BOOK_RULES[rule]}"
            _made(send, m.SetRule(instrument=number, rule=rule, value=value), field)
        for lowest, tick in steps:
            _made(send, m.SetTick(instrument=number, lowest=lowest, tick=tick), "ticks")
        if collar is not None:
            everybody = m.SetLimit(scope=SCOPES["everything"], instrument=number, limit=COLLAR, value=collar)
            _made(send, everybody, "rules.collar")
        return number, base


def _tick(step: Any) -> tuple[int, int]:
    if not (isinstance(step, list) and len(step) == 2):
        raise BadRow("ticks", "must be a list of [from price, tick]")
    try:
        return whole(step[0]), whole(step[1])
    except ValueError as fault:
        raise BadRow("ticks", str(fault)) from fault


def _collar(rules: Row) -> int | None:
    value = rules.get("collar")
    try:
        return None if value is None else not_negative(value)
    except ValueError as fault:
        raise BadRow("rules.collar", str(fault)) from fault


def _made(send: Callable[[Any], Record], command: Any, field: str) -> Any:
    """The last effect of a command. Raises BadRow where it is refused."""
    record = send(command)
    if record.reason:
        raise BadRow(_FIELDS.get(record.reason, field) if field == "instrument" else field, record.reason)
    return record.effects[-1]
