"""An engine in memory: two clients trade one coin, and every balance can be argued with.

Run: python examples/first_trade.py
"""

from isthmus.engine.engine import Engine
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GTC,
    LIMIT,
    SELL,
    TEMPLATES,
    AddAsset,
    AddInstrument,
    Deposit,
    OpenAccount,
    PlaceOrder,
    Posted,
)

engine = Engine()

# Numbers are given in order: assets and instruments from 1, accounts from 16. A field that is left out is 0.
USD = engine.submit(AddAsset(code="USD", decimals=2)).effects[0].asset
BTC = engine.submit(AddAsset(code="BTC", decimals=8)).effects[0].asset
listing = AddInstrument(
    symbol="BTC-USD", kind=3, base=BTC, quote=USD, price_decimals=2, quantity_decimals=4,
    tick=1, lot=1, multiplier=1, maker_fee_ppm=200, taker_fee_ppm=500,
)  # fmt: skip
BTC_USD = engine.submit(listing).effects[0].instrument
alice = engine.submit(OpenAccount(kind=ACCOUNT_CLIENT)).effects[0].account
bob = engine.submit(OpenAccount(kind=ACCOUNT_CLIENT)).effects[0].account
engine.submit(Deposit(account=alice, asset=BTC, amount=2 * 10**8))
engine.submit(Deposit(account=bob, asset=USD, amount=100_000 * 100))

# Alice offers half a coin at 60,000.00; Bob takes a quarter of a coin. Prices are in cents, quantities in 0.0001 coins.
order = PlaceOrder(account=alice, instrument=BTC_USD, side=SELL, kind=LIMIT, tif=GTC, price=60_000_00, quantity=5_000)
offer = engine.submit(order)
print(f"offer    {offer.effects}")
order = PlaceOrder(account=bob, instrument=BTC_USD, side=BUY, kind=LIMIT, tif=GTC, price=60_000_00, quantity=2_500)
taken = engine.submit(order)
print(f"taken    {taken.effects[-1]}")

# What the trade did to the money: one line a posting. Then the balances: (total, held) in minor units.
for posting in engine.postings(taken):
    assert isinstance(posting, Posted)
    print(f"posting  {posting.source} -> {posting.target}: {posting.amount} of {posting.asset}"
          f" ({TEMPLATES[posting.template]})")  # fmt: skip
for name, account in (("alice", alice), ("bob", bob)):
    print(f"{name:<8} USD {engine.balance(account, USD)}  BTC {engine.balance(account, BTC)}")

# A refusal is an answer, not an exception, and a record as well.
order = PlaceOrder(account=bob, instrument=BTC_USD, side=BUY, kind=LIMIT, tif=GTC, price=60_000_00, quantity=50_000)
refused = engine.submit(order)
print(f"refused  {refused.reason}")
print(f"totals   {engine.totals()}  (over all accounts, of every asset)")
print(f"head     {engine.head.hex()}")

assert engine.balance(alice, BTC) == (175_000_000, 25_000_000)
assert engine.balance(bob, USD) == (10_000_000 - 1_500_000 - 750, 0)
assert refused.reason == "insufficient_funds"
assert all(total == 0 for _, total in engine.totals())
