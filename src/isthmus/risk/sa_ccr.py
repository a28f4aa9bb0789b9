"""SA-CCR: exposure at default of a netting set of derivatives.

Source: Basel Framework CRE52 (the standardised approach to counterparty credit risk), paragraph numbers beside each
formula. EAD = 1.4 x (replacement cost + potential future exposure). Amounts are floats in one currency: an exposure is
a regulatory estimate and never gates an order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from statistics import NormalDist

from msgspec import Struct

from isthmus.kernel.errors import BadInput

ALPHA = 1.4
FLOOR = 0.05
BUSINESS_DAYS = 250
"""Of a year, for margined maturity factors and the floor of ten business days."""
LEAST_YEARS = 10 / BUSINESS_DAYS
PHI = NormalDist().cdf

CREDIT = {"AAA": 0.0038, "AA": 0.0038, "A": 0.0042, "BBB": 0.0054, "BB": 0.0106, "B": 0.016, "CCC": 0.06}
CREDIT_INDEX = {"IG": 0.0038, "SG": 0.0106}
COMMODITY = {"electricity": 0.4, "oil": 0.18, "gas": 0.18, "metals": 0.18, "agricultural": 0.18, "other": 0.18}
HEDGING_SETS = {"electricity": "energy", "oil": "energy", "gas": "energy"}
"""Commodity types of one hedging set (CRE52.65); each other type is one of its own."""
FACTORS = {"rates": 0.005, "fx": 0.04, "equity": 0.32, "equity_index": 0.2}
VOLATILITIES = {
    "rates": 0.5, "fx": 0.15, "credit": 1.0, "credit_index": 0.8, "equity": 1.2, "equity_index": 0.75,
    "commodity": 0.7, "electricity": 1.5,
}  # fmt: skip
"""Supervisory option volatilities (CRE52.72)."""
BUCKETS = ((0, 1), (1, 5), (5, None))
"""Years of the maturity buckets of rates, and how the buckets offset (CRE52.57)."""
BETWEEN_BUCKETS = {(0, 1): 0.7, (1, 2): 0.7, (0, 2): 0.3}
CLASSES = ("rates", "fx", "credit", "credit_index", "equity", "equity_index", "commodity")


class Option(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price of underlying, strike, years to the exercise date; `shift` raises both where one may be negative."""

    call: bool
    underlying: float
    strike: float
    years: float
    shift: float = 0.0


class Trade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trade of the netting set. `asset_class`: one of `CLASSES`. `hedging`: currency (rates), pair (fx), entity or
    index (credit, equity), commodity. `kind`: rating (credit), IG or SG (index), commodity type. `long`: in the primary
    risk factor (protection sold, for credit). Years from today: `start` and `end` of the reference period (rates,
    credit), `maturity` of the contract. `tranche`: attachment and detachment of a CDO tranche.
    """

    asset_class: str
    hedging: str
    notional: float
    value: float
    long: bool = True
    kind: str = ""
    start: float = 0.0
    end: float = 0.0
    maturity: float = 1.0
    option: Option | None = None
    tranche: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        wrong = (
            ("asset_class", self.asset_class not in CLASSES, f"is not one of {', '.join(CLASSES)}"),
            ("notional", self.notional < 0, "is negative"),
            ("maturity", self.maturity <= 0, "is not positive"),
            ("end", self._has_period and not 0 <= self.start < self.end, "does not come after the start"),
            ("kind", self._kinds is not None and self.kind not in self._kinds, f"{self.kind!r} is not known"),
        )
        for field, is_wrong, reason in wrong:
            if is_wrong:
                raise BadInput(field, reason)

    @property
    def _has_period(self) -> bool:
        return self.asset_class in ("rates", "credit", "credit_index")

    @property
    def _kinds(self) -> dict[str, float] | None:
        return {"credit": CREDIT, "credit_index": CREDIT_INDEX, "commodity": COMMODITY}.get(self.asset_class)


class Margining(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A margin agreement: amounts in the currency of the trades, margin period of risk in business days (CRE52.50)."""

    threshold: float = 0.0
    minimum_transfer: float = 0.0
    independent: float = 0.0
    """Net independent collateral amount."""
    days: int = 10


class Exposure(Struct, frozen=True):
    """`add_ons` by asset class; the aggregate is their sum."""

    replacement_cost: float
    multiplier: float
    add_ons: dict[str, float]
    potential: float
    exposure_at_default: float


def exposure(trades: Sequence[Trade], collateral: float = 0.0, margining: Margining | None = None) -> Exposure:
    """EAD of one netting set; `collateral` is held net, after haircuts. A margined one is never above the same without
    the agreement (CRE52.2).
    """
    plain = _exposure(trades, collateral, None)
    if margining is None:
        return plain
    margined = _exposure(trades, collateral, margining)
    return min(plain, margined, key=lambda one: one.exposure_at_default)


def _exposure(trades: Sequence[Trade], collateral: float, margining: Margining | None) -> Exposure:
    value = sum(trade.value for trade in trades)
    cost = max(value - collateral, 0.0)
    if margining is not None:  # CRE52.18
        cost = max(cost, margining.threshold + margining.minimum_transfer - margining.independent)
    add_ons = _add_ons(trades, margining)
    whole = sum(add_ons.values())
    multiplier = 1.0
    if whole > 0:  # CRE52.23
        multiplier = FLOOR + (1 - FLOOR) * exp(min(0.0, (value - collateral) / (2 * (1 - FLOOR) * whole)))
    potential = multiplier * whole
    return Exposure(cost, multiplier, add_ons, potential, ALPHA * (cost + potential))


def duration(start: float, end: float) -> float:
    """Supervisory duration (CRE52.34), at a rate of 5 %."""
    return (exp(-0.05 * start) - exp(-0.05 * max(end, LEAST_YEARS))) / 0.05


def delta(trade: Trade) -> float:
    """Supervisory delta adjustment (CRE52.38 to 52.42)."""
    side = 1.0 if trade.long else -1.0
    if trade.tranche is not None:
        attachment, detachment = trade.tranche
        return side * 15 / ((1 + 14 * attachment) * (1 + 14 * detachment))
    option = trade.option
    if option is None:
        return side
    known = "electricity" if trade.kind == "electricity" else trade.asset_class
    spread = VOLATILITIES[known] * sqrt(option.years)
    underlying, strike = option.underlying + option.shift, option.strike + option.shift
    if underlying <= 0 or strike <= 0 or spread <= 0:
        raise BadInput("option", "needs positive prices (raise them by `shift`) and time left")
    d1 = (log(underlying / strike) + 0.5 * spread**2) / spread
    # a bought call and a sold put are long; `long` says which side of the option is held
    return side * PHI(d1) if option.call else -side * PHI(-d1)


def _effective(trade: Trade, margining: Margining | None) -> float:
    """Adjusted notional x delta x maturity factor."""
    adjusted = trade.notional * (duration(trade.start, trade.end) if trade._has_period else 1.0)
    return adjusted * delta(trade) * _maturity_factor(trade, margining)


def _maturity_factor(trade: Trade, margining: Margining | None) -> float:
    """CRE52.48 and 52.52."""
    if margining is not None:
        return 1.5 * sqrt(margining.days / BUSINESS_DAYS)
    return sqrt(min(max(trade.maturity, LEAST_YEARS), 1.0))


def _add_ons(trades: Sequence[Trade], margining: Margining | None) -> dict[str, float]:
    of_class: dict[str, list[tuple[Trade, float]]] = defaultdict(list)
    for trade in trades:
        of_class[trade.asset_class.removesuffix("_index")].append((trade, _effective(trade, margining)))
    return {name: _ADD_ONS[name](rows) for name, rows in sorted(of_class.items())}


Rows = list[tuple[Trade, float]]


def _rates(rows: Rows) -> float:
    """CRE52.55 to 52.57: buckets of a currency offset in part, currencies not at all."""
    currencies: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(BUCKETS))
    for trade, amount in rows:
        at = next(at for at, (_, until) in enumerate(BUCKETS) if until is None or trade.end < until)
        currencies[trade.hedging][at] += amount
    total = 0.0
    for sums in currencies.values():
        squares = sum(one * one for one in sums)
        squares += sum(2 * share * sums[a] * sums[b] for (a, b), share in BETWEEN_BUCKETS.items())
        total += FACTORS["rates"] * sqrt(max(squares, 0.0))
    return total


def _fx(rows: Rows) -> float:
    """CRE52.58: each pair is a hedging set; the sign is that of the pair's first currency in the alphabet."""
    pairs: dict[str, float] = defaultdict(float)
    for trade, amount in rows:
        first, second = trade.hedging[:3], trade.hedging[-3:]
        pairs[min(first, second) + max(first, second)] += amount if first <= second else -amount
    return sum(FACTORS["fx"] * abs(amount) for amount in pairs.values())


def _entities(rows: Rows, factor: Callable[[Trade], float]) -> float:
    """CRE52.60 and 52.63: a systematic and an idiosyncratic part; single names weigh 50 %, indices 80 %."""
    entities: dict[tuple[str, bool], float] = defaultdict(float)
    for trade, amount in rows:
        entities[trade.hedging, trade.asset_class.endswith("_index")] += amount * factor(trade)
    return _with_correlation([(amount, 0.8 if index else 0.5) for (_, index), amount in entities.items()])


def _commodity(rows: Rows) -> float:
    """CRE52.66 to 52.69: kinds of one hedging set offset at 40 %, sets not at all."""
    sets: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for trade, amount in rows:
        of_kind = sets[HEDGING_SETS.get(trade.kind, trade.kind)]
        of_kind[trade.hedging] += amount * COMMODITY[trade.kind]
    return sum(_with_correlation([(amount, 0.4) for amount in kinds.values()]) for kinds in sets.values())


def _with_correlation(parts: list[tuple[float, float]]) -> float:
    systematic = sum(rho * amount for amount, rho in parts)
    return sqrt(systematic**2 + sum((1 - rho**2) * amount**2 for amount, rho in parts))


def _credit_factor(trade: Trade) -> float:
    return CREDIT_INDEX[trade.kind] if trade.asset_class == "credit_index" else CREDIT[trade.kind]


_ADD_ONS: dict[str, Callable[[Rows], float]] = {
    "rates": _rates,
    "fx": _fx,
    "credit": lambda rows: _entities(rows, _credit_factor),
    "equity": lambda rows: _entities(rows, lambda trade: FACTORS[trade.asset_class]),
    "commodity": _commodity,
}
