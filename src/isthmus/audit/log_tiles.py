"""Which files of a log a proof between two sizes is made of (C2SP tlog-tiles), for whoever fetches them."""

from __future__ import annotations

HEIGHT = 8
"""Levels of the tree that a tile spans: a whole one has 256 hashes."""
WIDTH = 1 << HEIGHT


def consistency_tiles(old: int, new: int, size: int) -> list[str]:
    """Paths below the log's folder, of a log of `size` entries, for 0 < old <= new <= size (RFC 9162, 2.1.4.1).

    All nodes of the proof, and of the roots at both sizes, are on the way up from the last leaf of one of the two, or
    the sibling of a node that is: they lie in the tiles above that leaf and above the one behind it.
    """
    paths: dict[str, None] = {}
    level = 0
    while level == 0 or size >> (HEIGHT * level):
        count = size >> (HEIGHT * level)
        for leaf in (old - 1, old, new - 1, new):
            tile = leaf >> (HEIGHT * (level + 1))
            if (width := min(WIDTH, count - tile * WIDTH)) > 0:
                paths[_path(level, tile, width)] = None
        level += 1
    return list(paths)


def whole(path: str) -> str:
    """The file that takes the place of a partial one."""
    return path.partition(".p/")[0]


def _path(level: int, tile: int, width: int) -> str:
    groups = [f"{tile % 1000:03}"]
    while tile := tile // 1000:
        groups.insert(0, f"x{tile % 1000:03}")
    part = f".p/{width}" if width < WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{part}"
