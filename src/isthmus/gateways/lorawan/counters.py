"""The 32-bit counter of a device, of which frames carry the lower half, and what may follow what.

A counter only ever goes up, by a bounded step; what was seen is never taken again; a device that starts anew at 0
without joining anew is refused (LoRaWAN 1.0.4, 4.3.1.5). Whether a candidate is the right one is told by the frame's
code, which is made with the whole counter.
"""

from __future__ import annotations

import msgspec

COUNTER_MAX = 0xFFFFFFFF
GAP_MAX = 16_384
"""MAX_FCNT_GAP of LoRaWAN 1.0.3 and the regional parameters: the most frames that may be missing in between."""
HALF = 0x10000


class Candidate(msgspec.Struct, frozen=True):
    """A whole counter that a frame may have had; `refused` says why one with this counter would not be taken."""

    counter: int
    refused: str | None


def candidates(last: int | None, half: int, gap: int = GAP_MAX) -> tuple[Candidate, ...]:
    """What a frame with the lower `half` can be after `last` (None: nothing came yet): one that follows, and one that
    was there before. The frame's code tells which.
    """
    if last is None:
        return (Candidate(half, None if half <= gap else "gap"),)
    same = last & ~(HALF - 1) | half
    before = same if same <= last else same - HALF
    after = before + HALF
    found = []
    if after <= COUNTER_MAX:
        found.append(Candidate(after, None if after - last <= gap else "gap"))
    if before >= 0:
        found.append(Candidate(before, "replayed"))
    if before >= HALF:  # a device that lost its counter counts from 0 again
        found.append(Candidate(half, "reset"))
    return tuple(found)
