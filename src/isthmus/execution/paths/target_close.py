"""21 TARGET_CLOSE: implementation shortfall turned round, against the price of the close.

Source: O. Gueant, "The Financial Mathematics of Liquidity", 2016, on target-close orders: measured against the last
price, what is done early is the risk, so that the optimum is the efficient schedule in reverse, done(t) = (X - A)
sinh(kappa t) / sinh(kappa T), kappa as in IS_AC, with A left for the closing auction. T is when the auction's order
goes in, `entry_ms` before the call's end; then all that is left goes into the call as a limit-on-close order at the
parent's limit. Where no closing call comes by the parent's end, or its order was refused, A is 0 and T is the end.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.paths.schedules import (
    MS,
    RETRY,
    SECOND,
    Due,
    Span,
    before_schedule,
    end_of,
    filled_since,
    on_tick,
    recalled,
    resting,
    slice_at,
    span_of,
    wake_at,
    work_slice,
)
from isthmus.execution.paths.taking import allowed
from isthmus.execution.paths.urgency import Urgency, rate_of
from isthmus.execution.policy import (
    PPM,
    Auction,
    Child,
    Decision,
    Market,
    Parent,
    Path,
    Ticket,
    Wake,
    Work,
    floor_lot,
    within,
)
from isthmus.execution.schedules.almgren_chriss import held_share
from isthmus.kernel.messages import AT_CLOSE

GRACE = 5 * SECOND
"""After the call should have ended, its answer is waited for so long."""
IN_THE_CALL = ("session", "expired")
"""Reasons of an end that say that the call has been."""
TAKEN_BACK = "user"
"""The reason of an end that was asked for."""


class TargetCloseParameters(Urgency, frozen=True, kw_only=True):
    """`close_ppm`: the share of the parent that is meant for the closing auction; `entry_ms`: its order goes in so long
    before the call's end; `catch_up_ppm`: the most that a slice does, as a share of what the schedule gives it.
    """

    close_ppm: Annotated[int, msgspec.Meta(ge=0, le=PPM)] = 300_000
    entry_ms: Annotated[int, msgspec.Meta(ge=1_000, le=3_600_000)] = 60_000
    catch_up_ppm: Annotated[int, msgspec.Meta(ge=PPM, le=1_000 * PPM)] = 2 * PPM


def decide(work: Work, market: Market, parameters: TargetCloseParameters, now: int) -> Decision:
    """Late slices growing towards the close, then the order for the call, then its answer."""
    end = end_of(work.parent, parameters.duration_s)
    closing = [child for child in work.children if child.tif == AT_CLOSE]
    if any(child.lives for child in closing):
        return _wait_for_call(work, closing, now)
    if any(child.filled or child.reason in IN_THE_CALL for child in closing):
        return Decision(finished=True, why=f"The call is over: {work.left} lots were not done in it.")
    call = None if any(child.reason != TAKEN_BACK for child in closing) else closing_call(market, end)
    if call is not None and now >= call.at - parameters.entry_ms * MS and now < end:
        return _enter(work, market, call, now)
    stopped = before_schedule(work, market, end, now)
    if stopped is not None:
        return stopped
    return _before_the_call(work, market, parameters, call, now)


def closing_call(market: Market, end: int) -> Auction | None:
    """The closing call that the parent can still take part in."""
    call = market.auction()
    return call if call is not None and call.closing and call.at <= end + GRACE else None


def done_by(quantity: int, rate: float, seconds: float, whole: float) -> int:
    """Lots of the continuous part that should be done after so many seconds: X sinh(kappa t) / sinh(kappa T)."""
    return round(quantity * held_share(rate, seconds, whole))


def _before_the_call(
    work: Work, market: Market, parameters: TargetCloseParameters, call: Auction | None, now: int
) -> Decision:
    parent = work.parent
    span = _span(parent, parameters, call)
    piece = slice_at(span, now)
    kept = parent.quantity * parameters.close_ppm // PPM if call is not None else 0
    rate, whole = rate_of(market, parameters, span), (span.end - span.start) / SECOND
    begun, done = (
        done_by(parent.quantity - kept, rate, (edge - span.start) / SECOND, whole) for edge in (piece.start, piece.end)
    )
    lots = done - (work.filled - filled_since(work, piece.start))
    if not piece.last or kept:
        lots = min(lots, -(-(done - begun) * parameters.catch_up_ppm // PPM))
    why = f"Slice {piece.number + 1} of {span.slices}: by its end {done} lots, {kept} are kept for the close."
    return work_slice(work, market, parameters, Due(piece, lots, why), now)


def _span(parent: Parent, parameters: TargetCloseParameters, call: Auction | None) -> Span:
    """Until the order for the call goes in, or the end."""
    if call is None:
        return span_of(parent, parameters)
    return span_of(parent, parameters, max(parent.arrived_at + 1, call.at - parameters.entry_ms * MS))


def _enter(work: Work, market: Market, call: Auction, now: int) -> Decision:
    standing = resting(work)
    if work.ending or standing or work.working:
        wake = Wake(at=wake_at(now, now + RETRY))
        return Decision(cancel=recalled(standing), wake=wake, why="What rests comes back for the closing call.")
    venue = next((venue for venue in market.venues() if venue.number == call.venue), None)
    lots = floor_lot(allowed(work, market), venue.lot) if venue is not None else 0
    if venue is None or lots < max(1, venue.minimum):
        return Decision(wake=Wake(at=wake_at(now, now + RETRY)), why="The closing call takes nothing now: waits.")
    why = f"All {lots} lots that are left go into the closing call at the parent's limit."
    price = on_tick(work.parent.limit, venue.tick, work.parent)
    ticket = Ticket(venue=call.venue, price=price, quantity=lots, tif=AT_CLOSE, why=why)
    return Decision(place=(ticket,), wake=Wake(at=wake_at(now, call.at + GRACE)), why=why)


def _wait_for_call(work: Work, closing: list[Child], now: int) -> Decision:
    live = [child for child in closing if child.lives]
    wrong = [child for child in live if work.ending or work.free < 0 or within(child.price, work.parent) != child.price]
    why = "The order for the close no longer fits the parent." if wrong else "Waits for the closing call."
    return Decision(cancel=recalled(wrong), wake=Wake(at=wake_at(now, now + GRACE)), why=why)


TARGET_CLOSE = Path(
    number=21,
    name="TARGET_CLOSE",
    title="Target close: reverse shortfall ending in the closing auction",
    source="Gueant (2016), The Financial Mathematics of Liquidity",
    parameters=TargetCloseParameters,
    decide=decide,
    measured_on="simulator",
)
