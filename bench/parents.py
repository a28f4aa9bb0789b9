"""Ten thousand live parents on one core: does the router keep up with markets at their own pace?

`python bench/parents.py [PARENTS] [SECONDS] [PATH]`: parents of ten minutes (TWAP unless another path is named), both
sides, on the simulated markets; prints the processor time that a second of the market took. Under 1.0 it keeps up.
"""

from __future__ import annotations

import json
import sys
import time

from isthmus.app.backtest import START, Broker, open_account
from isthmus.app.playing import Playing
from isthmus.kernel.values import NS_PER_S
from isthmus.venues import simulated


def main() -> None:
    """One JSON object."""
    parents = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    path = sys.argv[3] if len(sys.argv) > 3 else "TWAP"
    playing = Playing([simulated.make(1, 1.0)], START)
    broker = Broker(playing, open_account(playing, None, "1000000000"))
    playing.run(START + 30 * NS_PER_S)
    alone = cost_of(playing, seconds)
    began = time.process_time()
    for number in range(parents):
        side = "buy" if number % 2 else "sell"
        broker.order("BTC-USD", side, "0.0020", path=path, until_s=600)
    placing = time.process_time() - began
    working = cost_of(playing, seconds)
    live = len(playing.core.router.works.parents)
    answer = {
        "path": path,
        "parents": parents,
        "live_after": live,
        "place_us": placing / parents * 1e6,
        "markets_alone_cpu_per_s": round(alone, 3),
        "with_parents_cpu_per_s": round(working, 3),
        "records": playing.engine.sequence,
        "keeps_up": working < 1.0,
    }
    print(json.dumps(answer))


def cost_of(playing: Playing, seconds: int) -> float:
    """Processor seconds of a market second."""
    began = time.process_time()
    playing.run(playing.now + seconds * NS_PER_S)
    return (time.process_time() - began) / seconds


if __name__ == "__main__":
    main()
