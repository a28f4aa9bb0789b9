"""A back-test: a market maker against random takers, in batches of fixed-width rows.

Run: python examples/market_maker.py [STEPS]

The maker quotes both sides around a fair price that wanders, and leans against what he holds. Every fill, fee and
balance comes from the engine that the server runs; the seed and the times are given, so that each run is the same.
"""

import sys
from random import Random

import numpy as np

from isthmus.engine.engine import INSTRUCTION, Engine
from isthmus.kernel import messages as m

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
STEP_NS = 1_000_000
HALF_SPREAD, LEAN, SIZE = 4, 0.05, 10
USD, ACME, STOCK = 1, 2, 1
MAKER, TAKERS = 16, 17


def opened() -> Engine:
    """One share with a tick of 0.01 USD, two accounts with plenty of both."""
    engine = Engine()
    setup = [m.AddAsset(code="USD", decimals=4), m.AddAsset(code="ACME")]
    terms = {"price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1, "maker_fee_ppm": -50, "taker_fee_ppm": 100}
    setup += [m.AddInstrument(symbol="ACME", kind=1, base=ACME, quote=USD, **terms)]
    setup += [m.OpenAccount(kind=1), m.OpenAccount(kind=1)]
    setup += [m.Deposit(account=who, asset=asset, amount=10**13) for who in (MAKER, TAKERS) for asset in (USD, ACME)]
    for command in setup:
        record = engine.submit(command, 0)
        assert record.reason is None, record.reason
    return engine


def row_of(command: int, **fields: int) -> np.ndarray:
    """One INSTRUCTION row; what is not given is 0."""
    row = np.zeros(1, INSTRUCTION)
    for name, value in fields.items() | {"command": command}.items():
        row[name] = value
    return row


def main() -> None:
    engine, chance, fair, quotes, fills, traded = opened(), Random(1), 57_000.0, (0, 0), 0, 0
    held_before, cash_before = engine.balance(MAKER, ACME)[0], engine.balance(MAKER, USD)[0]
    quote = {
        "account": MAKER,
        "instrument": STOCK,
        "kind": m.LIMIT,
        "tif": m.GTC,
        "flags": m.POST_ONLY,
        "quantity": SIZE,
    }
    take = {"account": TAKERS, "instrument": STOCK, "kind": m.LIMIT, "tif": m.IOC}
    for step in range(STEPS):
        fair += chance.gauss(0, 1.5)
        middle = fair - LEAN * (engine.balance(MAKER, ACME)[0] - held_before)
        bid, ask = int(middle) - HALF_SPREAD, int(middle) + HALF_SPREAD
        side = chance.choice((m.BUY, m.SELL))
        limit, quantity = int(fair) + (8 if side == m.BUY else -8), chance.randint(1, SIZE)
        rows = [row_of(m.CancelOrder.KIND, account=MAKER, order=order) for order in quotes]
        rows += [row_of(m.PlaceOrder.KIND, side=m.BUY, price=bid, **quote)]
        rows += [row_of(m.PlaceOrder.KIND, side=m.SELL, price=ask, **quote)]
        rows += [row_of(m.PlaceOrder.KIND, side=side, price=limit, quantity=quantity, **take)]
        batch = engine.submit_batch(np.concatenate(rows), (step + 1) * STEP_NS)
        quotes = (batch.first + 2, batch.first + 3)  # an order's number is the sequence of its record
        fills, traded = fills + len(batch.fills), traded + int(batch.fills["quantity"].sum())
    held = engine.balance(MAKER, ACME)[0] - held_before
    cash = (engine.balance(MAKER, USD)[0] - cash_before) / 10**4
    print(f"{engine.sequence:,} records, {fills:,} fills, {traded:,} shares")
    print(f"the maker holds {held:+,} shares and {cash:+,.2f} USD: worth {cash + held * fair / 100:+,.2f} USD")
    print(f"state {engine.state_hash()}")
    assert all(total == 0 for _, total in engine.totals())


main()
