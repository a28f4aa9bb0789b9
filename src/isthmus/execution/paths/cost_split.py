"""3 COST_SPLIT: part at the market now, the rest in queues, by expected cost.

Source: Cont, Kukanov 2017 (`estimators.cont_kukanov`). At one venue the closed form, at several the stochastic
approximation over samples of what flows out of each queue in the horizon. What has not filled at the end of the last
horizon is taken: that is what the underfill price stands for.

The paper samples recent fills. What a market tells is the mean rate of takers, so outflows are drawn exponentially
distributed with that mean (the distribution that assumes nothing else), from the parent's seed.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import msgspec

from isthmus.execution.estimators.allocation import whole_lots
from isthmus.execution.estimators.cont_kukanov import Queue, Split, Terms, many_venues, one_venue
from isthmus.execution.estimators.draws import exponential
from isthmus.execution.paths.ending import Rest, by_end, ending, taken_now
from isthmus.execution.paths.posting import can_rest, fitting, on_tick, others_best, recallable, standing, touch
from isthmus.execution.paths.taking import allowed, other_side, take
from isthmus.execution.policy import PPM, Decision, Market, Path, Ticket, Venue, Work, within
from isthmus.kernel.messages import GTC, POST_ONLY

NS_PER_S = 1_000_000_000
VENUES_MOST = 8


class CostSplitParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`horizon_s`: how long queues are given; `horizons`: how many times. `underfill_bps`: what a lot costs that did
    not fill, over the middle; without it the half spread, the fee and one standard deviation of the price over the
    horizon. `impact_bps`: theta, of every lot that is sent. `samples`: outflows drawn.
    """

    horizon_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 10.0
    horizons: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    underfill_bps: Annotated[float, msgspec.Meta(ge=0, le=10_000)] | None = None
    impact_bps: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 0.0
    samples: Annotated[int, msgspec.Meta(ge=16, le=4_096)] = 200
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: CostSplitParameters, now: int) -> Decision:
    """Splits at the start of each horizon, lets it run, takes back what rests, and in the end takes what is left."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    span = round(parameters.horizon_s * NS_PER_S)
    passed = (now - work.parent.arrived_at) // span
    start = work.parent.arrived_at + passed * span
    old = [child for child in standing(work.children) if child.placed_at < start]
    if old:
        return Decision(cancel=recallable(old), wake=by_end(work, now, start + span), why="The horizon is over.")
    if work.live:
        return Decision(wake=by_end(work, now, start + span), why="The split stands until the horizon is over.")
    if passed >= parameters.horizons:
        return taken_now(work, market, now, f"What the queues did not fill is taken: {work.free} lots.")
    if any(child.placed_at >= start for child in work.children) and work.free:
        return taken_now(work, market, now, f"The queues took less than was meant for them: takes {work.free} lots.")
    return _split(work, market, parameters, (now, start + span))


def _split(work: Work, market: Market, parameters: CostSplitParameters, span: tuple[int, int]) -> Decision:
    """Children of one split; `span`: now and the end of the horizon."""
    now, end = span
    middle_x2, places = market.middle_x2(), _places(work, market)
    free = allowed(work, market)
    if middle_x2 is None or not places or not free:
        return Decision(wake=by_end(work, now, end, book=True), why="No prices on both sides, or nothing free: waits.")
    terms = terms_of(work, market, parameters, middle_x2)
    queues = [_queue(work, market, place, (middle_x2, terms.half_spread)) for place in places]
    taken, limits = split_of(work, market, (free, places, queues, terms), parameters)
    parts = [share / free for share in (taken, *limits)]
    lots = whole_lots(free, parts, [1, *(place.venue.lot for place in places)])[1:]
    posts = tuple(
        Ticket(
            venue=place.venue.number,
            price=place.price,
            quantity=part,
            tif=GTC,
            flags=POST_ONLY,
            why=f"Cost split: {part} lots queue here behind {queue.ahead:.0f}; a fill's rebate is {queue.rebate:+.2f}.",
        )
        for place, queue, wanted in zip(places, queues, lots, strict=True)
        if (part := fitting(wanted, place.venue)) > 0
    )
    waits = sum(post.quantity for post in posts)
    now_lots = free - waits if taken >= 1 else 0
    takes = take(work, market, now_lots, f"Cost split: {now_lots} lots at once.") if now_lots else ()
    why = (
        f"Splits {free} lots: {now_lots} at once, {waits} in {len(posts)} queue{'' if len(posts) == 1 else 's'} "
        f"(half spread {terms.half_spread:.2f}, underfill {terms.underfill:.2f} price steps a lot)."
    )
    return Decision(place=(*takes, *posts), wake=by_end(work, now, end), why=why)


def terms_of(work: Work, market: Market, parameters: CostSplitParameters, middle_x2: int) -> Terms:
    """h, f, theta and lambda_u in price steps a lot."""
    parent, middle = work.parent, middle_x2 / 2
    facing = touch(market, other_side(parent.side))
    half = abs(facing - middle) if facing is not None else 0.0
    shown = market.levels(other_side(parent.side), 1)
    fee = (shown[0].all_in - shown[0].price * PPM) * parent.sign / PPM if shown else 0.0
    underfill = half + fee + market.volatility() * math.sqrt(parameters.horizon_s)
    if parameters.underfill_bps is not None:
        underfill = parameters.underfill_bps * middle / 10_000
    return Terms(half, fee, underfill, parameters.impact_bps * middle / 10_000)


class Place(NamedTuple):
    """Where a child would queue: a venue and its best price on the parent's side."""

    venue: Venue
    price: int


def split_of(
    work: Work, market: Market, told: tuple[int, list[Place], list[Queue], Terms], parameters: CostSplitParameters
) -> Split:
    """Lots at once and in each queue, not yet whole."""
    free, places, queues, terms = told
    means = [market.rate(place.venue.number, work.parent.side) / PPM * parameters.horizon_s for place in places]
    if len(places) == 1:
        taken, limit = one_venue(free, queues[0], terms, lambda chance: _exponential_quantile(means[0], chance))
        return taken, [limit]
    first = work.placed * parameters.samples * VENUES_MOST
    samples = [
        [exponential(work.parent.seed, first + sample * VENUES_MOST + queue, mean) for queue, mean in enumerate(means)]
        for sample in range(parameters.samples)
    ]
    return many_venues(free, queues, samples, terms)


def _exponential_quantile(mean: float, chance: float) -> float:
    return math.inf if chance >= 1 else -mean * math.log(1 - chance)


def _places(work: Work, market: Market) -> list[Place]:
    """Displayed books with somebody on the own side, the best price first."""
    found = []
    for venue in market.venues():
        best = others_best(work.children, market, venue.number, work.parent.side)
        if best is not None and can_rest(work, venue):
            found.append(Place(venue, on_tick(within(best[0], work.parent), venue.tick, work.parent.buys)))
    ranked = sorted(found, key=lambda place: (-place.price * work.parent.sign, place.venue.number))
    return [place for place in ranked if place.price > 0][:VENUES_MOST]


def _queue(work: Work, market: Market, place: Place, told: tuple[int, float]) -> Queue:
    """The rebate is what a fill there earns beyond the half spread of the best prices: the maker's rebate, less how far
    the middle moves against fills there, less how far the price is behind or before the best one.
    """
    middle_x2, half_spread = told
    edge = (middle_x2 / 2 - place.price) * work.parent.sign
    fees = -(place.venue.maker_fee_ppm + place.venue.toxicity_ppm) * place.price / PPM
    ahead = market.queue(place.venue.number, work.parent.side, place.price)
    return Queue(float(ahead), edge - half_spread + fees)


COST_SPLIT = Path(
    number=3,
    name="COST_SPLIT",
    title="Cost split: part at once, part in queues, by expected cost",
    source="Cont, Kukanov, Quantitative Finance 17(1) 2017, arXiv 1210.1625",
    parameters=CostSplitParameters,
    decide=decide,
    measured_on="tape",
)
