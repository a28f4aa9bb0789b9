"""Handlers of orders that are worked: paths, children, costs; and of the routes that they go."""

from __future__ import annotations

from isthmus.gateways import work_shapes
from isthmus.gateways.algorithms import Algorithms
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import order_number, whole_number
from isthmus.gateways.rest.http import Answer, Request

DEPTH_MAX = 50


class WorkHandlers:
    """An order is shown to those who may see it; paths and routes are nobody's own."""

    def __init__(self, entry: OrderEntry, reads: Reads, renderer: Renderer, algorithms: Algorithms) -> None:
        self._entry = entry
        self._reads = reads
        self._render = renderer
        self._algorithms = algorithms

    async def paths(self, _: Request) -> Answer:
        """The 23, and what can be set of each."""
        return ok(list(self._algorithms.paths()))

    async def children(self, request: Request) -> Answer:
        """Every child of a parent, with why it was sent."""
        row = self._entry.visible(order_number(request.parameters["id"]), request.known)
        why, parameters = self._algorithms.terms(row.note)
        children = [self._render.order(child) for child in self._reads.views.orders.children(row.number)]
        return ok(work_shapes.Children(self._render.order(row), why, parameters, children))

    async def costs(self, request: Request) -> Answer:
        """What a parent cost."""
        row = self._entry.visible(order_number(request.parameters["id"]), request.known)
        found = self._algorithms.costs(row.number)
        if found is None:
            raise Refusal(404, "no_costs", "it is no parent, or was analysed too long ago", field="id")
        return ok(found)

    async def consolidated(self, request: Request) -> Answer:
        """One book over all venues."""
        row = self._reads.instrument(request.parameters["instrument"])
        depth = whole_number(request.query, "depth", 20, 1, DEPTH_MAX)
        return ok(self._algorithms.consolidated(row, depth))

    async def routes(self, _: Request) -> Answer:
        """By instrument and venue."""
        return ok(list(self._algorithms.routes()))

    async def events(self, _: Request) -> Answer:
        """Newest first."""
        return ok(list(self._algorithms.events()))
