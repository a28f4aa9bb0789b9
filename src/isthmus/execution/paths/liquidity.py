"""The twelve paths that look for liquidity, by number."""

from isthmus.execution.paths.best_route import BEST_ROUTE
from isthmus.execution.paths.block_cond import BLOCK_COND
from isthmus.execution.paths.cost_split import COST_SPLIT
from isthmus.execution.paths.dark_km import DARK_KM
from isthmus.execution.paths.dark_sa import DARK_SA
from isthmus.execution.paths.iceberg import ICEBERG
from isthmus.execution.paths.liq_seek import LIQ_SEEK
from isthmus.execution.paths.mid_peg import MID_PEG
from isthmus.execution.paths.peg import PEG
from isthmus.execution.paths.queue_post import QUEUE_POST
from isthmus.execution.paths.sniper import SNIPER
from isthmus.execution.paths.sweep import SWEEP

LIQUIDITY = (
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
)
