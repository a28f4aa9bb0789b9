"""13 TWAP: equal slices in equal times, their edges moved by chance.

Sources: B. Johnson, "Algorithmic Trading & DMA", 2010, chapter 5; it is also what Almgren and Chriss (2000) find for a
risk aversion of 0. By the end of slice k of n the parent should have done X (k + 1) / n, rounded down. A slice that the
market did not let through is caught up with, but by no more than `catch_up_ppm` of a slice in each later one (the last
does what is left). `jitter_ppm` moves the edges between slices by the parent's seed, so that nobody can set a clock by
its children.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    Due,
    Slice,
    Slicing,
    Span,
    before_schedule,
    drawn,
    filled_since,
    slice_at,
    span_of,
    work_slice,
)
from isthmus.execution.policy import PPM, Decision, Market, Parent, Path, Work


class TwapParameters(Slicing, frozen=True, kw_only=True):
    """`jitter_ppm`: an edge moves by at most half of this share of a slice either way; `catch_up_ppm`: the most that a
    slice does, as a share of an equal one.
    """

    jitter_ppm: Annotated[int, msgspec.Meta(ge=0, le=900_000)] = 300_000
    catch_up_ppm: Annotated[int, msgspec.Meta(ge=PPM, le=1_000 * PPM)] = 2 * PPM


def decide(work: Work, market: Market, parameters: TwapParameters, now: int) -> Decision:
    """The present slice's equal share, and what earlier ones left undone, up to the limit of catching up."""
    parent = work.parent
    span = span_of(parent, parameters)
    stopped = before_schedule(work, market, span.end, now)
    if stopped is not None:
        return stopped
    piece = jittered_slice(span, parent, parameters.jitter_ppm, now)
    before = work.filled - filled_since(work, piece.start)
    lots = due_by(parent.quantity, piece.number + 1, span.slices) - before
    if not piece.last:
        lots = min(lots, -(-parent.quantity * parameters.catch_up_ppm // (span.slices * PPM)))
    why = f"Slice {piece.number + 1} of {span.slices}: an equal share of {parent.quantity} lots."
    return work_slice(work, market, parameters, Due(piece, lots, why), now)


def due_by(quantity: int, number: int, count: int) -> int:
    """Lots that so many of the equal slices should have done together."""
    return quantity * number // count


def jittered_slice(span: Span, parent: Parent, jitter_ppm: int, now: int) -> Slice:
    """The slice that now lies in, its edges moved by the parent's seed; the first and the last edge stay.

    An edge moves by under half a slice, so that it is the slice of equal ones that now lies in, or a neighbour.
    """
    equal = slice_at(span, now).number
    number = max(0, equal - 1)
    while number + 1 < span.slices and jittered_edge(span, parent.seed, jitter_ppm, number + 1) <= now:
        number += 1
    edges = [jittered_edge(span, parent.seed, jitter_ppm, edge) for edge in (number, number + 1)]
    return Slice(number, edges[0], edges[1], number + 1 == span.slices)


def jittered_edge(span: Span, seed: int, jitter_ppm: int, number: int) -> int:
    """When a slice begins. Moved by under half a slice, edges keep their order."""
    if number in (0, span.slices):
        return span.edge(number)
    length = (span.end - span.start) // span.slices
    return span.edge(number) + length * jitter_ppm * (drawn(seed, number) - PPM // 2) // (PPM * PPM)


TWAP = Path(
    number=13,
    name="TWAP",
    title="Time-weighted: equal slices in equal times, jittered",
    source="Johnson, Algorithmic Trading & DMA (2010), chapter 5; Almgren, Chriss (2000) without risk aversion",
    parameters=TwapParameters,
    decide=decide,
    measured_on="tape",
)
