"""Follows the WebSocket stream: keeps a book from its snapshot and deltas, and sees a fill arrive.

Run: python examples/stream_client.py [DATA]

Needs a running `isthmus serve --data DATA`; stops after one fill of its own order and twenty deltas of the book.
"""

import asyncio
import json
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import websockets

SYMBOL = "BTC-USD"
DELTAS = 20
keys = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "data", "demo-keys.json").read_text())
KEY, SECRET = keys["client"]["key_id"], keys["client"]["secret"]


def take() -> None:
    """A small market order over REST, so that there is something to see."""
    order = {"instrument": SYMBOL, "side": "sell", "type": "market", "quantity": "0.0010"}
    headers = {"Isthmus-Key": KEY, "Isthmus-Secret": SECRET, "Content-Type": "application/json"}
    with urlopen(Request(f"{keys['url']}/v1/orders", json.dumps(order).encode(), headers)) as answer:
        print(f"sold      {json.load(answer)['id']}")


def lay_over(book: dict, side: str, changes: list) -> None:
    """A quantity of "0" removes the level."""
    for price, quantity, _ in changes:
        book[side][price] = quantity
        if float(quantity) == 0:
            del book[side][price]


async def main() -> None:
    book, seen, deltas, filled = {"bids": {}, "asks": {}}, {}, 0, False
    async with websockets.connect(f"{keys['url'].replace('http', 'ws', 1)}/v1/stream") as stream:
        await stream.send(json.dumps({"op": "auth", "key": KEY, "secret": SECRET}))
        book_of = {"op": "subscribe", "id": 1, "channel": "book", "instrument": SYMBOL, "depth": 20}
        for wish in (book_of, {"op": "subscribe", "id": 2, "channel": "fills"}):
            await stream.send(json.dumps(wish))
        while deltas < DELTAS or not filled:
            frame = json.loads(await asyncio.wait_for(stream.recv(), 30))
            kind, channel, data = frame["type"], frame.get("channel"), frame["data"]
            if kind == "error":
                sys.exit(f"{data['reason']}: {data['detail']}")
            if kind == "delta":  # the numbers of a channel have no gaps: one that is missed would show here
                assert frame["seq"] == seen[channel] + 1
            if kind in ("snapshot", "delta"):
                seen[channel] = frame["seq"]
            if channel == "book" and kind in ("snapshot", "delta"):
                for side in ("bids", "asks"):
                    lay_over(book, side, data[side])
                deltas += kind == "delta"
            if channel == "fills" and kind == "snapshot":
                take()
            if channel == "fills" and kind == "delta":
                print(f"fill      {data['side']} {data['quantity']} at {data['price']}, fee {data['fee']}")
                filled = True
    bid, ask = max(book["bids"], key=float), min(book["asks"], key=float)
    print(f"book      {bid} / {ask} after {deltas} deltas, {len(book['bids'])} and {len(book['asks'])} levels")
    assert float(bid) < float(ask)


asyncio.run(main())
