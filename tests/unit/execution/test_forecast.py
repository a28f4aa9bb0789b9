"""The forecast wins where there is something to learn, says so where there is not, and looks at no later bin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.forecast import (
    DEPTH,
    SPREAD,
    VOLUME,
    DayBins,
    compare,
    diebold_mariano,
    expected,
    forecast,
    profile,
    seasonal_average,
    smoothed,
    thin_hours,
)

BINS = 96
SHAPE = 3 + np.cos(np.arange(BINS) / BINS * 2 * np.pi)
"""A smooth day: deep at midnight, thin at noon."""


def day(logs: np.ndarray, name: str = "2020-01-01") -> DayBins:
    nothing = np.full(BINS, np.nan)
    return DayBins(name, np.exp(logs), nothing, nothing)


def noisy_days(count: int, noise: float, carry: float, seed: int = 1, level: float = 0.0) -> list[DayBins]:
    """Days around SHAPE whose deviations are an autoregression, and whose levels differ."""
    random = np.random.default_rng(seed)
    days = []
    for number in range(count):
        deviation, row = 0.0, []
        for shape in SHAPE:
            deviation = carry * deviation + noise * float(random.standard_normal())
            row.append(shape + deviation)
        days.append(day(np.array(row) + level * float(random.standard_normal()), f"2020-01-{number + 1:02}"))
    return days


def test_what_lasts_is_carried_forward_and_wins() -> None:
    days = noisy_days(6, noise=0.2, carry=0.9)
    near, far = (compare(DEPTH, days[:4], days[4:], ahead) for ahead in (1, 24))
    assert near is not None and far is not None
    assert near.verdict == "better" and near.gain > 0.3
    assert near.gain > far.gain, "the further ahead, the less today tells"


def test_a_day_of_another_level_is_noticed() -> None:
    days = noisy_days(5, noise=0.1, carry=0.0, level=0.8)
    found = compare(DEPTH, days[:4], days[4:], 12)
    assert found is not None and found.verdict == "better" and found.gain > 0.4


def test_where_nothing_lasts_and_many_days_are_known_it_does_not_win() -> None:
    verdicts = []
    for seed in range(10):
        days = noisy_days(61, noise=0.3, carry=0.0, seed=seed)
        found = compare(DEPTH, days[:60], days[60:], 1)
        assert found is not None
        verdicts.append(found.verdict)
    assert verdicts.count("no difference") >= 7, verdicts


def test_a_sharp_edge_that_smoothing_smears_is_a_loss_that_is_told() -> None:
    """One training day, a jump at every other bin: the plain average is nearly exact, the smoothed one is not."""
    jagged = SHAPE + np.where(np.arange(BINS) % 2, 1.0, -1.0)
    found = compare(DEPTH, [day(jagged)], [day(jagged + 0.01)], 1)
    assert found is not None and found.verdict == "worse" and found.gain < 0


@given(st.integers(1, BINS - 13), st.integers(1, 12), st.integers(0, 100))
def test_a_forecast_knows_nothing_of_later_bins(now: int, ahead: int, seed: int) -> None:
    days = noisy_days(3, 0.3, 0.7)
    of = profile(DEPTH, [each.logs(DEPTH) for each in days])
    today = noisy_days(1, 0.3, 0.7, seed)[0].logs(DEPTH)
    other = today.copy()
    other[now + 1 :] = np.random.default_rng(seed).standard_normal(BINS - now - 1)
    assert forecast(of, today, now, ahead) == forecast(of, other, now, ahead)


def test_a_single_odd_bin_is_not_carried_forward_whole() -> None:
    of = profile(DEPTH, [each.logs(DEPTH) for each in noisy_days(5, 0.2, 0.9)])
    calm, odd = of.level.copy(), of.level.copy()
    odd[40] += 50.0
    assert forecast(of, odd, 40, 1) - forecast(of, calm, 40, 1) < 4 * of.deviation


def test_unknown_bins_stay_unknown_and_the_rest_goes_on() -> None:
    rows = [each.logs(DEPTH) for each in noisy_days(2, 0.1, 0.5)]
    for row in rows:
        row[:10] = np.nan
    of = profile(DEPTH, rows)
    assert np.isnan(of.level[:10]).all() and not np.isnan(of.level[10:]).any()
    assert np.isnan(forecast(of, rows[0], 2, 3))
    assert not np.isnan(forecast(of, rows[0], 5, 20)), "today may begin late: the profile answers"
    assert np.isnan(forecast(of, rows[0], BINS - 1, 1)), "no bin after the last"
    assert np.isnan(seasonal_average(rows)[:10]).all()


def test_a_line_is_smoothed_into_itself_up_to_its_ends() -> None:
    line = np.arange(40) * 0.5 + 2
    assert smoothed(line, 6) == pytest.approx(line)
    assert smoothed(np.array([np.nan, 3.0, np.nan]), 1)[1] == 3.0


def test_the_statistic_is_the_mean_over_its_error_and_more_careful_when_errors_go_together() -> None:
    random = np.random.default_rng(4)
    alone = random.standard_normal(400) + 0.2
    plain = alone.mean() / (alone.std() / 20)
    assert diebold_mariano(alone, 1) == pytest.approx(plain, rel=0.25)
    together = np.repeat(random.standard_normal(40) + 0.2, 10)
    assert abs(diebold_mariano(together, 10)) < abs(together.mean() / (together.std() / 20)) / 2
    assert diebold_mariano(np.zeros(50), 3) == 0.0


def test_too_little_to_compare_and_no_training_is_said() -> None:
    short = day(np.where(np.arange(BINS) < 15, SHAPE, np.nan))
    assert compare(DEPTH, [short], [short], 1) is None
    with pytest.raises(ValueError, match="depth: no training day"):
        profile(DEPTH, [])


def test_thin_hours_are_those_of_the_profile_with_their_reasons() -> None:
    hours = np.arange(BINS) // 4
    days = [
        DayBins("2020-01-01", np.where(hours == 5, 10.0, 100.0), np.where(hours == 22, 40.0, 10.0), np.full(BINS, 7.0))
    ]
    days *= 20
    found = thin_hours(days, 900)
    assert [thin.hour for thin in found] == [5, 22]
    assert found[0].why.startswith("depth 0.") and found[1].why.startswith("spread ")


def test_volume_may_be_nothing_and_a_zero_spread_is_unknown() -> None:
    quiet = DayBins("2020-01-01", np.zeros(BINS), np.zeros(BINS), np.zeros(BINS))
    assert (quiet.logs(VOLUME) == 0).all()
    assert np.isnan(quiet.logs(DEPTH)).all() and np.isnan(quiet.logs(SPREAD)).all()
    of = profile(VOLUME, [quiet.logs(VOLUME)])
    assert expected(of, quiet.logs(VOLUME), -1) == pytest.approx(np.zeros(BINS))
    assert expected(of, quiet.logs(VOLUME), 3) == pytest.approx(np.zeros(BINS))
