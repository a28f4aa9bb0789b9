"""22 AUCTION: an order for a call: market or limit, on open or on close, or only against the imbalance.

Source: the closing and opening cross rules of exchanges (Nasdaq rules 4752 and 4754: MOO, LOO, MOC, LOC,
imbalance-only orders; NYSE rule 7.35). A market order for the call carries the parent's limit as its protection price,
since no child may be worse. An imbalance-only order (IO) only offsets: a buy enters while there is more to sell, a
sell while there is more to buy, for no more than the imbalance, and is made smaller when that shrinks.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from isthmus.execution.paths.schedules import MS, RETRY, SECOND, before_schedule, on_tick, recalled, wake_at
from isthmus.execution.paths.taking import allowed
from isthmus.execution.policy import (
    PPM,
    Auction,
    Child,
    Decision,
    Market,
    Parent,
    Path,
    Ticket,
    Venue,
    Wake,
    Work,
    floor_lot,
    within,
)
from isthmus.kernel.messages import AT_CLOSE, AT_OPEN, GOOD_FOR_AUCTION, LIMIT, MARKET

FORMS = ("next", "moo", "loo", "moc", "loc", "imbalance")
NEVER = 1 << 62
CALL_TIFS = (AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION)
IN_THE_CALL = (None, "session", "expired")
"""Reasons of an end that say that the call has been; filled whole is one."""
TAKEN_BACK = "user"
REFUSALS_MOST = 3
"""After so many refusals it gives up."""
NO_CALL_YET = 5 * SECOND
GRACE = 5 * SECOND
"""After the call should have ended, its answer is waited for so long before looking again."""


class AuctionParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`form`: "moo", "loo" (opening calls), "moc", "loc" (closing calls), "next" (limit, whatever call comes next) or
    "imbalance" (limit, next call, only against the imbalance). `entry_ms`: the order goes in no sooner before the
    call's end (0: at once). `check_ms`: size and imbalance are looked at again after this. `most_ppm`: no more than
    this share of the call's indicative volume (0: no such bound), or of the imbalance for "imbalance" (0: all of it).
    """

    form: Literal["next", "moo", "loo", "moc", "loc", "imbalance"] = "next"
    entry_ms: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] = 0
    check_ms: Annotated[int, msgspec.Meta(ge=100, le=600_000)] = 1_000
    most_ppm: Annotated[int, msgspec.Meta(ge=0, le=PPM)] = 0


def decide(work: Work, market: Market, parameters: AuctionParameters, now: int) -> Decision:
    """One order in one call; what the call does not fill is given up."""
    live = [child for child in work.live if child.tif in CALL_TIFS]
    beyond = any(within(child.price, work.parent) != child.price for child in live)
    if live and (work.ending or work.free < 0 or beyond):
        return _back(live, "The order for the call no longer fits the parent.", now)
    been = any(child.filled or (not child.lives and child.reason in IN_THE_CALL) for child in work.children)
    if been and not live:
        return Decision(finished=True, why=f"The call is over: {work.left} lots were not done in it.")
    if sum(not child.lives and child.reason != TAKEN_BACK for child in work.children) >= REFUSALS_MOST:
        return Decision(finished=True, why=f"Refused {REFUSALS_MOST} times: gives up.")
    if not live:
        stopped = before_schedule(work, market, work.parent.until or NEVER, now, sweeps=False)
        if stopped is not None:
            return stopped
    call = call_for(parameters.form, market.auction())
    if call is None:
        why = "Waits for the call's answer." if live else "No such call is on or to come: waits."
        return Decision(wake=Wake(at=wake_at(now, now + NO_CALL_YET, work.parent.until or NEVER)), why=why)
    entry = call.at - parameters.entry_ms * MS if parameters.entry_ms else now
    if now < entry:
        return Decision(wake=Wake(at=wake_at(now, entry)), why="The call's end is not near enough yet.")
    return _in_the_call(work, market, parameters, call, now)


def call_for(form: str, call: Auction | None) -> Auction | None:
    """The call, if the form takes part in it."""
    if call is None or (form in ("moo", "loo") and call.closing) or (form in ("moc", "loc") and not call.closing):
        return None
    return call


def offered(parent: Parent, call: Auction, form: str, most_ppm: int) -> int:
    """The most lots that may stand in the call."""
    if form == "imbalance":
        against = max(0, -call.imbalance * parent.sign)
        return min(parent.quantity, against * (most_ppm or PPM) // PPM)
    return min(parent.quantity, call.volume * most_ppm // PPM) if most_ppm else parent.quantity


def order_for(parent: Parent, venue: Venue, call: Auction, form: str, lots: int) -> Ticket:
    """The child of this form. Its price is the parent's limit: what it is worth at most, or the protection price."""
    tif = GOOD_FOR_AUCTION if form == "next" else AT_CLOSE if call.closing else AT_OPEN
    name = "imbalance-only" if form == "imbalance" else form.upper() if form != "next" else "limit"
    return Ticket(
        venue=venue.number,
        price=on_tick(parent.limit, venue.tick, parent),
        quantity=lots,
        kind=MARKET if form in ("moo", "moc") else LIMIT,
        tif=tif,
        why=f"{lots} lots as a {name} order in the {'closing' if call.closing else 'opening'} call of {venue.name}.",
    )


def _in_the_call(work: Work, market: Market, parameters: AuctionParameters, call: Auction, now: int) -> Decision:
    most = offered(work.parent, call, parameters.form, parameters.most_ppm)
    live = [child for child in work.live if child.tif in CALL_TIFS]
    standing = sum(child.left for child in live)
    if standing > most:
        return _back(live, f"No more than {most} lots may stand in the call.", now)
    venue = next((venue for venue in market.venues() if venue.number == call.venue), None)
    again = wake_at(now, now + parameters.check_ms * MS, call.at + GRACE)
    lots = floor_lot(min(most - standing, allowed(work, market)), venue.lot) if venue is not None else 0
    lately = any(child.placed_at > now - parameters.check_ms * MS for child in work.children)
    if venue is None or lately or lots < max(1, venue.minimum):
        return Decision(wake=Wake(at=again), why="The call takes no more of it now: looks again.")
    ticket = order_for(work.parent, venue, call, parameters.form, lots)
    return Decision(place=(ticket,), wake=Wake(at=again), why=ticket.why)


def _back(live: list[Child], why: str, now: int) -> Decision:
    return Decision(cancel=recalled(live), wake=Wake(at=wake_at(now, now + RETRY)), why=why)


AUCTION = Path(
    number=22,
    name="AUCTION",
    title="Auction: on open, on close, or only against the imbalance",
    source="Nasdaq rules 4752 and 4754, NYSE rule 7.35 (opening and closing crosses)",
    parameters=AuctionParameters,
    decide=decide,
    measured_on="simulator",
)
