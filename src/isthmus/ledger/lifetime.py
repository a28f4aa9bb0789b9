"""What a client is worth: how often he comes back (BG/NBD), what he brings each time (gamma-gamma), discounted.

Sources: Fader, Hardie and Lee, "Counting Your Customers the Easy Way" (Marketing Science 24, 2005) for BG/NBD,
equations (6), (7) and (10); Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), equations (1a) and (5).
Parameters are found by maximum likelihood over their logarithms from several starts; a fit that no start reaches is
refused, never returned half done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from isthmus.kernel.errors import BadInput

Floats = NDArray[np.float64]

STARTS = (1.0, 0.3, 3.0)
"""Each parameter begins at each of these in turn."""
STEPS_MAX = 5_000
TOLERANCE = 1e-10
LOG_MAX = 25.0
"""A parameter whose logarithm runs beyond this has no maximum."""


@dataclass(frozen=True)
class Histories:
    """Clients' histories: `x` repeat transactions, the last at `t_x`, watched for `t` (all in one unit of time, from
    the first transaction), `z` the mean value of the repeat transactions (0 without any).
    """

    ids: tuple[str, ...]
    x: Floats
    t_x: Floats
    t: Floats
    z: Floats

    def __post_init__(self) -> None:
        for row in range(len(self.ids)):
            self._check(row)

    def _check(self, row: int) -> None:
        x, t_x, t, z = (float(column[row]) for column in (self.x, self.t_x, self.t, self.z))
        wrong = (
            ("x", x < 0 or x != int(x), "is no count"),
            ("T", t <= 0, "is not positive"),
            ("t_x", not 0 <= t_x <= t, "lies outside 0 to T"),
            ("t_x", (x == 0) != (t_x == 0), "and x: one is zero and the other is not"),
            ("zbar", z < 0 or (x > 0 and z == 0), "is not positive for a client with repeat transactions"),
        )
        for field, is_wrong, reason in wrong:
            if is_wrong:
                raise BadInput(field, f"{reason} (client {self.ids[row]})", row + 2)


class Returning(Struct, frozen=True):
    """BG/NBD: buying rates are gamma (shape `r`, rate `alpha`), dropout chances beta (`a`, `b`)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


class Spending(Struct, frozen=True):
    """Gamma-gamma: values of one client are gamma (shape `p`), their rate over clients gamma (shape `q`, rate `v`)."""

    p: float
    q: float
    v: float
    log_likelihood: float


def fit_returning(histories: Histories) -> Returning:
    """The most likely BG/NBD. Raises BadInput where the histories have no maximum (nobody came back, or all alike)."""
    if not (histories.x > 0).any():
        raise BadInput("x", "is zero for every client: nobody came back")
    (r, alpha, a, b), found = _most_likely(lambda logs: _returning_likelihood(histories, *np.exp(logs)), 4, "bg_nbd")
    return Returning(r, alpha, a, b, found)


def fit_spending(histories: Histories) -> Spending:
    """The most likely gamma-gamma over the clients who came back."""
    repeat = histories.x > 0
    if not repeat.any():
        raise BadInput("x", "is zero for every client: no values to fit")
    x, z = histories.x[repeat], histories.z[repeat]
    (p, q, v), found = _most_likely(lambda logs: _spending_likelihood(x, z, *np.exp(logs)), 3, "gamma_gamma")
    return Spending(p, q, v, found)


def alive(model: Returning, histories: Histories) -> Floats:
    """The chance that each client still is one, at the end of what was watched (1 for one who never came back)."""
    return np.asarray(1.0 / (1.0 + _dropout_odds(model, histories)))


def expected_visits(model: Returning, histories: Histories, ahead: float) -> Floats:
    """Transactions of each client in the next `ahead` units of time: equation (10)."""
    r, alpha, a, b, x = model.r, model.alpha, model.a, model.b, histories.x
    end = alpha + histories.t + ahead
    series = hyp2f1(r + x, b + x, a + b + x - 1, ahead / end)
    without_dropout = (a + b + x - 1) / (a - 1) * (1 - ((alpha + histories.t) / end) ** (r + x) * series)
    return np.asarray(without_dropout / (1 + _dropout_odds(model, histories)))


def expected_spending(model: Spending, histories: Histories) -> Floats:
    """The mean value of a client's transactions, nearer to all clients' mean the less often he came: equation (5)."""
    p, q, v, x = model.p, model.q, model.v, histories.x
    return np.asarray(p * (v + x * histories.z) / (p * x + q - 1))


def lifetime_values(
    models: tuple[Returning, Spending], histories: Histories, periods: int, discount: float, margin: float
) -> Floats:
    """Value of the next `periods` units of time: expected transactions of each times their expected value and `margin`
    (share of it that is ours), discounted at `discount` a unit.
    """
    worth = margin * expected_spending(models[1], histories)
    before, total = np.zeros(len(histories.ids)), np.zeros(len(histories.ids))
    for period in range(1, periods + 1):
        until = expected_visits(models[0], histories, float(period))
        total += (until - before) * worth / (1 + discount) ** period
        before = until
    return total


def _dropout_odds(model: Returning, histories: Histories) -> Floats:
    """Odds that a client has left; 0 for one without repeat transactions, who cannot have."""
    x, ahead = histories.x, (model.alpha + histories.t) / (model.alpha + histories.t_x)
    left = model.a / (model.b + np.maximum(x, 1) - 1) * ahead ** (model.r + x)
    return np.asarray(np.where(x > 0, left, 0.0))


def _returning_likelihood(h: Histories, r: float, alpha: float, a: float, b: float) -> float:
    shape = gammaln(r + h.x) - gammaln(r) + r * np.log(alpha)
    stays = gammaln(a + b) + gammaln(b + h.x) - gammaln(b) - gammaln(a + b + h.x)
    active = -(r + h.x) * np.log(alpha + h.t)
    left = np.log(a) - np.log(b + np.maximum(h.x, 1) - 1) - (r + h.x) * np.log(alpha + h.t_x)
    either = np.where(h.x > 0, np.logaddexp(active, left), active)
    return float(np.sum(shape + stays + either))


def _spending_likelihood(x: Floats, z: Floats, p: float, q: float, v: float) -> float:
    shape = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
    return float(np.sum(shape + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(x * z + v)))


def _most_likely(
    likelihood: Callable[[Floats], float], count: int, name: str, starts: Sequence[float] = STARTS
) -> tuple[list[float], float]:
    """The best of the fits from all starts: parameters and log likelihood."""
    best = None
    for start in starts:
        options = {"maxiter": STEPS_MAX, "maxfev": STEPS_MAX, "xatol": TOLERANCE, "fatol": TOLERANCE}
        with np.errstate(all="ignore"):
            found = minimize(
                lambda logs: -likelihood(logs), np.full(count, np.log(start)), method="Nelder-Mead", options=options
            )
        usable = found.success and np.isfinite(found.fun) and float(np.max(np.abs(found.x))) < LOG_MAX
        if usable and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        raise BadInput(name, "has no maximum for these clients: they are too few or too much alike")
    return [float(value) for value in np.exp(best.x)], -float(best.fun)
