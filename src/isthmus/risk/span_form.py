"""The JSON form of SPAN parameters, for tests, small clearing houses and what a file does not say.

  {"currency": "INR", "contracts": [{"product": "NIFTY", "kind": "future", "expiry": "2026-06-30", "strike": null,
   "lot": 65, "price": 24051.8, "delta": 1, "array": [16 losses of a unit]}], "spreads": [], "minimum": {"per_unit": 0}}

docs/reference/span.md has all keys. Numbers may be JSON numbers (decoded as Decimal) or strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from isthmus.engine.span import SpanParameters, SpanUnreadable, span_month
from isthmus.kernel.errors import BadInput

UNIT = 1_000_000
SCENARIOS = 16
LARGEST = 1 << 62
ALL = (0, (1 << 32) - 1)
KINDS = ("future", "call", "put", "spot")

SpreadLegs = list[tuple[int, int, bool, int]]


class Form:
    """One decoded object that knows its place, so that a refusal names the key."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise BadInput(place or "params", "is no object")
        self._value, self._place = value, place

    def name(self, key: str) -> str:
        """The place of a key."""
        return f"{self._place}.{key}" if self._place else key

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._value.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A text. Raises BadInput without one."""
        value = self._value.get(key, default)
        if not isinstance(value, str) or not value:
            raise BadInput(self.name(key), "is missing or no text")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """A number in millionths. Raises BadInput without one."""
        if not self.has(key):
            if default is None:
                raise BadInput(self.name(key), "is missing")
            return default
        return millionths(self._value[key], self.name(key))

    def whole(self, key: str, default: int) -> int:
        """A whole number."""
        value = self.number(key, default * UNIT)
        if value % UNIT:
            raise BadInput(self.name(key), "is no whole number")
        return value // UNIT

    def month(self, key: str) -> int:
        """A day or month."""
        value = self._value.get(key)
        month = span_month(str(value).replace("-", "")) if isinstance(value, str | int) else None
        if month is None:
            raise BadInput(self.name(key), f"{value!r} is no day or month")
        return month

    def rows(self, key: str) -> list[Any]:
        """A list, empty where there is none."""
        value = self._value.get(key) or []
        if not isinstance(value, list):
            raise BadInput(self.name(key), "is no list")
        return value

    def forms(self, key: str) -> list[Form]:
        """A list of objects."""
        return [Form(row, f"{self.name(key)}[{place}]") for place, row in enumerate(self.rows(key))]

    def form(self, key: str) -> Form:
        """An object, empty where there is none."""
        return Form(self._value.get(key) or {}, self.name(key))

    def is_object(self, key: str) -> bool:
        """Whether the key holds an object."""
        return isinstance(self._value.get(key), dict)

    def __iter__(self) -> Iterator[str]:
        """All keys."""
        return iter(self._value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._value.get(key, default)
        if not isinstance(value, bool):
            raise BadInput(self.name(key), "is neither true nor false")
        return value


def millionths(value: Any, place: str) -> int:
    """A JSON number or text in millionths, rounded to the nearest. Raises BadInput."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadInput(place, "is no number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as fault:
        raise BadInput(place, f"{value!r} is no number") from fault
    if not number.is_finite() or abs(number) * UNIT >= LARGEST:
        raise BadInput(place, f"{value!r} is no number, or too large")
    return int((number * UNIT).to_integral_value())


def add_form(parameters: SpanParameters, value: Any) -> dict[str, int]:
    """Adds a decoded form. Says the lots that it gives to contracts of other files. Raises BadInput."""
    form = Form(value, "")
    lots = form.form("lots")
    given = {code: lots.whole(code, 1) for code in lots}
    if any(lot <= 0 for lot in given.values()):
        raise BadInput("lots", "has a lot that is not positive")
    if not form.has("contracts"):
        if not given:
            raise BadInput("contracts", "is missing")
        return given
    contracts = form.forms("contracts")
    codes = list(dict.fromkeys(contract.text("product") for contract in contracts))
    numbers = {code: _product(parameters, form, code, only=len(codes) == 1) for code in codes}
    for contract in contracts:
        _contract(parameters, contract, numbers)
    try:
        for priority, credit in enumerate(form.forms("credits")):
            parameters.add_credit(priority, _credit_legs(credit, numbers))
    except (SpanUnreadable, ValueError) as fault:
        raise BadInput("credits", str(fault)) from fault
    return given


def _product(parameters: SpanParameters, form: Form, code: str, *, only: bool) -> int:
    own = form.form("products").form(code)
    minimum = form.form("minimum")
    per_unit = minimum.form(code).number("per_unit", 0) if minimum.has(code) else minimum.number("per_unit", 0)
    intra = {tier.whole("tier", place + 1): _range(tier) for place, tier in enumerate(own.forms("intra_tiers"))}
    inter = [(tier.whole("tier", place + 1), *_range(tier)) for place, tier in enumerate(own.forms("inter_tiers"))]
    spreads = [
        (spread.whole("priority", place), _charge(spread), _spread_legs(spread, intra))
        for place, spread in enumerate(form.forms("spreads"))
        if spread.text("product", code if only else None) == code
    ]
    deliveries = [
        (row.month("expiry"), row.number("spread", 0), row.number("outright", 0)) for row in own.forms("delivery")
    ]
    return parameters.add_product(
        (code, form.text("currency"), own.number("minimum", per_unit), _spot(own, form, code), _exposure(own, form)),
        ([_range(tier) for tier in own.forms("scan_tiers")], inter),
        spreads,
        deliveries,
        (own.flag("greater_minimum", False), own.flag("caps_option_value", True)),
    )


def _spot(own: Form, form: Form, code: str) -> int | None:
    """Of the product's own entry, of `spot` by product, or of `spot` for all."""
    if own.has("spot"):
        return own.number("spot")
    if form.is_object("spot"):
        return form.form("spot").number(code) if form.form("spot").has(code) else None
    return form.number("spot") if form.has("spot") else None


def _exposure(own: Form, form: Form) -> int | None:
    if own.has("exposure"):
        return own.number("exposure")
    return form.number("exposure") if form.has("exposure") else None


def _range(tier: Form) -> tuple[int, int]:
    first, last = tier.month("from"), tier.month("to")
    last = last + 99 if last % 100 == 0 else last
    if first > last:
        raise BadInput(tier.name("to"), "is before from")
    return first, last


def _charge(spread: Form) -> int:
    return spread.number("rate" if spread.has("rate") else "charge")


def _spread_legs(spread: Form, tiers: dict[int, tuple[int, int]]) -> SpreadLegs:
    """Legs as written, or from near to far, or of any month against any other."""
    if spread.has("near") or spread.has("far"):
        near, far = spread.month("near"), spread.month("far")
        return [(near, near, False, UNIT), (far, far, True, UNIT)]
    legs = spread.forms("legs")
    if not legs:
        return [(*ALL, False, UNIT), (*ALL, True, UNIT)]
    return [(*_leg_months(leg, tiers), _second(leg), _ratio(leg)) for leg in legs]


def _leg_months(leg: Form, tiers: dict[int, tuple[int, int]]) -> tuple[int, int]:
    if leg.has("tier"):
        number = leg.whole("tier", 0)
        if number not in tiers:
            raise BadInput(leg.name("tier"), f"{number} is none of the product's intra_tiers")
        return tiers[number]
    if leg.has("expiry"):
        month = leg.month("expiry")
        return month, month + 99 if month % 100 == 0 else month
    return _range(leg)


def _second(leg: Form) -> bool:
    side = leg.text("side")
    if side not in ("A", "B"):
        raise BadInput(leg.name("side"), "is neither A nor B")
    return side == "B"


def _ratio(leg: Form) -> int:
    ratio = leg.number("ratio", UNIT)
    if ratio <= 0:
        raise BadInput(leg.name("ratio"), "is not positive")
    return ratio


def _credit_legs(credit: Form, numbers: dict[str, int]) -> list[tuple[int, int, bool, int, int]]:
    legs = credit.forms("legs")
    if len(legs) < 2:
        raise BadInput(credit.name("legs"), "are fewer than two")
    rows = []
    for leg in legs:
        code = leg.text("product")
        if code not in numbers:
            raise BadInput(leg.name("product"), "has no contracts in this form")
        holder = leg if leg.has("rate") else credit
        rate = holder.number("rate")
        if not 0 <= rate <= UNIT:
            raise BadInput(holder.name("rate"), "is not between 0 and 1")
        rows.append((numbers[code], leg.whole("tier", 0), _second(leg), _ratio(leg), rate))
    return rows


def _contract(parameters: SpanParameters, contract: Form, numbers: dict[str, int]) -> None:
    code, kind = contract.text("product"), contract.text("kind").lower()
    if kind not in KINDS:
        raise BadInput(contract.name("kind"), f"{kind!r} is none of {', '.join(KINDS)}")
    is_option = kind in ("call", "put")
    if is_option and not contract.has("strike"):
        raise BadInput(contract.name("strike"), "is missing")
    losses = [
        millionths(loss, f"{contract.name('array')}[{place}]") for place, loss in enumerate(contract.rows("array"))
    ]
    if len(losses) != SCENARIOS:
        raise BadInput(contract.name("array"), f"has {len(losses)} values, not 16")
    lot = contract.whole("lot", 1)
    if lot <= 0:
        raise BadInput(contract.name("lot"), "is not positive")
    price = contract.number("price") if contract.has("price") else None
    expiry = contract.month("expiry") if contract.has("expiry") else 0
    try:
        parameters.add_contract(
            (code, numbers[code], kind, expiry, contract.number("strike") if is_option else None),
            (lot, UNIT, price, (price or 0) if is_option else 0),
            losses,
            contract.number("delta", 0 if is_option else UNIT),
        )
    except ValueError as fault:
        raise BadInput(contract.name("kind"), str(fault)) from fault
