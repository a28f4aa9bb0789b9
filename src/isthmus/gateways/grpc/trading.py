"""The service Trading: orders in, executions out."""

from __future__ import annotations

from collections.abc import AsyncIterator

from isthmus.gateways import shapes
from isthmus.gateways.entry import OrderEntry, Which
from isthmus.gateways.grpc import isthmus_pb2 as wire
from isthmus.gateways.grpc import messages
from isthmus.gateways.grpc.calls import Calls, Handlers
from isthmus.gateways.grpc.executions import Executions
from isthmus.gateways.limits import Limits
from isthmus.gateways.reads import Reads, Wanted
from isthmus.gateways.render import Renderer
from isthmus.gateways.rest.decode import one_of, order_number, whole_number
from isthmus.gateways.submission import Asker
from isthmus.kernel.ids import order_id
from isthmus.kernel.messages import SIDES
from isthmus.views.orders import OrderRow

SERVICE = "isthmus.v1.Trading"
U32_MAX = 2**32 - 1
ORDER_MAX = 2**62
STATUSES = ("open", "closed", "all")


class Trading:
    """Who may see or do what is told by the identity of the asker."""

    def __init__(
        self, entry: OrderEntry, reads: Reads, renderer: Renderer, executions: Executions, limits: Limits
    ) -> None:
        self._entry = entry
        self._reads = reads
        self._render = renderer
        self._executions = executions
        self._page_rows = limits.page_rows

    def handlers(self, calls: Calls) -> Handlers:
        """By method."""
        one = f"/{SERVICE}/"
        return {
            "Place": calls.unary(f"{one}Place", wire.NewOrder, self.place),
            "Replace": calls.unary(f"{one}Replace", wire.OrderChange, self.replace),
            "Cancel": calls.unary(f"{one}Cancel", wire.OrderName, self.cancel),
            "CancelAll": calls.unary(f"{one}CancelAll", wire.OrdersMeant, self.cancel_all),
            "Get": calls.unary(f"{one}Get", wire.OrderName, self.get),
            "List": calls.unary(f"{one}List", wire.OrdersWanted, self.list),
            "Executions": calls.stream(f"{one}Executions", wire.ExecutionsWanted, self.executions),
        }

    async def place(self, wanted: wire.NewOrder, asker: Asker) -> wire.Order:
        """The order as it stands."""
        return self._order(await self._entry.place(messages.shape_of(wanted, shapes.NewOrder), asker))

    async def replace(self, wanted: wire.OrderChange, asker: Asker) -> wire.Order:
        """The order after the change."""
        change = messages.shape_of(wanted, shapes.OrderChange, without="id")
        row = self._entry.visible(order_number(wanted.id), asker.identity)
        return self._order(await self._entry.replace(row, change, asker))

    async def cancel(self, wanted: wire.OrderName, asker: Asker) -> wire.Order:
        """The order after the cancel."""
        row = self._entry.visible(order_number(wanted.id), asker.identity)
        return self._order(await self._entry.cancel(row, asker))

    async def cancel_all(self, wanted: wire.OrdersMeant, asker: Asker) -> wire.CancelledOrders:
        """All orders of the account, or those of one instrument, side or session."""
        said = messages.texts_of(wanted)
        account = self._reads.account(asker.identity, said.get("account"))
        instrument = self._reads.instrument(said["instrument"]) if "instrument" in said else None
        side = SIDES[one_of(said, "side", "", tuple(SIDES))] if "side" in said else 0
        session = whole_number(said, "session", 0, 0, U32_MAX)
        numbers = await self._entry.cancel_all(Which(account, instrument, side, session), asker)
        return wire.CancelledOrders(cancelled=[order_id(number) for number in numbers])

    async def get(self, wanted: wire.OrderName, asker: Asker) -> wire.Order:
        """By id."""
        return self._order(self._entry.visible(order_number(wanted.id), asker.identity))

    async def list(self, wanted: wire.OrdersWanted, asker: Asker) -> wire.Orders:
        """Newest first."""
        said = messages.texts_of(wanted)
        account = self._reads.account(asker.identity, said.get("account"))
        instrument = self._reads.instrument(said["instrument"]).number if "instrument" in said else None
        which = Wanted(one_of(said, "status", "all", STATUSES), instrument, wanted.children)
        before = whole_number(said, "cursor", 0, 1, ORDER_MAX) if "cursor" in said else None
        most = whole_number(said, "limit", 100, 1, self._page_rows)
        rows, following = self._reads.orders(account, which, before, most)
        return wire.Orders(data=[self._order(row) for row in rows], next=following)

    def executions(self, wanted: wire.ExecutionsWanted, asker: Asker) -> AsyncIterator[bytes]:
        """Until the client goes, or does not read."""
        named = wanted.account if wanted.HasField("account") else None
        return self._executions.of(self._reads.account(asker.identity, named))

    def _order(self, row: OrderRow) -> wire.Order:
        return messages.order(self._render.order(row))
