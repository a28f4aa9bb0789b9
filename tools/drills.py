"""Drills of route breakers and anti-sniping: quotes of three made-up currency dealers in which something goes wrong.

`python tools/drills.py DIR` writes them as recordings; `isthmus serve --markets DIR` then plays them, and the page
*Routes* shows what the broker does. The incidents, by second: 20 to 22 one dealer's EURUSD is 1,000 pips away (two of
three checks lock its route); 40 to 50 another quotes forty times as often with a spread fifteen times as wide
(quarantined); 60 to 115 the third says nothing (stale against the others). Guards count true seconds: `--speed 4` still
shows all three.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

DAY = "20260105"
START_MS = 36_000_000
SECONDS = 130
PIP = 0.0001
JUMP_PIPS = 1_000
DEALERS = ("alpha", "bravo", "charlie")


def walk(chance: Random) -> list[float]:
    """The middle every 100 ms: steps of a tenth of a pip."""
    middle, path = 1.1000, []
    for _ in range(SECONDS * 10):
        middle += chance.choice((-1, 0, 1)) * PIP / 10
        path.append(middle)
    return path


def quotes(dealer: str, middles: list[float], chance: Random) -> Iterator[str]:
    """Rows "ms,bid,ask" of one dealer."""
    for tenth, middle in enumerate(middles):
        second = tenth / 10
        ms = START_MS + tenth * 100 + chance.randrange(40)
        half, times = 0.5 * PIP, 1
        if dealer == "alpha" and 20 <= second < 22:
            middle += JUMP_PIPS * PIP
        if dealer == "bravo" and 40 <= second < 50:
            half, times = 7.5 * PIP, 40
        if dealer == "charlie" and 60 <= second < 115:
            continue
        for number in range(times):
            shade = chance.choice((-0.1, 0, 0.1)) * PIP
            yield f"{ms + number},{middle + shade - half:.5f},{middle + shade + half:.5f}"


def write(folder: Path, seed: int = 1) -> None:
    """One zip a dealer, as Lean has them."""
    folder.mkdir(parents=True, exist_ok=True)
    middles = walk(Random(seed))
    for dealer in DEALERS:
        rows = "\n".join(quotes(dealer, middles, Random(f"{seed} {dealer}")))
        with zipfile.ZipFile(folder / f"{dealer}_eurusd_{DAY}_tickquote.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(f"{DAY}_eurusd_tick_quote.csv", rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/drills.py DIR")
    write(Path(sys.argv[1]))
    print(f"written to {sys.argv[1]}: isthmus serve --markets {sys.argv[1]}")
