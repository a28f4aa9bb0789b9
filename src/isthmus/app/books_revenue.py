"""`isthmus books revenue`: what the firm earned in a period, by source and by client."""

from __future__ import annotations

import argparse
import asyncio

from isthmus.app.books import asked, point_of
from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.ledger.earnings import Earnings, earnings
from isthmus.ledger.points import read_chart
from isthmus.ledger.store import Rows


async def earned(rows: Rows, after: str | None, upto: str | None) -> Earnings:
    """Between two points as people write them. Raises BadInput, NotRecorded."""
    span = (await point_of(rows, after or "0", "from"), await point_of(rows, upto, "to"))
    return await earnings(rows, await read_chart(rows), span)


def run(arguments: argparse.Namespace) -> int:
    """A row an asset and client, or everything as JSON."""

    async def told() -> Earnings:
        async with asked(arguments) as rows:
            return await earned(rows, arguments.after, arguments.upto)

    answer = asyncio.run(told())
    if arguments.json:
        print_json(answer)
        return EXIT_OK
    say(f"behind record {answer.after} to record {answer.upto}")
    for asset in answer.assets:
        say(f"{asset.asset:<10}{asset.total:>28}  earned; moved {asset.moved}, the firm's balances {asset.change}")
        for source, amount in asset.sources.items():
            say(f"{'':<10}{amount:>28}  by {source}")
        for client in asset.clients:
            say(f"{'':<10}{client.total:>28}  from {client.account}")
    return EXIT_OK
