"""What the gateways ask of those who work orders: paths, plans, costs, routes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from isthmus.app.outside import Outside
from isthmus.execution.decision import Facts, choose_path, facts_of
from isthmus.execution.notes import WHY_MAX, ParentNote, note_of, read_note
from isthmus.execution.policy import Parent, Path, parameters_of
from isthmus.execution.router import Router
from isthmus.execution.sights import Basket, Sight, View
from isthmus.execution.taxonomy import PATHS, path_named
from isthmus.execution.tca import Analysis
from isthmus.gateways import work_shapes
from isthmus.gateways.algorithms import BadPath, Plan, Wish
from isthmus.kernel.clock import Clock
from isthmus.kernel.ids import order_id
from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import PRICE_MAX, text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

AUTO = "auto"
DEFAULT_URGENCY = 0.5
MS_PER_NS = 1e-6
ALL_IN_DECIMALS = 6


class PathDesk:
    """A `gateways.algorithms.Algorithms`."""

    def __init__(self, router: Router, outside: Outside, directory: Directory, clock: Clock) -> None:
        self._router = router
        self._outside = outside
        self._directory = directory
        self._clock = clock

    def paths(self) -> Sequence[work_shapes.PathFacts]:
        """By number."""
        return _facts()

    def plan(self, wish: Wish) -> Plan:
        """The path named, or the tree's choice, with its parameters checked."""
        sight = self._outside.sight(wish.instrument.number)
        if wish.path.lower() == AUTO:
            choice = choose_path(self._facts(wish, sight))
            path, parameters, why = _named(choice.path), {**choice.parameters, **wish.parameters}, choice.why
        else:
            path, parameters, why = _named(wish.path), dict(wish.parameters), ["Asked for by name."]
        try:
            parameters_of(path, parameters)
        except msgspec.ValidationError as error:
            raise BadPath("path_parameters", str(error)) from error
        if wish.until and wish.until <= self._clock():
            raise BadPath("until", "until is in the past")
        note = ParentNote(
            path=path.name,
            parameters=parameters,
            until=wish.until,
            cap_ppm=wish.cap_ppm,
            basket=wish.basket,
            arrival_x2=sight.middle_x2() or 0,
            why=" ".join(why)[:WHY_MAX],
        )
        try:
            return Plan(path.number, note_of(note))
        except ValueError as error:
            raise BadPath("path_parameters", str(error)) from error

    def _facts(self, wish: Wish, sight: Sight) -> Facts:
        """What the tree looks at. A market order's limit is far away."""
        now, instrument = self._clock(), wish.instrument.number
        far = PRICE_MAX if wish.side == BUY else 1
        parent = Parent(
            number=0, account=0, instrument=instrument, side=wish.side, quantity=wish.quantity,
            limit=wish.limit or far, arrived_at=now, until=wish.until,
        )  # fmt: skip
        legs = self._router.legs(wish.basket)
        view = View(sight, now, self._router.works.pools(instrument), {}, Basket(legs))
        facts = facts_of(parent, view, DEFAULT_URGENCY if wish.urgency is None else wish.urgency, now)
        return msgspec.structs.replace(facts, legs=max(facts.legs, len(legs) + 1)) if wish.basket and legs else facts

    def terms(self, note: str) -> tuple[str | None, dict[str, Any]]:
        """Of a parent."""
        read = read_note(note)
        return (read.why or None, read.parameters) if read is not None else (None, {})

    def costs(self, order: int) -> work_shapes.Costs | None:
        """Live or ended."""
        working = self._router.works.parents.get(order)
        now = self._clock()
        if working is not None:
            return self._costs(self._router.costs.live(working, now), final=False)
        found = self._router.costs.of(order, now)
        return self._costs(found, final=True) if found is not None else None

    def consolidated(self, instrument: Instrument, depth: int) -> work_shapes.Consolidated:
        """Both sides, with what the venues say of themselves."""
        sight = self._outside.sight(instrument.number)
        middle = sight.middle_x2()
        sides = [
            [
                (
                    text(row.price, instrument.price_decimals),
                    text(row.quantity, instrument.quantity_decimals),
                    self._directory.venue_name(row.venue),
                    text(row.all_in, instrument.price_decimals + ALL_IN_DECIMALS),
                )
                for row in sight.levels(side, depth)
            ]
            for side in (BUY, SELL)
        ]
        return work_shapes.Consolidated(
            instrument=instrument.symbol,
            middle=None if middle is None else text(middle * 5, instrument.price_decimals + 1),
            bids=sides[0],
            asks=sides[1],
            venues=self._routes_of(instrument),
        )

    def routes(self) -> Sequence[work_shapes.RouteFacts]:
        """Every instrument's."""
        return [row for instrument in self._directory.instruments.values() for row in self._routes_of(instrument)]

    def events(self) -> Sequence[work_shapes.RouteEvent]:
        """Newest first."""
        return [
            work_shapes.RouteEvent(
                time=time_text(event.at),
                instrument=self._directory.instruments[event.instrument].symbol,
                venue=self._directory.venue_name(event.venue),
                event=event.event,
                why=event.why,
            )
            for event in reversed(self._outside.guard.events)
        ]

    def _routes_of(self, instrument: Instrument) -> list[work_shapes.RouteFacts]:
        sight = self._outside.sight(instrument.number)
        places = instrument.price_decimals
        rows = []
        for venue in sight.known.values():
            bids, asks = sight.book(venue.number)
            standing = self._outside.guard.standing(instrument.number, venue.number)
            figures = self._outside.figures(instrument.number, venue.number)
            rows.append(
                work_shapes.RouteFacts(
                    instrument=instrument.symbol,
                    venue=venue.name,
                    kind=venue.kind,
                    state=standing.state,
                    why=standing.why or None,
                    bid=text(bids[0][0], places) if bids else None,
                    ask=text(asks[0][0], places) if asks else None,
                    latency_ms=figures.latency_ns * MS_PER_NS if figures.latency_ns is not None else None,
                    reject_rate=figures.reject_rate,
                    fill_rate=figures.fill_rate,
                    toxicity_bps=figures.toxicity_bps,
                    votes=standing.votes,
                    since=time_text(standing.since) if standing.since else None,
                )
            )
        return rows

    def _costs(self, made: Analysis, *, final: bool) -> work_shapes.Costs:
        instrument = self._directory.instruments[made.instrument]
        places, lots = instrument.price_decimals, instrument.quantity_decimals

        def price(value: float | None) -> str | None:
            return None if value is None else text(round(value * 100), places + 2)

        return work_shapes.Costs(
            order=order_id(made.parent),
            path=made.path,
            final=final,
            filled=text(made.filled, lots),
            quantity=text(made.quantity, lots),
            arrival_price=price(made.arrival),
            average_price=price(made.average),
            vwap=price(made.vwap),
            twap=price(made.twap),
            arrival_bps=made.arrival_bps,
            vwap_bps=made.vwap_bps,
            twap_bps=made.twap_bps,
            shortfall_bps=made.shortfall_bps,
            spread_capture=made.spread_capture,
            reversion_bps=made.reversion_bps,
            leakage_bps=made.leakage_bps,
            fee_bps=made.fee_bps,
            participation=made.participation,
            children=made.children,
            venues=[
                work_shapes.VenueCost(
                    venue=self._directory.venue_name(part.venue),
                    children=part.children,
                    fills=part.fills,
                    quantity=text(part.quantity, lots),
                    maker_share=part.maker_share,
                    cost_bps=part.cost_bps,
                )
                for part in made.venues
            ],
        )


def _named(name: str) -> Path:
    found = path_named(name.upper())
    if found is None:
        names = ", ".join(path.name for path in PATHS)
        raise BadPath("path", f"path is {AUTO} or one of: {names}")
    return found


@cache
def _facts() -> tuple[work_shapes.PathFacts, ...]:
    return tuple(
        work_shapes.PathFacts(
            number=path.number,
            name=path.name,
            title=path.title,
            source=path.source,
            measured_on=path.measured_on,
            parameters=msgspec.json.schema(path.parameters),
        )
        for path in PATHS
    )
