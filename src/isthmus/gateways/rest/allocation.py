"""Handler of allocations: a block's filled orders to sub-accounts."""

from __future__ import annotations

from isthmus.gateways import ledger_shapes
from isthmus.gateways.allocations import Allocated, AllocationWish, Allocator
from isthmus.gateways.amounts import account_number, own_account, quantity_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, order_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.ids import account_id, record_id
from isthmus.kernel.messages import SIDES
from isthmus.kernel.values import quotient_text, text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.views import Views

_SIDES = {number: name for name, number in SIDES.items()}
AVERAGE_DECIMALS = 6
"""Of an average price beyond those of a price."""


class AllocationHandlers:
    """Clients allocate blocks of their own account, operators those of any."""

    def __init__(self, allocator: Allocator, directory: Directory, views: Views) -> None:
        self._allocator = allocator
        self._directory = directory
        self._views = views

    async def allocate(self, request: Request) -> Answer:
        """All of it or nothing."""
        wanted = body_as(request.body, ledger_shapes.NewAllocation)
        block = own_account(self._directory, request.asker.identity, wanted.account)
        orders = tuple(order_number(order) for order in wanted.orders)
        instrument = self._instrument(orders)
        wish = AllocationWish(
            name=wanted.name,
            block=block,
            orders=orders,
            parts=tuple(
                (account_number(row.account), quantity_of(row.quantity, instrument)) for row in wanted.allocations
            ),
        )
        return ok(self._shown(await self._allocator.allocate(wish, request.asker)), 201)

    def _instrument(self, orders: tuple[int, ...]) -> Instrument:
        row = self._views.orders.order(orders[0]) if orders else None
        if row is None:
            raise Refusal(422, "unknown_order", "the first order is not known", field="orders")
        return self._directory.instruments[row.instrument]

    def _shown(self, made: Allocated) -> ledger_shapes.Allocation:
        instrument = self._directory.instruments[made.instrument]
        return ledger_shapes.Allocation(
            made.name,
            instrument.symbol,
            _SIDES[made.side],
            average_text(made, instrument),
            [
                ledger_shapes.AllocatedAccount(
                    account_id(part.account),
                    text(part.quantity, instrument.quantity_decimals),
                    text(part.value, instrument.quote.decimals),
                    text(part.fee, instrument.quote.decimals),
                )
                for part in made.parts
            ],
            [record_id(record) for record in made.records],
        )


def average_text(made: Allocated, instrument: Instrument) -> str:
    """The average price, with more decimals than a price has."""
    total, quantity = made.average
    return quotient_text(total, quantity * 10**instrument.price_decimals, instrument.price_decimals + AVERAGE_DECIMALS)
