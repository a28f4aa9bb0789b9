"""Numbers come as text or JSON numbers, exactly; what is none is refused by its field."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from isthmus.gateways.alpaca.fields import moment, plain
from isthmus.gateways.alpaca.quotes import trade_number
from isthmus.gateways.alpaca.trading import OrderRequest
from isthmus.gateways.problems import Refusal


def quantity(written: str) -> str | None:
    body = f'{{"symbol":"A","side":"buy","type":"market","time_in_force":"day","qty":{written}}}'
    return plain(msgspec.json.decode(body.encode(), type=OrderRequest).qty, "qty")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1", "1"),
        ("0.1", "0.1"),
        ('"0.10"', "0.1"),
        ("1e-05", "0.00001"),
        ("1E3", "1000"),
        ("-2.50", "-2.5"),
        ("0", "0"),
    ],
)
def test_a_number_is_taken_as_it_is_written(written: str, expected: str) -> None:
    assert quantity(written) == expected


@pytest.mark.parametrize("written", ['"NaN"', '"Infinity"', "1e400", '"1e999999999"', '"1e-999999"', "9" * 60])
def test_a_number_out_of_all_bounds_is_refused(written: str) -> None:
    with pytest.raises((Refusal, msgspec.ValidationError)) as caught:
        quantity(written)
    assert not isinstance(caught.value, Refusal) or (caught.value.status, caught.value.field) == (422, "qty")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23", 1_795_392_000 * 10**9),
        ("2026-11-23T00:00:01+00:00", 1_795_392_001 * 10**9),
        ("2026-11-23T00:00:00.5Z", 1_795_392_000 * 10**9 + 5 * 10**8),
        ("", 7),
        ("0001-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59Z", 2**63 - 1),
    ],
)
def test_a_time_is_a_date_or_rfc_3339(written: str, expected: int) -> None:
    assert moment({"start": written}, "start", 7) == expected


def test_another_time_is_refused_by_its_field() -> None:
    with pytest.raises(Refusal) as caught:
        moment({"start": "yesterday"}, "start", 7)
    assert (caught.value.status, caught.value.field) == (400, "start")


def test_trades_of_a_record_and_of_venues_have_numbers_of_their_own() -> None:
    made = [trade_number(text) for text in ("trd-7-1", "trd-7-2", "trd-8-1", "out-20-9")]
    assert len(set(made)) == 4
    assert max(made) < 2**53
    assert Decimal(made[0]) == made[0]
