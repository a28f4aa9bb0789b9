"""Where a designated market maker quotes: around a middle, leaning against what it owns, within its obligations.

Sources. M. Avellaneda, S. Stoikov, High-frequency trading in a limit order book, Quantitative Finance 8 (2008):
reservation price and spread (their eq. 29 and 30). O. Gueant, C.-A. Lehalle, J. Fernandez-Tapia, Dealing with the
inventory risk, Mathematics and Financial Economics 7 (2013): the same with bounds on the inventory; far from the end
the distances are constant, exactly by the lowest eigenvector (their theorem 2), nearly by a closed form (section 4;
O. Gueant, Optimal market making, Applied Mathematical Finance 24 (2017), has it for any order size).

Orders come to a quote at distance d from the middle at the rate A e^(-k d). Units: prices and distances in price steps,
volatility in steps per square root of a second, A per second, k per step, inventory q in orders of the usual size,
gamma per step and order. Floats decide where a quote stands; what is sent is whole ticks and lots.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, floor, log, sqrt
from typing import Literal, NamedTuple

import msgspec
import numpy as np

BPS = 10_000
NS_PER_S = 1_000_000_000
ORDERS_MAX = 200
"""Inventory bound in orders up to which the eigenvector is worked out."""
AVELLANEDA_STOIKOV, ASYMPTOTIC, BOUNDED = "avellaneda_stoikov", "asymptotic", "bounded"
DISTANCES_MIN = 3
"""Fewer distances at which something filled say nothing about k: two points always lie on a line."""


class Intensity(msgspec.Struct, frozen=True):
    """Orders come at the rate `a` e^(-`k` distance)."""

    a: float
    k: float


class Reach(NamedTuple):
    """How often a quote at this distance was filled while it stood there so long."""

    distance: float
    fills: int
    seconds: float


class Fit(msgspec.Struct, frozen=True):
    """What a regression found. `error_k`: standard error of k; `distances`: how many had fills."""

    intensity: Intensity
    error_k: float
    distances: int
    fills: int


class Obligation(msgspec.Struct, frozen=True):
    """As in RegisterMaker: at most `spread` price steps between bid and ask, `quantity` lots at each, in `presence_bps`
    of the time.
    """

    spread: int
    quantity: int
    presence_bps: int = 0


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """How to quote. `size` lots a side; `most`: lots either way at which it stops adding to its inventory if its
    presence allows, `stop` at which it does so whatever its presence. `pause_volatility` 0: never pauses. `horizon_s`
    is the time left of Avellaneda and Stoikov's model.
    """

    obligation: Obligation
    gamma: float
    intensity: Intensity
    size: int
    most: int
    stop: int
    tick: int = 1
    lot: int = 1
    model: Literal["avellaneda_stoikov", "asymptotic", "bounded"] = "asymptotic"
    horizon_s: float = 60.0
    least_volatility: float = 0.0
    """What is reckoned with when the market stands still: a quiet minute is no promise."""
    pause_volatility: float = 0.0
    pause_ns: int = 5 * NS_PER_S
    margin_bps: int = 200
    """By how much presence must be above its duty before a side is left out."""

    def __post_init__(self) -> None:
        """Raises ValueError naming the field and the reason."""
        duty = self.obligation
        checks = (
            (self.gamma > 0, "gamma: must be positive"),
            (self.intensity.a > 0 and self.intensity.k > 0, "intensity: a and k must be positive"),
            (self.least_volatility >= 0, "least_volatility: must not be negative"),
            (self.tick > 0 and self.lot > 0, "tick, lot: must be positive"),
            (duty.spread >= self.tick, f"spread: {duty.spread} is less than a tick ({self.tick})"),
            (0 <= duty.presence_bps <= BPS, f"presence_bps: must be 0 to {BPS}"),
            (self.size > 0, "size: must be positive"),
            (self.size % self.lot == 0, f"size: {self.size} is no whole number of lots of {self.lot}"),
            (self.size >= duty.quantity, f"size: {self.size} is less than the obligation's {duty.quantity}"),
            (self.size <= self.most <= self.stop, "most, stop: must be at least the size, and stop at least most"),
            (self.stop <= ORDERS_MAX * self.size, f"stop: at most {ORDERS_MAX} times the size"),
        )
        for holds, reason in checks:
            if not holds:
                raise ValueError(reason)


class State(msgspec.Struct, frozen=True):
    """What the maker owns beyond what it wants to own (lots), how long it met its duty of how long it had it, and
    until when it stays away.
    """

    inventory: int = 0
    quoted_ns: int = 0
    open_ns: int = 0
    paused_until: int = 0


class View(msgspec.Struct, frozen=True):
    """The market without the maker's own quotes: twice its middle, best bid and ask (0: none), volatility."""

    at: int
    middle_x2: int
    bid: int = 0
    ask: int = 0
    volatility: float = 0.0


class Quote(NamedTuple):
    """A price and a quantity."""

    price: int
    quantity: int


class Quotes(msgspec.Struct, frozen=True):
    """What should stand now. With both sides there the obligation is met; with one or none it is not, and `why` says
    why.
    """

    bid: Quote | None
    ask: Quote | None
    why: str
    paused_until: int = 0


def quotes(state: State, view: View, parameters: Parameters) -> Quotes:
    """Bid and ask for now; the same arguments give the same answer."""
    if parameters.pause_volatility and view.volatility > parameters.pause_volatility:
        until = view.at + parameters.pause_ns
        return Quotes(None, None, f"volatility {view.volatility:.3g} is above its limit", until)
    if view.at < state.paused_until:
        return Quotes(None, None, "it is calm for too short a time", state.paused_until)
    bid, ask = _placed(view, *_within(*wanted(state, view, parameters), parameters), parameters)
    size = parameters.size
    if not _may_leave_out(state, parameters):
        return Quotes(Quote(bid, size), Quote(ask, size), f"leans {-_orders(state, parameters):+.2f} orders")
    less = min(size, abs(state.inventory) - abs(state.inventory) % parameters.lot)
    if state.inventory > 0:
        return Quotes(None, Quote(ask, less), f"owns {state.inventory}: only sells")
    return Quotes(Quote(bid, less), None, f"owes {-state.inventory}: only buys")


def wanted(state: State, view: View, parameters: Parameters) -> tuple[float, float]:
    """Bid and ask as the model has them, not yet in ticks."""
    middle, q = view.middle_x2 / 2, _orders(state, parameters)
    gamma, intensity = parameters.gamma, parameters.intensity
    volatility = max(view.volatility, parameters.least_volatility)
    if parameters.model == AVELLANEDA_STOIKOV:
        centre = reservation(middle, q, gamma * volatility**2 * parameters.horizon_s)
        half = best_spread(gamma, volatility, parameters.horizon_s, intensity.k) / 2
        return centre - half, centre + half
    if parameters.model == ASYMPTOTIC:
        below, above = asymptotic(q, gamma, volatility, intensity)
        return middle - below, middle + above
    table = bounded(gamma, volatility, intensity, parameters.stop // parameters.size)
    down, up = table[_clamped(round(q) + len(table) // 2, 0, len(table) - 1)]
    widest = float(parameters.obligation.spread)
    return middle - (widest if down is None else down), middle + (widest if up is None else up)


def reservation(middle: float, q: float, risk: float) -> float:
    """Avellaneda and Stoikov's indifference price s - q gamma sigma^2 (T - t); `risk` is the product behind q."""
    return middle - q * risk


def best_spread(gamma: float, volatility: float, left_s: float, k: float) -> float:
    """Avellaneda and Stoikov's whole spread: gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / k)."""
    return gamma * volatility**2 * left_s + 2 / gamma * log(1 + gamma / k)


def asymptotic(q: float, gamma: float, volatility: float, intensity: Intensity) -> tuple[float, float]:
    """Distances of bid and ask far from the end, closed form: (1/gamma) ln(1 + gamma/k) +- skew (2 q +- 1) / 2 with
    skew = sqrt(sigma^2 gamma / (2 k A) (1 + gamma/k)^(1 + k/gamma)).
    """
    a, k = intensity.a, intensity.k
    near = log(1 + gamma / k) / gamma
    skew = volatility * sqrt(gamma / (2 * k * a)) * exp((1 + k / gamma) * log(1 + gamma / k) / 2)
    return near + (2 * q + 1) / 2 * skew, near - (2 * q - 1) / 2 * skew


def bounded(
    gamma: float, volatility: float, intensity: Intensity, most: int
) -> list[tuple[float | None, float | None]]:
    """Distances of bid and ask for q from -most to most, far from the end, exactly; None where the bound lets no order
    in. 1/k ln(f_q / f_(q+-1)) + 1/gamma ln(1 + gamma/k), f the lowest eigenvector of the matrix with alpha q^2 in its
    diagonal and -eta beside it, alpha = k gamma sigma^2 / 2, eta = A (1 + gamma/k)^-(1 + k/gamma).
    """
    if not 1 <= most <= ORDERS_MAX:
        raise ValueError(f"most: must be 1 to {ORDERS_MAX} orders")
    a, k = intensity.a, intensity.k
    near = log(1 + gamma / k) / gamma
    alpha = k * gamma * volatility**2 / 2
    eta = a * exp(-(1 + k / gamma) * log(1 + gamma / k))
    places = np.arange(-most, most + 1, dtype=float)
    beside = np.full(2 * most, -eta)
    _, vectors = np.linalg.eigh(np.diag(alpha * places**2) + np.diag(beside, 1) + np.diag(beside, -1))
    logs = np.log(np.maximum(np.abs(vectors[:, 0]), np.finfo(float).tiny))
    steps = [float(step) for step in (logs[:-1] - logs[1:]) / k]
    below = [*(near + step for step in steps), None]
    above = [None, *(near - step for step in steps)]
    return list(zip(below, above, strict=True))


def fit_intensity(seen: Sequence[Reach]) -> Fit:
    """A and k by regression of ln(fills / seconds) on the distance, each weighted by its fills (the variance of the
    logarithm of a Poisson count is about 1 over it). Raises ValueError when the fills do not tell.
    """
    used = [reach for reach in seen if reach.fills > 0 and reach.seconds > 0]
    if len({reach.distance for reach in used}) < DISTANCES_MIN:
        raise ValueError(f"fills: at fewer than {DISTANCES_MIN} distances, k cannot be told")
    weight = sum(reach.fills for reach in used)
    mean_x = sum(reach.fills * reach.distance for reach in used) / weight
    mean_y = sum(reach.fills * log(reach.fills / reach.seconds) for reach in used) / weight
    spread = sum(reach.fills * (reach.distance - mean_x) ** 2 for reach in used)
    slope = sum(
        reach.fills * (reach.distance - mean_x) * (log(reach.fills / reach.seconds) - mean_y) for reach in used
    ) / spread  # fmt: skip
    if slope >= 0:
        raise ValueError("fills: do not get rarer with the distance, so there is no k")
    return Fit(Intensity(exp(mean_y - slope * mean_x), -slope), 1 / sqrt(spread), len(used), weight)


def reaches(depths: Sequence[float], seconds: float, distances: Sequence[float]) -> list[Reach]:
    """What quotes at these distances would have seen of trades that went so far from the middle each."""
    return [Reach(at, sum(depth >= at for depth in depths), seconds) for at in distances]


class Volatility(msgspec.Struct, frozen=True):
    """Variance of the middle a second, in squared steps, forgotten with a time constant."""

    variance: float = 0.0
    at: int = 0
    middle_x2: int = 0

    def seen(self, at: int, middle_x2: int, memory_s: float) -> Volatility:
        """With another middle taken in: v + (1 - e^(-dt/memory)) (r^2 / dt - v)."""
        if not self.at or at <= self.at:
            return Volatility(self.variance, self.at or at, self.middle_x2 or middle_x2)
        passed = (at - self.at) / NS_PER_S
        move = (middle_x2 - self.middle_x2) / 2
        fresh = self.variance + (1 - exp(-passed / memory_s)) * (move * move / passed - self.variance)
        return Volatility(fresh, at, middle_x2)

    @property
    def per_root_second(self) -> float:
        """Standard deviation over one second."""
        return sqrt(self.variance)


def presence_met(state: State, presence_bps: int) -> bool:
    """Whether it met its duty for this share of the time so far."""
    return state.quoted_ns * BPS >= presence_bps * state.open_ns


def _may_leave_out(state: State, parameters: Parameters) -> bool:
    """Whether the side that adds to the inventory is left out."""
    owned = abs(state.inventory)
    if owned >= parameters.stop:
        return True
    needed = min(BPS, parameters.obligation.presence_bps + parameters.margin_bps)
    return owned >= parameters.most and state.open_ns > 0 and presence_met(state, needed)


def _within(bid: float, ask: float, parameters: Parameters) -> tuple[int, int]:
    """Whole ticks, bid below ask, no wider than the obligation; a spread that is cut keeps its centre, and so its
    lean.
    """
    tick, widest = parameters.tick, parameters.obligation.spread // parameters.tick * parameters.tick
    low, high = floor(bid / tick) * tick, ceil(ask / tick) * tick
    if high - low > widest:
        low = round(((bid + ask) / 2 - widest / 2) / tick) * tick
        high = low + widest
    return low, max(high, low + tick)


def _placed(view: View, bid: int, ask: int, parameters: Parameters) -> tuple[int, int]:
    """Moved, where it would trade at once, behind the others' best price; the other side follows within the spread."""
    tick, widest = parameters.tick, parameters.obligation.spread // parameters.tick * parameters.tick
    if view.ask and bid >= view.ask:
        bid = view.ask - tick
        ask = min(ask, bid + widest)
    if view.bid and ask <= view.bid:
        ask = view.bid + tick
        bid = max(bid, ask - widest)
    bid = max(bid, tick)
    return bid, max(ask, bid + tick)


def _orders(state: State, parameters: Parameters) -> float:
    return state.inventory / parameters.size


def _clamped(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))
