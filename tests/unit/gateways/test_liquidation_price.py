"""The liquidation price that clients are shown, against equity and maintenance margin worked out at it."""

from __future__ import annotations

import pytest

from isthmus.gateways.rest.margin import liquidation_price
from isthmus.kernel.messages import INVERSE_PERPETUAL, LINEAR_PERPETUAL
from isthmus.refdata.instruments import Asset, Instrument

USD, BTC = Asset(1, "USD", 2), Asset(2, "BTC", 8)
UNITS = {"price_decimals": 1, "quantity_decimals": 0, "tick": 1, "lot": 1}
TERMS = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 10_000, "mark": 500}


def listed(kind: int, multiplier: int) -> Instrument:
    return Instrument(number=1, symbol="P", kind=kind, base=BTC, quote=USD, multiplier=multiplier, **UNITS, **TERMS)


@pytest.mark.parametrize(("quantity", "expected"), [(100, 422), (-100, 571)])
def test_a_linear_position_is_liquidated_where_equity_meets_its_margin(quantity: int, expected: int) -> None:
    # 100 x 500 x 10 at 5 %, 100,000 cents: long 100,000 + 1,000 (p - 500) = 50 p, p = 421.05; short: 571.4
    assert liquidation_price(listed(LINEAR_PERPETUAL, 1), (quantity, 500), 100_000, 500) == expected


def test_an_inverse_long_is_liquidated_below_and_needs_more_coins_the_lower_it_is() -> None:
    instrument, free = listed(INVERSE_PERPETUAL, 100), 10**8
    price = liquidation_price(instrument, (1, 500), free, 500)
    assert price is not None

    def spare(at: int) -> int:
        """Equity less the maintenance margin, in satoshis: 10^11 by the price is the value."""
        return free - 10**11 // at + 10**11 // 500 - 10**11 * 500 // (10_000 * at)

    assert spare(price) >= 0 > spare(price - 1)


def test_a_position_that_cannot_be_liquidated_has_no_price() -> None:
    assert liquidation_price(listed(LINEAR_PERPETUAL, 1), (1, 500), 10**9, 500) is None
    assert liquidation_price(listed(INVERSE_PERPETUAL, 100), (-1, 500), 10**9, 500) is None, "a short has its coins"
