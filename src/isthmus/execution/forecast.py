"""How deep, tight and busy a venue will be: a time-of-day profile, and today's deviation from it carried forward.

Everything is in logarithms (of 1 + x for volume), by bins of the day. The profile is the median over the training days
(the mean of fewer than three), smoothed over neighbouring bins by local linear regression (J. Fan, Design-adaptive
nonparametric regression, JASA 87, 1992), the more the fewer days there are. Today's deviation d from it is split into a
level m, the median of today so far shrunk by n / (n + LEVEL_SHRINK), and an autoregression of order one around it:

    forecast(t + h) = profile(t + h) + m + phi^h (d - m)

the decomposition of J. Bialkowski, S. Darolles, G. Le Fol, Improving VWAP strategies: a dynamic volume approach,
Journal of Banking and Finance 32 (2008), with their common factor replaced by the profile. d - m is cut at three robust
standard deviations, so that one odd bin is not carried forward whole. What it is worth is told against the plain
seasonal average (the mean over the same training days, bin by bin) on days that neither has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

import msgspec
import numpy as np

DEPTH, SPREAD, VOLUME = "depth", "spread", "volume"
MEASURES = (DEPTH, SPREAD, VOLUME)
SMOOTH_BINS = 6
"""Half width of the smoothing with one training day; it falls with the square root of the days."""
LEVEL_SHRINK = 6
CUT = 3.0
MAD_TO_DEVIATION = 1.4826
PHI_MOST = 0.98
SURE = 2.0
"""Diebold-Mariano statistic beyond which a difference is called one."""
TESTS_LEAST = 20
THIN_DEPTH, THIN_VOLUME, WIDE_SPREAD = 0.5, 0.5, 1.5
"""Against the day's median: less depth or volume, or a spread wider by more than this."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


class DayBins(msgspec.Struct, frozen=True):
    """What a venue showed and traded on a day, an array with a number for each bin; nan where nothing is known.
    `spread` in millionths of the middle, `depth` at the best prices, mean of both sides, `volume` traded, in the
    source's unit.
    """

    day: str
    depth: Floats
    spread: Floats
    volume: Floats

    def logs(self, measure: str) -> Floats:
        """The logarithm of a measure, of 1 + it for volume; nan for what is not positive otherwise."""
        values: Floats = getattr(self, measure)
        logs: Floats = np.log1p(values) if measure == VOLUME else np.log(np.where(values > 0, values, np.nan))
        return logs


class Profile(msgspec.Struct, frozen=True):
    """What training days say of a measure, in logarithms."""

    measure: str
    level: Floats
    phi: float
    deviation: float
    days: int


class Comparison(msgspec.Struct, frozen=True):
    """Mean absolute error of the logarithm, ours and the plain seasonal average's, so many bins ahead. `gain`: the
    share of the average's error that is saved (0 where it makes none). `sure`: how many standard errors the difference
    is (F. Diebold, R. Mariano, Journal of Business and Economic Statistics 13, 1995).
    """

    measure: str
    bins_ahead: int
    tests: int
    error: float
    seasonal_error: float
    gain: float
    sure: float
    verdict: str


class ThinHour(NamedTuple):
    """An hour of the day in which the profile says that little can be had, and why."""

    hour: int
    why: str


def profile(measure: str, days: Sequence[Floats]) -> Profile:
    """From the logarithms of training days, each an array of as many bins. Raises ValueError without any."""
    if not days:
        raise ValueError(f"{measure}: no training day")
    table = np.vstack(days)
    level = _level(table)
    deviations = [_left_out(table, place) for place in range(len(table))]
    known = np.concatenate([row[~np.isnan(row)] for row in deviations])
    spread = MAD_TO_DEVIATION * float(np.median(np.abs(known - np.median(known)))) if len(known) else 0.0
    return Profile(measure, level, _phi(deviations, spread), spread, len(days))


def forecast(of: Profile, today: Floats, now: int, ahead: int) -> float:
    """The logarithm of the measure `ahead` bins after bin `now`, from today's logarithms up to and with `now`; nan
    where the profile knows nothing.
    """
    if now + ahead >= len(of.level):
        return float("nan")
    deviations = today[: now + 1] - of.level[: now + 1]
    known = deviations[~np.isnan(deviations)]
    if not len(known):
        return float(of.level[now + ahead])
    level = float(np.median(known)) * len(known) / (len(known) + LEVEL_SHRINK)
    around = _cut(deviations[-1:] - level, of.deviation)
    last = 0.0 if np.isnan(around[0]) else float(around[0])
    return float(of.level[now + ahead]) + level + of.phi**ahead * last


def seasonal_average(days: Sequence[Floats]) -> Floats:
    """The plain rival: the mean over the training days, bin by bin; nan where none knows."""
    return _mean(np.vstack(days))


def compare(measure: str, training: Sequence[DayBins], tests: Sequence[DayBins], ahead: int) -> Comparison | None:
    """Both forecasts on the test days; None when fewer than TESTS_LEAST bins can be compared."""
    known = [day.logs(measure) for day in training]
    ours, plain = profile(measure, known), seasonal_average(known)
    mine, theirs = [], []
    for day in tests:
        actual = day.logs(measure)
        for now in range(len(actual) - ahead):
            said, rival = forecast(ours, actual, now, ahead), plain[now + ahead]
            if not np.isnan([said, rival, actual[now + ahead], actual[now]]).any():
                mine.append(abs(said - actual[now + ahead]))
                theirs.append(abs(float(rival) - actual[now + ahead]))
    if len(mine) < TESTS_LEAST:
        return None
    error, rival_error = float(np.mean(mine)), float(np.mean(theirs))
    sure = diebold_mariano(np.array(theirs) - np.array(mine), ahead)
    verdict = "better" if sure > SURE else "worse" if sure < -SURE else "no difference"
    gain = 1 - error / rival_error if rival_error else 0.0
    return Comparison(
        measure, ahead, len(mine), round(error, 4), round(rival_error, 4), round(gain, 4), round(sure, 2), verdict
    )


def diebold_mariano(differences: Floats, ahead: int) -> float:
    """Mean difference over its standard error, which allows for errors that go together (Newey and West's weights over
    ahead - 1 + n^(1/3) bins); 0 when nothing differs.
    """
    count = len(differences)
    centred = differences - differences.mean()
    lags = min(count - 1, ahead - 1 + int(count ** (1 / 3)))
    variance = float(centred @ centred) / count
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / count
    return float(differences.mean()) / sqrt(variance / count) if variance > 0 else 0.0


def thin_hours(days: Sequence[DayBins], bin_s: int) -> list[ThinHour]:
    """Hours in which the profile is under half the median depth or volume of the day, or half as wide again."""
    found: dict[int, list[str]] = {}
    for measure in MEASURES:
        known = [day.logs(measure) for day in days]
        if not known or np.isnan(known).all():
            continue
        values = np.exp(profile(measure, known).level)
        median = float(np.nanmedian(values))
        for hour in range(24):
            part = values[hour * 3_600 // bin_s : (hour + 1) * 3_600 // bin_s]
            part = part[~np.isnan(part)]
            if len(part) and (why := _thin(measure, float(part.mean()), median)):
                found.setdefault(hour, []).append(why)
    return [ThinHour(hour, ", ".join(whys)) for hour, whys in sorted(found.items())]


def expected(of: Profile, today: Floats, now: int) -> Floats:
    """The measure itself for every bin: what today showed up to `now` (-1: nothing yet), the forecast after it."""
    count = len(of.level)
    if now < 0:
        logs = of.level
    else:
        logs = np.array([today[at] if at <= now else forecast(of, today, now, at - now) for at in range(count)])
    found: Floats = np.expm1(logs) if of.measure == VOLUME else np.exp(logs)
    return found


def _thin(measure: str, value: float, median: float) -> str:
    if measure == SPREAD:
        return f"spread {value / median:.2f} of the median" if value > WIDE_SPREAD * median else ""
    limit = THIN_DEPTH if measure == DEPTH else THIN_VOLUME
    return f"{measure} {value / median:.2f} of the median" if value < limit * median else ""


def _level(table: Floats) -> Floats:
    """The smoothed profile of days."""
    middle = _median(table) if len(table) >= 3 else _mean(table)
    return smoothed(middle, max(1, round(SMOOTH_BINS / sqrt(len(table)))))


def _left_out(table: Floats, place: int) -> Floats:
    """A day's deviations from the profile of the others, less their own mean; from its own where it is alone."""
    others = np.delete(table, place, axis=0) if len(table) > 1 else table
    deviations = table[place] - _level(others)
    known = deviations[~np.isnan(deviations)]
    centred: Floats = deviations - known.mean() if len(known) else deviations
    return centred


def _phi(rows: Sequence[Floats], deviation: float) -> float:
    """Autocorrelation of lag one of deviations that are cut, between 0 and PHI_MOST."""
    above = below = 0.0
    for row in rows:
        cut = _cut(row, deviation)
        pair = ~np.isnan(cut[:-1]) & ~np.isnan(cut[1:])
        above += float(cut[:-1][pair] @ cut[1:][pair])
        below += float(cut[:-1][pair] @ cut[:-1][pair])
    return min(PHI_MOST, max(0.0, above / below)) if below > 0 else 0.0


def smoothed(values: Floats, half_width: int) -> Floats:
    """Local linear regression with triangular weights over so many bins either way; nan stays out, and stays nan."""
    places = np.arange(len(values))
    made = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    for place in places[known]:
        near = known & (np.abs(places - place) <= half_width)
        x = (places[near] - place).astype(float)
        weight = half_width + 1 - np.abs(x)
        moments = [float((weight * x**power).sum()) for power in range(3)]
        spread = moments[0] * moments[2] - moments[1] ** 2
        if spread <= 0:
            made[place] = float((weight * values[near]).sum()) / moments[0]
        else:
            made[place] = float((weight * (moments[2] - moments[1] * x) * values[near]).sum()) / spread
    return made


def _cut(values: Floats, deviation: float) -> Floats:
    return np.clip(values, -CUT * deviation, CUT * deviation) if deviation > 0 else values


def _mean(table: Floats) -> Floats:
    """By column, of what is known; nan where nothing is."""
    counts = (~np.isnan(table)).sum(axis=0)
    sums = np.nansum(table, axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _median(table: Floats) -> Floats:
    """By column, of what is known; nan where nothing is."""
    made = np.full(table.shape[1], np.nan)
    known = ~np.isnan(table).all(axis=0)
    made[known] = np.nanmedian(table[:, known], axis=0)
    return made
