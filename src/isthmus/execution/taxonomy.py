"""The ways to work an order, all of them, in the order of their numbers."""

from __future__ import annotations

from isthmus.execution.paths.auction import AUCTION
from isthmus.execution.paths.basket_is import BASKET_IS
from isthmus.execution.paths.glft_passive import GLFT_PASSIVE
from isthmus.execution.paths.is_ac import IS_AC
from isthmus.execution.paths.is_adapt import IS_ADAPT
from isthmus.execution.paths.liquidity import LIQUIDITY
from isthmus.execution.paths.ow_resil import OW_RESIL
from isthmus.execution.paths.pov import POV
from isthmus.execution.paths.target_close import TARGET_CLOSE
from isthmus.execution.paths.twap import TWAP
from isthmus.execution.paths.vwap_dyn import VWAP_DYN
from isthmus.execution.paths.vwap_static import VWAP_STATIC
from isthmus.execution.policy import Path

PATHS: tuple[Path, ...] = (
    *LIQUIDITY,
    TWAP,
    VWAP_STATIC,
    VWAP_DYN,
    POV,
    IS_AC,
    IS_ADAPT,
    OW_RESIL,
    GLFT_PASSIVE,
    TARGET_CLOSE,
    AUCTION,
    BASKET_IS,
)


def path_named(name: str) -> Path | None:
    """The path of this name; None if there is none."""
    return next((path for path in PATHS if path.name == name), None)
