"""The ways to work an order, all of them, in the order of their numbers."""

from __future__ import annotations

from isthmus.execution.paths.auction import AUCTION
from isthmus.execution.paths.basket_is import BASKET_IS
from isthmus.execution.paths.best_route import BEST_ROUTE
from isthmus.execution.paths.block_cond import BLOCK_COND
from isthmus.execution.paths.cost_split import COST_SPLIT
from isthmus.execution.paths.dark_km import DARK_KM
from isthmus.execution.paths.dark_sa import DARK_SA
from isthmus.execution.paths.glft_passive import GLFT_PASSIVE
from isthmus.execution.paths.iceberg import ICEBERG
from isthmus.execution.paths.is_ac import IS_AC
from isthmus.execution.paths.is_adapt import IS_ADAPT
from isthmus.execution.paths.liq_seek import LIQ_SEEK
from isthmus.execution.paths.mid_peg import MID_PEG
from isthmus.execution.paths.ow_resil import OW_RESIL
from isthmus.execution.paths.peg import PEG
from isthmus.execution.paths.pov import POV
from isthmus.execution.paths.queue_post import QUEUE_POST
from isthmus.execution.paths.sniper import SNIPER
from isthmus.execution.paths.sweep import SWEEP
from isthmus.execution.paths.target_close import TARGET_CLOSE
from isthmus.execution.paths.twap import TWAP
from isthmus.execution.paths.vwap_dyn import VWAP_DYN
from isthmus.execution.paths.vwap_static import VWAP_STATIC
from isthmus.execution.policy import Path

PATHS: tuple[Path, ...] = (
    SWEEP,
    BEST_ROUTE,
    COST_SPLIT,
    QUEUE_POST,
    DARK_KM,
    DARK_SA,
    LIQ_SEEK,
    BLOCK_COND,
    MID_PEG,
    PEG,
    ICEBERG,
    SNIPER,
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
PATH_NAMES = {path.number: path.name for path in PATHS}


def path_named(name: str) -> Path | None:
    """The path of this name; None if there is none."""
    return next((path for path in PATHS if path.name == name), None)
