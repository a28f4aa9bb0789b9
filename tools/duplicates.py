"""Finds runs of RUN or more identical lines in src, crates and web/src, whatever their indentation. Exit 1 if any."""

import sys
from itertools import pairwise
from pathlib import Path

from sources import code_files, text_of

RUN = 20
FOLDERS = ("src/", "crates/", "web/src/")

Line = tuple[int, str]


def lines_of(path: Path) -> list[Line]:
    """Numbered lines that count: not blank, no import."""
    numbered = ((number, line.strip()) for number, line in enumerate(text_of(path).splitlines(), 1))
    return [(number, line) for number, line in numbered if line and not line.startswith(("import ", "from ", "use "))]


def repeats() -> list[tuple[str, str]]:
    """Pairs of places, (first, again), one for each run."""
    seen: dict[tuple[str, ...], tuple[Path, int]] = {}
    hits: list[tuple[Path, int, Path, int]] = []
    for path in code_files(*FOLDERS):
        lines = lines_of(path)
        for start in range(len(lines) - RUN + 1):
            window = tuple(line for _, line in lines[start : start + RUN])
            if window in seen:
                hits.append((path, lines[start][0], *seen[window]))
            else:
                seen[window] = (path, lines[start][0])
    return [_places(hit) for before, hit in pairwise([None, *hits]) if hit and not _continues(before, hit)]


def _continues(before: tuple[Path, int, Path, int] | None, hit: tuple[Path, int, Path, int]) -> bool:
    return before is not None and before[0] == hit[0] and before[2] == hit[2] and 0 < hit[1] - before[1] <= 3


def _places(hit: tuple[Path, int, Path, int]) -> tuple[str, str]:
    return f"{hit[2]}:{hit[3]}", f"{hit[0]}:{hit[1]}"


if __name__ == "__main__":
    found = repeats()
    for first, again in found:
        print(f"{again}: repeats {RUN} or more lines of {first}")
    sys.exit(bool(found))
