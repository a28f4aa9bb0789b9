"""The books for the gateways: asked on a thread of their own, so that no question holds up the server's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.app.books import is_zero, point_of, store_of
from isthmus.app.books_revenue import earned
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.books import (
    BookedBalance,
    BookedBalances,
    BookedLine,
    BookedStatement,
    BookedTotal,
    Earnings,
)
from isthmus.gateways.rest.books import TrialBalance as TrialBalanceShape
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.ids import account_id
from isthmus.ledger.balances import balance_rows, trial_balance
from isthmus.ledger.points import balances_at, read_chart
from isthmus.ledger.statement import statement
from isthmus.ledger.store import BooksAway, NoBooks, NotRecorded, Rows

Answer = TypeVar("Answer")


class BooksReads:
    """`url` is empty for the file in the data folder."""

    def __init__(self, data: Path, url: str) -> None:
        self._data = data
        self._url = url
        self._thread = ThreadPoolExecutor(1, "books")

    async def balances(self, at: str | None, path: str, account: int | None) -> BookedBalances:
        """See BooksReader."""

        async def asked(rows: Rows) -> BookedBalances:
            point = await point_of(rows, at)
            found = balance_rows(await read_chart(rows), await balances_at(rows, point, account), path)
            shown = [
                BookedBalance(
                    account_id(row.account), row.path, row.class_name, row.side, row.asset, row.balance, row.as_expected
                )
                for row in found
            ]
            return BookedBalances(point.sequence, shown)

        return await self._ask(asked)

    async def trial_balance(self, at: str | None) -> TrialBalanceShape:
        """See BooksReader."""

        async def asked(rows: Rows) -> TrialBalanceShape:
            point = await point_of(rows, at)
            found = trial_balance(await read_chart(rows), await balances_at(rows, point))
            shown = msgspec.convert(found, list[BookedTotal], from_attributes=True)
            return TrialBalanceShape(all(is_zero(row) for row in found), point.sequence, shown)

        return await self._ask(asked)

    async def statement(self, account: str, span: tuple[str | None, str | None], most: int) -> BookedStatement:
        """See BooksReader."""

        async def asked(rows: Rows) -> BookedStatement:
            chart = await read_chart(rows)
            points = (await point_of(rows, span[0] or "0", "from"), await point_of(rows, span[1], "to"))
            found = await statement(rows, chart, chart.account(account), points, most)
            lines = msgspec.convert(found.lines, list[BookedLine], from_attributes=True)
            return BookedStatement(
                account_id(found.account), found.path, found.after, found.upto, found.opening, lines, found.closing,
                found.complete,
            )  # fmt: skip

        return await self._ask(asked)

    async def earnings(self, span: tuple[str | None, str | None]) -> Earnings:
        """See BooksReader."""

        async def asked(rows: Rows) -> Earnings:
            return msgspec.convert(await earned(rows, *span), Earnings, from_attributes=True)

        return await self._ask(asked)

    async def _ask(self, question: Callable[[Rows], Awaitable[Answer]]) -> Answer:
        async def answered() -> Answer:
            async with store_of(self._data, self._url).reading() as rows:
                return await question(rows)

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, lambda: asyncio.run(answered()))
        except (BooksAway, Damaged, OSError) as error:
            raise Refusal(503, "no_books", f"the books cannot be read: {error}") from error
        except NoBooks as error:
            raise Refusal(404, "no_books", error.reason) from error
        except NotRecorded as error:
            raise Refusal(404, "not_recorded", error.reason, field=error.field) from error
        except BadInput as error:
            raise Refusal(422, "malformed_request", error.reason, field=error.field) from error
