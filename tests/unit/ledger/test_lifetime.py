"""BG/NBD and gamma-gamma against the parameters that their authors published, and against their own simulation."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from isthmus.app.clv import read
from isthmus.kernel.errors import BadInput
from isthmus.ledger.lifetime import (
    Histories,
    Returning,
    alive,
    expected_visits,
    fit_returning,
    fit_spending,
    lifetime_values,
)

PUBLISHED = Returning(0.243, 4.414, 0.793, 2.426, 0.0)


def histories(*rows: tuple[float, float, float, float]) -> Histories:
    columns = [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)]
    return Histories(tuple(str(row) for row in range(len(rows))), *columns)


def test_the_published_parameters_of_cdnow_come_out(test_data: Path) -> None:
    folder = test_data / "compliance" / "clv"
    published = msgspec.json.decode((folder / "reference.json").read_bytes())
    clients, has_values = read(str(folder / "cdnow_customers_summary_with_transactions.csv"))
    assert has_values
    returning, spending = fit_returning(clients), fit_spending(clients)
    for name in ("r", "alpha", "a", "b"):
        assert round(getattr(returning, name), 3) == pytest.approx(published["bgnbd_published"][name], abs=0.0015)
    assert returning.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    for name, value in published["gamma_gamma_published"].items():
        assert getattr(spending, name) == pytest.approx(value, abs=0.011)


def test_expected_visits_are_those_of_the_paper() -> None:
    one = histories((2, 30.43, 38.86, 22.35))
    assert expected_visits(PUBLISHED, one, 39.0)[0] == pytest.approx(1.226, abs=0.001)


def test_who_never_came_back_cannot_have_left() -> None:
    assert alive(PUBLISHED, histories((0, 0, 38.86, 0)))[0] == 1.0


def test_the_longer_a_regular_client_is_silent_the_less_likely_he_is_one() -> None:
    silent = [alive(PUBLISHED, histories((10, 20.0, watched, 5.0)))[0] for watched in (20.0, 30.0, 60.0)]
    assert silent == sorted(silent, reverse=True) and silent[0] > silent[2] + 0.5


def test_parameters_of_a_simulated_population_come_back() -> None:
    draw = np.random.default_rng(7)
    count, watched = 4_000, 50.0
    rates, leaves = draw.gamma(0.8, 1 / 6.0, count), draw.beta(1.2, 3.0, count)
    rows = []
    for rate, leave in zip(rates, leaves, strict=True):
        at, last, visits = 0.0, 0.0, 0
        while (at := at + draw.exponential(1 / rate)) < watched:
            last, visits = at, visits + 1
            if draw.random() < leave:
                break
        rows.append((visits, last, watched, 1.0 if visits else 0.0))
    found = fit_returning(histories(*rows))
    assert found.r / found.alpha == pytest.approx(0.8 / 6.0, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(1.2 / 4.2, rel=0.15)


def test_a_discount_lowers_what_a_client_is_worth_and_a_margin_scales_it() -> None:
    clients = histories(*[(2, 30.0, 39.0, 20.0 + row) for row in range(40)], *[(1, 5.0, 39.0, 9.0)] * 40)
    models = (PUBLISHED, fit_spending(clients))
    whole = lifetime_values(models, clients, 12, 0.0, 1.0)
    assert np.all(lifetime_values(models, clients, 12, 0.01, 1.0) < whole)
    assert lifetime_values(models, clients, 12, 0.0, 0.25) == pytest.approx(whole / 4)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ((1.5, 3.0, 5.0, 2.0), "x"),
        ((-1, 0.0, 5.0, 2.0), "x"),
        ((1, 6.0, 5.0, 2.0), "t_x"),
        ((0, 3.0, 5.0, 2.0), "t_x"),
        ((2, 3.0, 5.0, 0.0), "zbar"),
        ((2, 3.0, 0.0, 1.0), "T"),
    ],
)
def test_a_history_that_cannot_be_is_refused_by_column_and_line(row: tuple[float, ...], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        histories((1, 2.0, 5.0, 3.0), row)  # type: ignore[arg-type]
    assert (refusal.value.field, refusal.value.line) == (field, 3)


def test_clients_none_of_whom_came_back_have_no_fit() -> None:
    with pytest.raises(BadInput, match="nobody came back"):
        fit_returning(histories((0, 0.0, 5.0, 0.0)))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("ID,x,t_x\n1,2,3\n", "T"),
        ("ID,x,t_x,T\n1,2,three,4\n", "t_x"),
        ("ID,x,t_x,T\n1,2,nan,4\n", "t_x"),
        ("ID,x,t_x,T\n", "customers"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_column(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(text)
    with pytest.raises(BadInput) as refusal:
        read(str(file))
    assert refusal.value.field == field
