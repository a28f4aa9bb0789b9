"""What the flash desk may borrow: rows of the settings."""

from __future__ import annotations

from typing import Annotated

import msgspec

FEE_PPM = 500
"""What lenders of flash loans ask: Aave v3 takes 5 basis points (FLASHLOAN_PREMIUM_TOTAL)."""


class Loan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one asset: the most that is borrowed, the gas of a whole move in this asset, both decimal text; the lender's
    fee in millionths.
    """

    most: str
    gas: str
    fee_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = FEE_PPM
